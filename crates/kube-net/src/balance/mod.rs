//! Which endpoint to use next.
//!
//! A [`Balancer`] is a policy; a [`Picker`] is that policy at work for one port of one Service. When the endpoints
//! change the balancer builds a new picker from the old one, so that what it has learnt survives.

pub mod round_robin;

use crate::resolve::Endpoint;
use std::fmt;
use std::sync::Arc;

/// A policy that chooses among endpoints.
pub trait Balancer: Send + Sync + fmt::Debug + 'static {
    /// Its name, in kebab case.
    fn name(&self) -> &'static str;

    /// A picker over `endpoints`, in their order, which takes over from the one `before`.
    fn build(&self, endpoints: &[Arc<Endpoint>], before: Option<Before<'_>>) -> Arc<dyn Picker>;
}

/// What a new picker takes over from.
#[derive(Clone, Copy, Debug)]
pub struct Before<'a> {
    /// The endpoints that were there, in their order.
    pub endpoints: &'a [Arc<Endpoint>],
    /// The picker that chose among them.
    pub picker: &'a dyn Picker,
}

/// A policy at work: chooses among the endpoints that it was built over, by their place.
pub trait Picker: Send + Sync + fmt::Debug + 'static {
    /// The next endpoint; `None` where there are none.
    fn pick(&self) -> Option<usize>;

    /// What [`Picker::pick`] would answer, without moving on.
    fn peek(&self) -> Option<usize>;
}

/// Every policy of this crate.
pub fn all() -> Vec<Arc<dyn Balancer>> {
    vec![Arc::new(round_robin::RoundRobin)]
}

/// The policy of that name.
pub fn find(name: &str) -> Option<Arc<dyn Balancer>> {
    all().into_iter().find(|balancer| balancer.name() == name)
}
