//! Services by name, cluster IP or node port, and their endpoints.
//!
//! An [`EndpointTable`] joins Services and their slices, incrementally and without I/O. A [`ServiceResolver`] serves
//! one snapshot of it that is replaced as a whole: a reader sees a Service with all its endpoints as of one moment, and
//! never waits. A [`ResolverDriver`] keeps a resolver current from informers.
//!
//! # Invariants
//! - Only endpoints that are ready are used; where there are none, those that still serve while they terminate (KEP-1669).
//! - A [`Picked`] endpoint counts as used until it is dropped, also when it has left the Service meanwhile.
//! - Names are found whatever their case, with or without the cluster's domain and a last dot.

mod driver;
mod endpoint;
mod handle;
mod name;
mod resolver;
mod service;
mod shards;
mod snapshot;
mod table;

#[cfg(test)]
mod tests;

pub use driver::ResolverDriver;
pub use endpoint::{Endpoint, TargetRef};
pub use handle::{Picked, Resolution, ServiceHandle};
pub use resolver::ServiceResolver;
pub use service::ServicePort;
pub use table::EndpointTable;
