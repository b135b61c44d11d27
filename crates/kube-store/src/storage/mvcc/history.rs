//! How much history a store keeps by itself.

use crate::storage::Revision;
use kube_core::env::{Env, Mono};
use std::collections::VecDeque;
use std::time::Duration;

/// How much history a store keeps: what exceeds one of the two is compacted while writes go on, a piece at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    /// How many revisions, and up to a quarter more. Of fewer than 64 none more: so little is kept where room is short.
    pub revisions: u64,
    /// How far back, give or take a sixteenth. Needs a clock: an [`Env`] in the options.
    pub age: Duration,
}

impl History {
    /// Everything, until [`Storage::compact`](crate::storage::Storage::compact) is called.
    pub const ALL: Self = Self { revisions: u64::MAX, age: Duration::MAX };
}

impl Default for History {
    /// 100,000 revisions, and five minutes as kube-apiserver has etcd keep.
    fn default() -> Self {
        Self { revisions: 100_000, age: Duration::from_mins(5) }
    }
}

/// Tells when history is to be compacted, and to where.
#[derive(Debug)]
pub(super) struct Retention {
    history: History,
    clock: Option<Env>,
    /// The newest revision at some moments, the oldest first.
    samples: VecDeque<(Mono, Revision)>,
}

/// Samples within [`History::age`].
const SAMPLES: u32 = 16;

/// Compactions within [`History::revisions`]. Sweeping copies the leaves that it touches: the more revisions at once,
/// the cheaper is each.
const COMPACTIONS: u64 = 4;

/// A history so short is cut with every write.
const SHORT: u64 = 64;

impl Retention {
    pub(super) fn new(history: History, env: Option<Env>) -> Self {
        let clock = env.filter(|_| history.age < Duration::MAX);
        Self { history, clock, samples: VecDeque::new() }
    }

    /// How long to wait before asking again while nothing is written.
    pub(super) fn interval(&self) -> Duration {
        if self.clock.is_some() { self.history.age / SAMPLES } else { Duration::MAX }
    }

    /// The revision to compact to, once it is worth it.
    pub(super) fn due(&mut self, head: Revision, compacted: Revision) -> Option<Revision> {
        let kept = self.history.revisions;
        let excess = (head.get() - compacted.get()).saturating_sub(kept);
        let spare = if kept < SHORT { 0 } else { kept / COMPACTIONS };
        let by_count = (excess > spare).then(|| Revision::new(head.get() - kept));
        by_count.max(self.outlived(head)).filter(|due| *due > compacted)
    }

    /// The newest revision that was passed at least [`History::age`] ago.
    fn outlived(&mut self, head: Revision) -> Option<Revision> {
        let now = self.clock.as_ref()?.now();
        let step = self.history.age / SAMPLES;
        if self.samples.back().is_none_or(|(at, _)| now.since(*at) >= step) {
            self.samples.push_back((now, head));
        }
        let mut outlived = None;
        while self.samples.front().is_some_and(|(at, _)| now.since(*at) >= self.history.age) {
            outlived = self.samples.pop_front().map(|(_, revision)| revision);
        }
        outlived
    }
}
