//! Judging a history.

mod answers;
mod order;
mod time;
mod watches;

use super::Leniency;
use super::call::History;
use crate::storage::{Revision, StorageError};
use order::Order;
use std::fmt;

/// What a history was found to break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Rule {
    /// Every write has a revision of its own.
    OwnRevision,
    /// Every revision is somebody's write, or the end of a time to live.
    KnownWriter,
    /// A write that was refused is not applied.
    Refusal,
    /// A transaction commits only where its conditions hold, and fails only where they do not.
    Conditions,
    /// A transaction tells what stood there before.
    Previous,
    /// What was answered before another call began is before it.
    RealTime,
    /// A read shows its revision.
    Reads,
    /// What is refused as compacted was compacted, and what was compacted is refused.
    Compaction,
    /// A watch is told of revisions in order.
    Ordered,
    /// A watch is told of a change once.
    Unique,
    /// A watch is told of everything between what it was told.
    Reliable,
    /// A watch is told of a revision at once.
    Atomic,
    /// A watch goes on right after the revision it was asked for.
    Resumable,
    /// A bookmark comes after everything up to it.
    Bookmarkable,
    /// An event carries the value before.
    PreviousValue,
    /// An event tells a creation from a change.
    IsCreate,
    /// A watch is told of its range only.
    Filter,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OwnRevision => "own revision",
            Self::KnownWriter => "known writer",
            Self::Refusal => "refusal",
            Self::Conditions => "conditions",
            Self::Previous => "previous",
            Self::RealTime => "real time",
            Self::Reads => "reads",
            Self::Compaction => "compaction",
            Self::Ordered => "ordered",
            Self::Unique => "unique",
            Self::Reliable => "reliable",
            Self::Atomic => "atomic",
            Self::Resumable => "resumable",
            Self::Bookmarkable => "bookmarkable",
            Self::PreviousValue => "value before",
            Self::IsCreate => "is create",
            Self::Filter => "filter",
        })
    }
}

/// A rule that a history breaks, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{rule}: {what}")]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// What was seen, and what should have been.
    pub what: String,
}

/// What a history that breaks nothing consists of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Judged {
    /// Calls, opened watches and deliveries.
    pub operations: usize,
    /// Revisions that were written.
    pub writes: usize,
    /// Answers whose content was judged.
    pub answers: usize,
    /// Deliveries of watches that were judged.
    pub deliveries: usize,
    /// Writes whose outcome was unknown, and found to be applied.
    pub unknown_applied: usize,
    /// Writes whose outcome was unknown, and that were not applied.
    pub unknown_lost: usize,
    /// Revisions of others, which nobody in the history asked for.
    pub others: u64,
}

/// Judges a history that began on an empty store.
///
/// # Errors
/// The first rule that it breaks.
pub fn check(history: &History) -> Result<Judged, Finding> {
    check_with(history, Leniency::default())
}

/// The same, of an engine that may leave something out.
///
/// # Errors
/// The first rule that it breaks.
pub fn check_with(history: &History, leniency: Leniency) -> Result<Judged, Finding> {
    let order = Order::of(history, leniency)?;
    let mut judged = order.judged;
    answers::check(history, &order, &mut judged)?;
    for watch in &history.watches {
        judged.deliveries += watches::check(watch, &order, leniency)?;
        judged.operations += 1 + watch.items.len();
    }
    judged.operations += history.calls.len();
    Ok(judged)
}

/// The finding that `rule` is broken.
fn broken<T>(rule: Rule, what: impl Into<String>) -> Result<T, Finding> {
    Err(Finding { rule, what: what.into() })
}

/// Whether an error tells of nothing but a store that cannot be reached, or has too much to do.
fn is_outage(error: &StorageError) -> bool {
    matches!(error, StorageError::Medium { .. } | StorageError::Busy { .. } | StorageError::NoSpace)
}

/// Holds what was seen to be as it should.
fn same<T: PartialEq + fmt::Debug>(
    rule: Rule,
    what: impl FnOnce() -> String,
    seen: &T,
    wanted: &T,
) -> Result<(), Finding> {
    if seen == wanted { Ok(()) } else { broken(rule, format!("{}: {seen:?}, not {wanted:?}", what())) }
}

/// A place in the order of everything: a write at revision `r`, then the reads that show `r`.
fn write_at(revision: Revision) -> u64 {
    revision.get() * 2
}

fn read_at(revision: Revision) -> u64 {
    revision.get() * 2 + 1
}
