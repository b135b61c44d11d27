//! From a name to an endpoint: the resolver and its policies, slices, DNS, addresses of Services.

mod addresses;
pub mod baseline;
mod pods;
mod questions;
mod spread;
mod world;

pub use addresses::Addresses;
pub use pods::{Replicas, nodes, replica};
pub use questions::{ask, questions, serve};
pub use spread::{Propagated, propagate};
pub use world::{endpoints, name, resolver, service, slice, table};
