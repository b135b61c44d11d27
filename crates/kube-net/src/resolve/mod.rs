//! Services by name, cluster IP or node port, and their endpoints.
//!
//! An [`EndpointTable`] joins Services and their slices, incrementally and without I/O. A [`ServiceResolver`] serves
//! one snapshot of it that is replaced as a whole: a reader sees a Service with all its endpoints as of one moment, and
//! never waits. A [`ResolverDriver`] keeps a resolver current from informers.
//!
//! # Invariants
//! - Only endpoints that are ready are used; where there are none, those that still serve while they terminate (KEP-1669).
//! - A client that says where it is gets the endpoints that hints and traffic policies mean for it, as kube-proxy does; one
//!   that does not may use all.
//! - A [`Picked`] endpoint counts as used until it is dropped, also when it has left the Service meanwhile. Once a state
//!   without an endpoint is shown no pick of that endpoint follows: [`ServiceHandle::released`] misses nobody.
//! - Names are found whatever their case, with or without the cluster's domain and a last dot.

mod changes;
mod directory;
mod driver;
mod endpoint;
mod handle;
mod health;
mod local;
mod name;
mod picked;
mod pool;
mod resolver;
mod service;
mod set;
mod shards;
mod snapshot;
mod source;
mod table;
mod why;

#[cfg(test)]
mod tests;

pub use changes::EndpointChange;
pub use driver::ResolverDriver;
pub use endpoint::{Endpoint, TargetRef};
pub use handle::{Resolution, ServiceHandle};
pub use health::HealthCheck;
pub use local::LocalHandle;
pub use picked::Picked;
pub use resolver::ServiceResolver;
pub use service::ServicePort;
pub(crate) use service::{Form, Joined};
pub(crate) use snapshot::Snapshot;
pub use table::EndpointTable;
pub use why::{EndpointWhy, Found, Missing, Reach, Scope, SliceSkipped, SliceWhy, Verdict, Why};
