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

    /// The numbers of all addresses in the order in which dynamic allocation tries them: from a place of the upper band
    /// on, around, then the lower band the same way. `random` gives numbers below its argument.
    pub(super) fn spans(&self, random: &mut dyn FnMut(u128) -> u128) -> Vec<(u128, u128)> {
        let (first, last) = (self.first(), self.last());
        let upper = first + self.static_addresses();
        let above = around(upper, last + 1, random(last + 1 - upper));
        let below = around(first, upper, random(upper - first));
        [above, below].concat()
    }

    /// The address of a number of [`AddressRange::spans`].
    pub(super) fn address(&self, number: u128) -> IpAddr {
        match u32::try_from(number) {
            Ok(number) if self.network.addr().is_ipv4() => IpAddr::V4(number.into()),
            _ => IpAddr::V6(number.into()),
        }
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

    /// As [`AddressRange::spans`].
    pub(super) fn spans(self, random: &mut dyn FnMut(u128) -> u128) -> Vec<(u128, u128)> {
        let (low, end) = (u128::from(self.low), u128::from(self.high) + 1);
        let upper = low + u128::from(self.static_ports());
        let above = around(upper, end, random(end - upper));
        let below = around(low, upper, random(upper - low));
        [above, below].concat()
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

/// The numbers from `low` to `end`, which is left out, once around from `low + start` on: first and last of each piece.
fn around(low: u128, end: u128, start: u128) -> Vec<(u128, u128)> {
    let middle = low.saturating_add(start);
    let pieces = [(middle, end), (low, middle.min(end))];
    pieces.into_iter().filter(|(from, to)| from < to).map(|(from, to)| (from, to - 1)).collect()
}

/// An address as a number. Those of the two families are apart: no IPv6 range for Services begins with 96 zero bits.
pub(super) fn number(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u32::from(ip).into(),
        IpAddr::V6(ip) => ip.into(),
    }
}
