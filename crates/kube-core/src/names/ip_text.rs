//! Reads addresses as leniently as fields older than strict validation do, noting what a strict reader refuses.
//!
//! Source: `ParseIPSloppy`, `ParseCIDRSloppy` of `k8s.io/utils/net`, `net.IP` and `net/netip` of Go.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// An address as it was written. `Display` gives the canonical form; an IPv4-mapped one is shown as IPv4.
#[derive(Clone, Copy, Debug)]
pub(super) struct Address {
    /// IPv4 as IPv4-mapped, as Go keeps it.
    bits: u128,
    /// Whether it was written with dots only.
    is_v4: bool,
    /// Whether a number was written with needless zeros, which strict readers refuse: any in IPv4, more than
    /// four digits in IPv6.
    pub(super) has_leading_zeros: bool,
}

impl Address {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text.bytes().find(|b| matches!(b, b'.' | b':'))? {
            b'.' => Self::parse_v4(text),
            _ => Self::parse_v6(text.as_bytes()),
        }
    }

    /// Whether it is an IPv4 address written as IPv6 (`::ffff:1.2.3.4`).
    pub(super) fn is_mapped(self) -> bool {
        !self.is_v4 && is_v4_in_v6(self.bits)
    }

    fn parse_v4(text: &str) -> Option<Self> {
        let (v4, has_leading_zeros) = parse_v4(text.as_bytes())?;
        Some(Self { bits: v4_in_v6(v4), is_v4: true, has_leading_zeros })
    }

    fn parse_v6(text: &[u8]) -> Option<Self> {
        let mut groups = Groups::default();
        let mut rest = text;
        if let Some(after) = rest.strip_prefix(b"::") {
            groups.gap = Some(0);
            rest = after;
        }
        while !rest.is_empty() && groups.len < GROUPS {
            let digits = rest.iter().take_while(|b| b.is_ascii_hexdigit()).count();
            let (group, after) = rest.split_at_checked(digits)?;
            if after.first() == Some(&b'.') {
                let (v4, zeros) = parse_v4(rest)?;
                groups.has_leading_zeros |= zeros;
                groups.push_v4(v4)?;
                rest = &[];
                break;
            }
            groups.push_hex(group)?;
            rest = match after {
                [] => after,
                [b':', b':', after @ ..] if groups.gap.is_none() => {
                    groups.gap = Some(groups.len);
                    after
                }
                [b':', b':', ..] | [b':'] => return None,
                [b':', after @ ..] => after,
                _ => return None,
            };
        }
        if !rest.is_empty() {
            return None;
        }
        Some(Self { bits: groups.expand()?, is_v4: false, has_leading_zeros: groups.has_leading_zeros })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(self.bits, f)
    }
}

/// An address and the length of a prefix.
#[derive(Clone, Copy, Debug)]
pub(super) struct Network {
    pub(super) address: Address,
    /// At most [`Network::width`].
    prefix: u32,
    /// Whether the address has needless zeros (see [`Address::has_leading_zeros`]) or the prefix length has.
    pub(super) has_leading_zeros: bool,
}

impl Network {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, digits) = text.split_once('/')?;
        let address = Address::parse(address)?;
        let prefix = decimal(digits.as_bytes())?;
        let has_leading_zeros = address.has_leading_zeros || (digits.len() > 1 && digits.starts_with('0'));
        let network = Self { address, prefix, has_leading_zeros };
        (prefix <= network.width()).then_some(network)
    }

    /// How many bits an address has as it was written: 32 or 128.
    pub(super) fn width(self) -> u32 {
        if self.address.is_v4 { V4_BITS } else { V6_BITS }
    }

    /// Whether the address has bits beyond the prefix.
    pub(super) fn has_host_bits(self) -> bool {
        self.network_bits() != self.address.bits
    }

    /// The network in canonical form: no bits beyond the prefix.
    pub(super) fn masked(self) -> String {
        let bits = self.network_bits();
        // What still is IPv4-mapped after masking has kept its first 96 bits.
        let mapped = !self.address.is_v4 && is_v4_in_v6(bits);
        let prefix = if mapped { self.prefix.saturating_sub(V6_BITS - V4_BITS) } else { self.prefix };
        format!("{}/{prefix}", Shown(bits))
    }

    /// The address and the prefix length in canonical form. As in Kubernetes, the length of an IPv4-mapped address
    /// falls below zero if its prefix ends inside the first 96 bits: no value is canonical then.
    pub(super) fn interface(self) -> String {
        let shortened = is_v4_in_v6(self.address.bits) && self.prefix > V4_BITS;
        let cut = if shortened { V6_BITS - V4_BITS } else { 0 };
        format!("{}/{}", self.address, i64::from(self.prefix) - i64::from(cut))
    }

    /// Whether `inner` lies within this network and is smaller.
    pub(super) fn surrounds(self, inner: Self) -> bool {
        self.prefix < inner.prefix && inner.network_bits() & self.mask() == self.network_bits()
    }

    fn network_bits(self) -> u128 {
        self.address.bits & self.mask()
    }

    fn mask(self) -> u128 {
        let kept = self.prefix + V6_BITS - self.width();
        !u128::MAX.checked_shr(kept).unwrap_or(0)
    }
}

