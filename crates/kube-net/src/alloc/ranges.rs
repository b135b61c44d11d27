//! The ranges that Services get addresses and ports from, and their bands.

use ipnet::IpNet;
use std::fmt;
use std::net::IpAddr;

/// The ranges that Services get addresses and ports from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceRanges {
    addresses: Vec<AddressRange>,
    node_ports: PortRange,
}

/// A range that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RangeError {
    /// One range per family, at least one.
    #[error("one or two address ranges of different families are needed, got {0}")]
    Families(usize),
    /// The range has no address to give, or an IPv6 range is larger than Kubernetes allows.
    #[error(
        "{0} is no range for cluster IPs: IPv6 needs a prefix of at least 64 bits, and 2 bits must be left"
    )]
    Size(IpNet),
    /// No port lies between the two.
    #[error("{low}-{high} is no range of ports")]
    Ports {
        /// The lowest port.
        low: u16,
        /// The highest port.
        high: u16,
    },
}

impl ServiceRanges {
    /// Cluster IPs from one or two ranges, the first of which decides the default family; node ports from 30000 to 32767.
    ///
    /// # Errors
    /// Ranges of the same family, or too small or large.
    pub fn new(ranges: impl IntoIterator<Item = IpNet>) -> Result<Self, RangeError> {
        let addresses = ranges.into_iter().map(AddressRange::new).collect::<Result<Vec<_>, _>>()?;
        match addresses.as_slice() {
            [_] => {}
            [a, b] if a.family() != b.family() => {}
            other => return Err(RangeError::Families(other.len())),
        }
        Ok(Self { addresses, node_ports: PortRange::DEFAULT })
    }

    /// The same with other node ports.
    #[must_use]
    pub fn with_node_ports(mut self, ports: PortRange) -> Self {
        self.node_ports = ports;
        self
    }

    /// The range of node ports.
    pub fn node_ports(&self) -> PortRange {
        self.node_ports
    }

    /// The ranges of cluster IPs, the default family first.
    pub fn addresses(&self) -> &[AddressRange] {
        &self.addresses
    }

    /// The families of the ranges, the default one first.
    pub fn families(&self) -> impl Iterator<Item = &'static str> {
        self.addresses.iter().map(AddressRange::family)
    }

    pub(super) fn of_family(&self, family: &str) -> Option<&AddressRange> {
        self.addresses.iter().find(|range| range.family() == family)
    }
}

impl Default for ServiceRanges {
    /// Cluster IPs from 10.96.0.0/16, node ports from 30000 to 32767.
    fn default() -> Self {
        let network = IpNet::new_assert(IpAddr::from([10, 96, 0, 0]), 16);
        Self { addresses: vec![AddressRange { network }], node_ports: PortRange::DEFAULT }
    }
}

/// A range of cluster IPs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressRange {
    network: IpNet,
}

impl AddressRange {
    fn new(network: IpNet) -> Result<Self, RangeError> {
        let too_large = matches!(network, IpNet::V6(_)) && network.prefix_len() < 64;
        if too_large || network.max_prefix_len() - network.prefix_len() < 2 {
            return Err(RangeError::Size(network));
        }
        Ok(Self { network: network.trunc() })
    }

    /// `IPv4` or `IPv6`.
    pub fn family(&self) -> &'static str {
        family_of(self.network.addr())
    }

    /// The network.
    pub fn network(&self) -> IpNet {
        self.network
    }

    /// Whether `ip` may be given out: in the network, and neither its first address nor, for IPv4, its last.
    pub fn contains(&self, ip: IpAddr) -> bool {
        self.network.contains(&ip) && (self.first()..=self.last()).contains(&number(ip))
    }

    /// How many addresses stand in the lower band: `min(max(16, size / 16), 256)`, and none up to a size of 16.
    ///
    /// Source: KEP-3070.
    pub fn static_addresses(&self) -> u128 {
        let size = 1_u128 << (self.network.max_prefix_len() - self.network.prefix_len());
        if size <= 16 { 0 } else { (size / 16).clamp(16, 256) }
    }

    /// Every address in the order in which dynamic allocation tries them: from a place of the upper band on, around, then
    /// the lower band the same way. `random` gives numbers below its argument.
    pub(super) fn candidates(
        &self,
        random: &mut dyn FnMut(u128) -> u128,
    ) -> impl Iterator<Item = IpAddr> + use<> {
        let (first, last, v6) = (self.first(), self.last(), self.network.addr().is_ipv6());
        let upper = first + self.static_addresses();
        let above = around(upper, last, random(last + 1 - upper));
        let below = around(first, upper - 1, random(upper - first));
        above.chain(below).map(move |number| address(number, v6))
    }

    fn first(&self) -> u128 {
        number(self.network.network()) + 1
    }

    fn last(&self) -> u128 {
        number(self.network.broadcast()) - u128::from(self.network.addr().is_ipv4())
    }
}

/// A range of ports, both ends in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortRange {
    low: u16,
    high: u16,
}

impl PortRange {
    const DEFAULT: Self = Self { low: 30_000, high: 32_767 };

    /// The ports from `low` to `high`.
    ///
    /// # Errors
    /// There is none, or port 0 is among them.
    pub fn new(low: u16, high: u16) -> Result<Self, RangeError> {
        if low == 0 || low > high { Err(RangeError::Ports { low, high }) } else { Ok(Self { low, high }) }
    }

    /// Whether `port` is in the range.
    pub fn contains(&self, port: i32) -> bool {
        (i32::from(self.low)..=i32::from(self.high)).contains(&port)
    }

    /// How many ports stand in the lower band: `min(max(16, size / 32), 128)`, and none up to a size of 16.
    ///
    /// Source: KEP-3668.
    pub fn static_ports(&self) -> u16 {
        let size = self.high - self.low + 1;
        if size <= 16 { 0 } else { (size / 32).clamp(16, 128) }
    }

    /// As [`AddressRange::candidates`].
    pub(super) fn candidates(
        self,
        random: &mut dyn FnMut(u128) -> u128,
    ) -> impl Iterator<Item = u16> + use<> {
        let (low, high) = (u128::from(self.low), u128::from(self.high));
        let upper = low + u128::from(self.static_ports());
        let above = around(upper, high, random(high + 1 - upper));
        let below = around(low, upper - 1, random(upper - low));
        above.chain(below).filter_map(|port| u16::try_from(port).ok())
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.low, self.high)
    }
}

/// `IPv4` or `IPv6`.
pub(super) fn family_of(ip: IpAddr) -> &'static str {
    if ip.is_ipv6() { "IPv6" } else { "IPv4" }
}

/// `low..=high` once around, from `low + start` on; nothing where `high` is below `low`.
fn around(low: u128, high: u128, start: u128) -> impl Iterator<Item = u128> {
    let start = low.saturating_add(start);
    (start..=high).chain(low..start.min(high.saturating_add(1)))
}

fn number(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u32::from(ip).into(),
        IpAddr::V6(ip) => ip.into(),
    }
}

fn address(number: u128, v6: bool) -> IpAddr {
    match u32::try_from(number) {
        Ok(number) if !v6 => IpAddr::V4(number.into()),
        _ => IpAddr::V6(number.into()),
    }
}
