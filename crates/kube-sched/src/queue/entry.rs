//! One pod in the queue.

use crate::framework::{PodInfo, Reasons};
use kube_core::env::Mono;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A pod taken from the queue.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct QueuedPod {
    /// The pod.
    pub pod: Arc<PodInfo>,
    /// How often it was taken, this time included.
    pub attempts: u32,
    /// When it came to the queue.
    pub came: Mono,
    /// It had waited too long for an event that might help, and is tried again all the same.
    pub flushed: bool,
    pub(super) ticket: u64,
}

/// Where a pod of the queue is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// Ready to be taken.
    Active,
    /// Waits out its back-off.
    Backoff {
        /// When that ends.
        until: Mono,
    },
    /// Waits for an event that may help.
    Unschedulable {
        /// When the last attempt failed.
        since: Mono,
    },
    /// Held back by a plugin.
    Gated {
        /// Its name.
        plugin: &'static str,
        /// Why.
        reasons: Reasons,
    },
    /// Taken, and not yet decided.
    InFlight,
    /// Has its node and is being bound.
    Binding,
}

impl Place {
    /// Whether somebody has taken the pod.
    pub(super) fn is_out(&self) -> bool {
        matches!(self, Self::InFlight | Self::Binding)
    }
}

/// How many pods of a queue wait for what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pending {
    /// Ready to be taken.
    pub active: usize,
    /// Backing off.
    pub backoff: usize,
    /// Waiting for an event that may help.
    pub unschedulable: usize,
    /// Held back by a plugin.
    pub gated: usize,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) pod: Arc<PodInfo>,
    pub(super) place: Place,
    pub(super) came: Mono,
    /// When it came, or when the last attempt failed.
    pub(super) since: Mono,
    pub(super) attempts: u32,
    /// Attempts that found no node.
    pub(super) rejections: u32,
    /// Attempts that broke, since the last one that did not.
    pub(super) errors: u32,
    /// It was last moved because it had waited too long.
    pub(super) flushed: bool,
    /// Whom to ask about events.
    pub(super) rejectors: BTreeSet<&'static str>,
    /// Of the last time it was taken.
    pub(super) ticket: u64,
}

impl Entry {
    pub(super) fn new(pod: Arc<PodInfo>, now: Mono) -> Self {
        Self {
            pod,
            place: Place::Active,
            came: now,
            since: now,
            attempts: 0,
            rejections: 0,
            errors: 0,
            flushed: false,
            rejectors: BTreeSet::new(),
            ticket: 0,
        }
    }

    /// What the back-off grows with.
    pub(super) fn failures(&self) -> u32 {
        if self.errors > 0 { self.errors } else { self.rejections }
    }
}