/// The groups of an IPv6 address read so far.
#[derive(Default)]
struct Groups {
    values: [u16; GROUPS],
    len: usize,
    /// Where `::` stands.
    gap: Option<usize>,
    has_leading_zeros: bool,
}

impl Groups {
    fn push_hex(&mut self, digits: &[u8]) -> Option<()> {
        let mut value = 0_u32;
        for digit in digits {
            value = value * 16 + char::from(*digit).to_digit(16)?;
            if value > u32::from(u16::MAX) {
                return None;
            }
        }
        self.has_leading_zeros |= digits.len() > 4;
        if digits.is_empty() { None } else { self.push(u16::try_from(value).ok()?) }
    }

    /// The last two groups may be written as IPv4.
    fn push_v4(&mut self, v4: u32) -> Option<()> {
        if self.gap.is_none() && self.len != GROUPS - 2 {
            return None;
        }
        let [a, b, c, d] = v4.to_be_bytes();
        self.push(u16::from_be_bytes([a, b]))?;
        self.push(u16::from_be_bytes([c, d]))
    }

    fn push(&mut self, group: u16) -> Option<()> {
        *self.values.get_mut(self.len)? = group;
        self.len += 1;
        Some(())
    }

    /// Fills the gap, which must stand for one group at least.
    fn expand(&mut self) -> Option<u128> {
        match (self.gap, GROUPS - self.len) {
            (None, 0) => {}
            (Some(gap), missing @ 1..) => self.values.get_mut(gap..)?.rotate_right(missing),
            _ => return None,
        }
        Some(Ipv6Addr::from(self.values).to_bits())
    }
}

/// Bits of an address, shown as Go's `net.IP` shows them.
struct Shown(u128);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(self.0, f)
    }
}

fn show(bits: u128, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let v6 = Ipv6Addr::from_bits(bits);
    match v6.to_ipv4_mapped() {
        Some(v4) => fmt::Display::fmt(&v4, f),
        None => fmt::Display::fmt(&v6, f),
    }
}

fn v4_in_v6(v4: u32) -> u128 {
    Ipv4Addr::from_bits(v4).to_ipv6_mapped().to_bits()
}

fn is_v4_in_v6(bits: u128) -> bool {
    Ipv6Addr::from_bits(bits).to_ipv4_mapped().is_some()
}

/// Four numbers of up to 255, and whether one of them has a needless zero.
fn parse_v4(text: &[u8]) -> Option<(u32, bool)> {
    let mut parts = text.split(|&b| b == b'.');
    let mut bits = 0;
    let mut zeros = false;
    for _ in 0..4 {
        let part = parts.next()?;
        let octet = u8::try_from(decimal(part)?).ok()?;
        zeros |= part.len() > 1 && part.starts_with(b"0");
        bits = bits << 8 | u32::from(octet);
    }
    parts.next().is_none().then_some((bits, zeros))
}

/// A decimal number without a sign. Zeros may lead; the largest are `None`, as no caller takes them.
fn decimal(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u32, |value, digit| {
        let digit = char::from(*digit).to_digit(10)?;
        value.checked_mul(10)?.checked_add(digit)
    })
}

const GROUPS: usize = 8;
const V4_BITS: u32 = 32;
const V6_BITS: u32 = 128;
