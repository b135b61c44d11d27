//! How a controller is.

use super::Shared;
use super::loops::HotLoop;
use crate::runtime::queue::QueueCounts;
use kube_core::resource::ObjectKey;
use std::fmt;
use std::sync::Arc;

/// Where a controller is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Not started, or its informers have not the first state yet.
    #[default]
    Starting,
    /// At work.
    Running,
    /// Ended, as told or by itself.
    Stopped,
}

/// How a controller is at one moment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ControllerHealth {
    /// Its name.
    pub name: Arc<str>,
    /// Where it is in its life.
    pub phase: Phase,
    /// Keys that are due.
    pub queued: usize,
    /// Keys that wait for a time.
    pub delayed: usize,
    /// Keys being reconciled.
    pub running: usize,
    /// What the queue has seen.
    pub counts: QueueCounts,
    /// Reconciles that failed.
    pub failures: u64,
    /// Reconciles that panicked.
    pub panics: u64,
    /// Reconciles that took too long.
    pub timeouts: u64,
    /// The last failure.
    pub last_failure: Option<(ObjectKey, String)>,
    /// Keys that were reconciled for ever for what the reconcile itself wrote, the newest last.
    pub hot_loops: Vec<HotLoop>,
}

/// Asks a controller how it is. Cheap to clone.
#[derive(Clone)]
pub struct Health(pub(super) Arc<Shared>);

impl Health {
    /// Where it is in its life.
    pub fn phase(&self) -> Phase {
        self.0.books().phase
    }

    /// How it is now.
    pub fn now(&self) -> ControllerHealth {
        let books = self.0.books().clone();
        let hot_loops = self.0.hot_loops();
        let queue = self.0.queue();
        ControllerHealth {
            name: self.0.name().clone(),
            phase: books.phase,
            queued: queue.len(),
            delayed: queue.delayed(),
            running: queue.running(),
            counts: queue.counts(),
            failures: books.failures,
            panics: books.panics,
            timeouts: books.timeouts,
            last_failure: books.last_failure,
            hot_loops,
        }
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.now().fmt(f)
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Books {
    pub(super) phase: Phase,
    pub(super) failures: u64,
    pub(super) panics: u64,
    pub(super) timeouts: u64,
    pub(super) last_failure: Option<(ObjectKey, String)>,
}
