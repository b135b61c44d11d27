//! The endpoint with the fewest requests in flight.
//!
//! Looks at every endpoint: for more than some hundred of them [`TwoChoices`](super::two_choices::TwoChoices) is nearly
//! as even and does not.

#[cfg(test)]
mod tests;

use super::{Balancer, Before, PickContext, Picker};
use crate::resolve::Endpoint;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The endpoint with the fewest requests in flight; among equals, one after the other.
#[derive(Clone, Copy, Debug, Default)]
pub struct LeastRequests;

impl Balancer for LeastRequests {
    fn name(&self) -> &'static str {
        "least-requests"
    }

    fn build(&self, endpoints: &[Arc<Endpoint>], _: Option<Before<'_>>) -> Arc<dyn Picker> {
        Arc::new(Idlest { endpoints: endpoints.to_vec(), start: AtomicUsize::new(0) })
    }
}

#[derive(Debug)]
struct Idlest {
    endpoints: Vec<Arc<Endpoint>>,
    /// Where the next look begins, so that equals take turns.
    start: AtomicUsize,
}

impl Idlest {
    fn from(&self, start: usize) -> Option<usize> {
        let start = start.checked_rem(self.endpoints.len())?;
        let places = (start..self.endpoints.len()).chain(0..start);
        places.min_by_key(|at| self.endpoints[*at].in_flight())
    }
}

impl Picker for Idlest {
    fn pick(&self, cx: &PickContext<'_>) -> Option<usize> {
        let found = self.peek(cx)?;
        self.start.store(found + 1, Ordering::Relaxed);
        Some(found)
    }

    fn peek(&self, _: &PickContext<'_>) -> Option<usize> {
        self.from(self.start.load(Ordering::Relaxed))
    }
}
