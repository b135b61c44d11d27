//! Records and their types.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use std::sync::Arc;

/// What is asked for, by its number in packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RecordType {
    /// An IPv4 address.
    A,
    /// An IPv6 address.
    Aaaa,
    /// Where a service is: a name and a port.
    Srv,
    /// The name of an address.
    Ptr,
    /// Another name.
    Cname,
    /// A text.
    Txt,
    /// The beginning of a zone.
    Soa,
    /// A server of names.
    Ns,
    /// Whatever there is.
    Any,
    /// Any other type: nothing has it here.
    Other(u16),
}

const NUMBERS: [(RecordType, u16, &str); 9] = [
    (RecordType::A, 1, "A"),
    (RecordType::Ns, 2, "NS"),
    (RecordType::Cname, 5, "CNAME"),
    (RecordType::Soa, 6, "SOA"),
    (RecordType::Ptr, 12, "PTR"),
    (RecordType::Txt, 16, "TXT"),
    (RecordType::Aaaa, 28, "AAAA"),
    (RecordType::Srv, 33, "SRV"),
    (RecordType::Any, 255, "ANY"),
];

impl From<u16> for RecordType {
    fn from(number: u16) -> Self {
        NUMBERS.iter().find(|(_, known, _)| *known == number).map_or(Self::Other(number), |(kind, ..)| *kind)
    }
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, NUMBERS.iter().find(|(kind, ..)| kind == self)) {
            (_, Some((.., name))) => f.write_str(name),
            (Self::Other(number), None) => write!(f, "TYPE{number}"),
            _ => Ok(()),
        }
    }
}

impl FromStr for RecordType {
    type Err = UnknownType;

    fn from_str(text: &str) -> Result<Self, UnknownType> {
        let known = NUMBERS.iter().find(|(.., name)| name.eq_ignore_ascii_case(text)).map(|(kind, ..)| *kind);
        let numbered = || text.strip_prefix("TYPE").and_then(|number| number.parse().ok()).map(u16::into);
        known.or_else(numbered).ok_or_else(|| UnknownType(text.to_owned()))
    }
}

/// A text that is no type of records.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no type of records")]
pub struct UnknownType(String);

/// A record. Its text is a line of a zone file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// Whose it is: lower case, with the last dot.
    pub name: Arc<str>,
    /// How long it may be kept, in seconds.
    pub ttl: u32,
    /// What it says.
    pub data: Data,
}

/// What a record says. Names are lower case, with the last dot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Data {
    /// An IPv4 address.
    A(Ipv4Addr),
    /// An IPv6 address.
    Aaaa(Ipv6Addr),
    /// Where a service is.
    Srv {
        /// Lower ones first.
        priority: u16,
        /// The share among equal priorities.
        weight: u16,
        /// The port.
        port: u16,
        /// Whose addresses.
        target: Arc<str>,
    },
    /// The name of an address.
    Ptr(Arc<str>),
    /// Another name.
    Cname(Arc<str>),
    /// A text.
    Txt(Arc<str>),
    /// A server of names.
    Ns(Arc<str>),
    /// The beginning of a zone.
    Soa {
        /// The first server of names.
        server: Arc<str>,
        /// Whom to write to.
        mailbox: Arc<str>,
        /// Rises with every change.
        serial: u32,
        /// How long what does not exist may be remembered, in seconds.
        minimum: u32,
    },
}

impl Data {
    /// The record of an address.
    pub fn of_address(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(ip) => Self::A(ip),
            IpAddr::V6(ip) => Self::Aaaa(ip),
        }
    }

    /// Its type.
    pub fn kind(&self) -> RecordType {
        match self {
            Self::A(_) => RecordType::A,
            Self::Aaaa(_) => RecordType::Aaaa,
            Self::Srv { .. } => RecordType::Srv,
            Self::Ptr(_) => RecordType::Ptr,
            Self::Cname(_) => RecordType::Cname,
            Self::Txt(_) => RecordType::Txt,
            Self::Ns(_) => RecordType::Ns,
            Self::Soa { .. } => RecordType::Soa,
        }
    }
}

/// Refresh, retry and expiry of the zone, as `CoreDNS` has them: nobody transfers it.
pub(super) const TIMES: (i32, i32, i32) = (7_200, 1_800, 86_400);

impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::A(ip) => write!(f, "{ip}"),
            Self::Aaaa(ip) => write!(f, "{ip}"),
            Self::Srv { priority, weight, port, target } => write!(f, "{priority} {weight} {port} {target}"),
            Self::Ptr(name) | Self::Cname(name) | Self::Ns(name) => f.write_str(name),
            Self::Txt(text) => write!(f, "{text:?}"),
            Self::Soa { server, mailbox, serial, minimum } => {
                let (refresh, retry, expire) = TIMES;
                write!(f, "{server} {mailbox} {serial} {refresh} {retry} {expire} {minimum}")
            }
        }
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} IN {} {}", self.name, self.ttl, self.data.kind(), self.data)
    }
}
