//! Addresses of pods: a /24 of 10.0.0.0/8 per node.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

/// The first and the last host number that pods get: .1 is the node's own.
const HOSTS: std::ops::RangeInclusive<u8> = 2..=254;

/// The addresses of one node.
#[derive(Clone, Debug)]
pub(super) struct Addresses {
    network: [u8; 3],
    taken: BTreeSet<u8>,
}

impl Addresses {
    /// The range of node `index`; ranges of more than 65,536 nodes begin again, as pods of different nodes never
    /// meet on a simulated wire.
    pub(super) fn of_node(index: usize) -> Self {
        let [.., high, low] = (index % 65_536).to_be_bytes();
        Self { network: [10, high, low], taken: BTreeSet::new() }
    }

    /// The range in CIDR notation.
    pub(super) fn cidr(&self) -> String {
        let [a, b, c] = self.network;
        format!("{a}.{b}.{c}.0/24")
    }

    /// The node's own address.
    pub(super) fn node(&self) -> IpAddr {
        self.address(1)
    }

    fn address(&self, host: u8) -> IpAddr {
        let [a, b, c] = self.network;
        IpAddr::V4(Ipv4Addr::new(a, b, c, host))
    }

    /// The lowest free address; `None` when all are taken.
    pub(super) fn take(&mut self) -> Option<IpAddr> {
        let host = HOSTS.into_iter().find(|host| !self.taken.contains(host))?;
        self.taken.insert(host);
        Some(self.address(host))
    }

    /// Marks an address as taken: a pod that already has it.
    pub(super) fn claim(&mut self, address: IpAddr) {
        if let Some(host) = self.host(address) {
            self.taken.insert(host);
        }
    }

    /// Gives an address back.
    pub(super) fn release(&mut self, address: IpAddr) {
        if let Some(host) = self.host(address) {
            self.taken.remove(&host);
        }
    }

    fn host(&self, address: IpAddr) -> Option<u8> {
        let IpAddr::V4(address) = address else { return None };
        let [a, b, c, host] = address.octets();
        ([a, b, c] == self.network).then_some(host)
    }
}
