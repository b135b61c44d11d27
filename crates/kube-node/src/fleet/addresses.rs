//! Addresses of pods: a /24 of 10.0.0.0/8 per node, a bit per address.

use std::net::{IpAddr, Ipv4Addr};

/// The first and the last host number that pods get: .1 is the node's own.
const HOSTS: std::ops::RangeInclusive<u8> = 2..=254;

/// The address range of node `index`; ranges of more than 65,536 nodes begin again, as pods of different nodes never
/// meet on a simulated wire.
fn network(index: usize) -> [u8; 3] {
    let [.., high, low] = (index % 65_536).to_be_bytes();
    [10, high, low]
}

fn address(index: usize, host: u8) -> IpAddr {
    let [a, b, c] = network(index);
    IpAddr::V4(Ipv4Addr::new(a, b, c, host))
}

/// The range of node `index` in CIDR notation.
pub(super) fn cidr(index: usize) -> String {
    let [a, b, c] = network(index);
    format!("{a}.{b}.{c}.0/24")
}

/// The own address of node `index`.
pub(super) fn own(index: usize) -> IpAddr {
    address(index, 1)
}

/// Which addresses of one node are taken.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Taken([u64; 4]);

impl Taken {
    /// The lowest free address of node `index`; `None` when all are taken.
    pub(super) fn take(&mut self, index: usize) -> Option<IpAddr> {
        let host = HOSTS.into_iter().find(|host| !self.has(*host))?;
        self.set(host, true);
        Some(address(index, host))
    }

    /// Marks an address as taken: a pod that already has it.
    pub(super) fn claim(&mut self, index: usize, address: IpAddr) {
        if let Some(host) = host(index, address) {
            self.set(host, true);
        }
    }

    /// Gives an address back.
    pub(super) fn release(&mut self, index: usize, address: IpAddr) {
        if let Some(host) = host(index, address) {
            self.set(host, false);
        }
    }

    fn has(self, host: u8) -> bool {
        self.0[usize::from(host / 64)] & (1 << (host % 64)) != 0
    }

    fn set(&mut self, host: u8, taken: bool) {
        let (word, bit) = (usize::from(host / 64), 1_u64 << (host % 64));
        if taken {
            self.0[word] |= bit;
        } else {
            self.0[word] &= !bit;
        }
    }
}

fn host(index: usize, address: IpAddr) -> Option<u8> {
    let IpAddr::V4(address) = address else { return None };
    let [a, b, c, host] = address.octets();
    ([a, b, c] == network(index)).then_some(host)
}
