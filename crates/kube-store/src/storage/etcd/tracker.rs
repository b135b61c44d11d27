//! What the responses of a watch mean: ordered, unique, complete, whatever the connection does. Pure.

use super::space::revision;
use crate::storage::{Batch, Event, Revision};

/// Follows a watch across its connections.
///
/// A connection begins at the revision that everything was told of, not at the one after it: etcd then says that it is
/// compacted if anything above it may be missing, and what comes twice is dropped.
#[derive(Clone, Debug)]
pub(super) struct Tracker {
    told: Revision,
    /// The cluster that the revisions count for.
    cluster: Option<u64>,
    /// Whether a response without events is to be believed: etcd before 3.4.25 and 3.5.8 sends it too early.
    progress: bool,
}

/// What etcd sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Response {
    pub(super) cluster: u64,
    pub(super) revision: i64,
    pub(super) created: bool,
    pub(super) canceled: bool,
    /// Above zero where the watch began below it.
    pub(super) compacted: i64,
    /// Why it was cancelled.
    pub(super) reason: String,
    /// The changes of ours and their revisions, as they came; without an event where a key is none of ours.
    pub(super) events: Vec<(Revision, Option<Event>)>,
}

/// What to do.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Deliver these; everything up to the revision was told then.
    Deliver(Vec<Batch>, Revision),
    /// Connect again.
    Again(String),
    /// History is gone up to this revision: begin with the present state.
    Expired(Revision),
}

impl Tracker {
    /// A watch of everything after `told`.
    pub(super) fn new(told: Revision, progress: bool) -> Self {
        Self { told, cluster: None, progress }
    }

    /// Where the next connection begins.
    pub(super) fn start(&self) -> Revision {
        // Zero would be "now"; nothing happened at the first revision.
        self.told.max(Revision::new(1))
    }

    /// Takes in a response.
    pub(super) fn step(&mut self, response: Response) -> Step {
        if self.cluster.is_some_and(|known| known != response.cluster) {
            // Restored elsewhere: its revisions tell nothing about ours.
            return Step::Expired(self.told.next());
        }
        self.cluster = Some(response.cluster);
        if response.compacted > 0 {
            return Step::Expired(revision(response.compacted));
        }
        if response.canceled {
            return Step::Again(response.reason);
        }
        let proved = self.progress && response.events.is_empty() && !response.created;
        // Where nothing of it is delivered, nothing of it was told.
        let mut told = self.told;
        let mut batches: Vec<(Revision, Vec<Event>)> = Vec::new();
        for (at, event) in response.events {
            if at <= self.told {
                continue;
            }
            if at < told {
                return Step::Again(format!("revision {at} after {told}"));
            }
            told = at;
            let Some(event) = event else { continue };
            match batches.last_mut() {
                Some((last, events)) if *last == at => events.push(event),
                _ => batches.push((at, vec![event])),
            }
        }
        if proved {
            told = told.max(revision(response.revision));
        }
        self.told = told;
        Step::Deliver(batches.into_iter().map(batch).collect(), self.told)
    }

    /// The history up to `head` was given up: goes on from there, in whatever cluster answers.
    pub(super) fn restart(&mut self, head: Revision) {
        (self.told, self.cluster) = (head, None);
    }
}

fn batch((revision, mut events): (Revision, Vec<Event>)) -> Batch {
    // etcd tells them in the order of the transaction.
    events.sort_by(|a, b| a.key().cmp(b.key()));
    Batch { revision, events: events.into() }
}

/// Whether etcd of this version tells its progress only after the events before it (etcd-io/etcd#15220).
pub(super) fn tells_progress(version: &str) -> bool {
    let mut numbers = version.split(['.', '-']).map(|part| part.parse::<u32>().unwrap_or(0));
    let mut number = || numbers.next().unwrap_or(0);
    let (major, minor, patch) = (number(), number(), number());
    match (major, minor) {
        (3, 4) => patch >= 25,
        (3, 5) => patch >= 8,
        _ => (major, minor) > (3, 5),
    }
}
