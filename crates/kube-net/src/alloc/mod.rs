//! Addresses and ports of Services, allocated in the Service's own transaction.
//!
//! [`ServiceAllocation`] contributes to the transaction that writes a Service: cluster IPs as `IPAddress` objects, node
//! ports as keys of their own. A Service is stored together with what it holds, or not at all, so that nothing leaks and
//! nothing is given out twice, however many writers there are. [`repair`] is for stores that others have written.
//!
//! Dynamic allocation begins at a random place of the upper band of a range and falls back to the lower band, so that
//! addresses and ports asked for by hand, which people choose low, rarely collide (KEP-3070, KEP-3668).
//!
//! ```
//! use kube_net::alloc::{PortRange, ServiceRanges};
//!
//! let ranges = ServiceRanges::default();
//! assert_eq!(ranges.node_ports().static_ports(), 86);
//! assert_eq!(ranges.node_ports().to_string(), "30000-32767");
//! let own = ServiceRanges::new(["10.0.0.0/22".parse()?])?.with_node_ports(PortRange::new(31_000, 31_199)?);
//! assert_eq!(own.families().collect::<Vec<_>>(), ["IPv4"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Source: `k8s.io/kubernetes/pkg/registry/core/service` (`storage/alloc.go`, `ipallocator`, `portallocator`).

mod addresses;
mod contributor;
mod families;
mod free;
mod ports;
mod ranges;
mod repair;
mod taken;
mod update;

#[cfg(test)]
mod tests;

pub use contributor::ServiceAllocation;
pub use ranges::{AddressRange, PortRange, RangeError, ServiceRanges};
pub use repair::{Conflict, Repaired, repair};
