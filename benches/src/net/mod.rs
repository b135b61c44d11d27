//! From a name to an endpoint: the resolver and its policies, slices, DNS, addresses of Services.

mod addresses;
pub mod baseline;
mod follower;
mod large;
mod pods;
mod questions;
mod spread;
mod world;

pub use addresses::Addresses;
pub use large::Large;
pub use pods::{Replicas, nodes, replica};
pub use questions::{ask, questions, serve, serve_hosts};
pub use spread::{Load, Propagated, Way, propagate};
pub use world::{endpoints, name, resolver, service, slice, table};
