//! One endpoint after the other.
//!
//! Over any run of picks between two changes, no endpoint is used twice more often than another. After a change the
//! next pick is the endpoint that was next, or the one behind it where that is gone: nobody is skipped and nobody starts
//! over.

#[cfg(test)]
mod tests;

use super::{Balancer, Before, PickContext, Picker};
use crate::resolve::Endpoint;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// One endpoint after the other.
#[derive(Clone, Copy, Debug, Default)]
pub struct RoundRobin;

impl Balancer for RoundRobin {
    fn name(&self) -> &'static str {
        "round-robin"
    }

    fn build(&self, endpoints: &[Arc<Endpoint>], before: Option<Before<'_>>) -> Arc<dyn Picker> {
        let due =
            before.and_then(|before| before.endpoints.get(before.picker.peek(&PickContext::default())?));
        let start = due.map_or(0, |due| endpoints.partition_point(|endpoint| endpoint.place() < due.place()));
        Arc::new(Turn::new(endpoints.len(), start))
    }
}

/// Whose turn it is among so many.
#[derive(Debug)]
pub(super) struct Turn {
    len: usize,
    next: AtomicUsize,
}

impl Turn {
    /// The turn of `start` among `len`.
    pub(super) fn new(len: usize, start: usize) -> Self {
        Self { len, next: AtomicUsize::new(start) }
    }

    pub(super) fn next(&self) -> Option<usize> {
        self.next.fetch_add(1, Ordering::Relaxed).checked_rem(self.len)
    }

    pub(super) fn due(&self) -> Option<usize> {
        self.next.load(Ordering::Relaxed).checked_rem(self.len)
    }
}

impl Picker for Turn {
    fn pick(&self, _: &PickContext<'_>) -> Option<usize> {
        self.next()
    }

    fn peek(&self, _: &PickContext<'_>) -> Option<usize> {
        self.due()
    }
}
