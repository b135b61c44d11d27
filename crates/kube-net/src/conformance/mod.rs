//! The contracts of this crate as functions, to run against an implementation of one's own. Not held stable: a new
//! version may ask more.
//!
//! ```
//! use kube_net::balance::round_robin::RoundRobin;
//! use std::sync::Arc;
//!
//! kube_net::conformance::balancer(|_env| Arc::new(RoundRobin));
//! ```

mod balancer;

pub use balancer::balancer;
