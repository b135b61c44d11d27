//! Reading one revision without waiting.

use super::state::State;
use crate::storage::{
    Continue, Key, KeyRange, KeyValue, ListOptions, Page, ReadAt, Revision, StorageResult, TtlId,
};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A view of a store at one revision. Cheap to clone; later writes and compactions do not touch it.
///
/// A snapshot keeps everything it shows in memory: hold one for as long as you read, not longer.
#[derive(Clone)]
pub struct Snapshot {
    state: Arc<State>,
    revision: Revision,
}

impl Snapshot {
    /// The newest revision of `state`.
    pub(super) fn new(state: Arc<State>) -> Self {
        let revision = state.head;
        Self { state, revision }
    }

    /// The revision shown.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The value of `key`.
    pub fn get(&self, key: &Key) -> Option<&Arc<KeyValue>> {
        self.state.at(key, self.revision)
    }

    /// The values of the keys in `range`, in key order.
    pub fn range<'a>(&'a self, range: &'a KeyRange) -> impl Iterator<Item = &'a Arc<KeyValue>> + use<'a> {
        self.state.range(range.start(), range, self.revision)
    }

    /// How many keys there are in `range`. Walks the range, unless it is [`KeyRange::all`] at the newest revision.
    pub fn count(&self, range: &KeyRange) -> usize {
        let all = range.start().is_empty() && range.end().is_none();
        if all && self.revision == self.state.head {
            return self.state.keys;
        }
        self.state.count(range.start(), range, self.revision)
    }

    /// How many keys there are at the newest revision that the store had when the snapshot was taken.
    pub fn keys(&self) -> usize {
        self.state.keys
    }

    /// Bytes of keys and values at the newest revision that the store had when the snapshot was taken.
    pub fn bytes(&self) -> u64 {
        self.state.bytes
    }

    /// Full length of the time to live `id`; `None` when it has ended.
    pub fn lease(&self, id: TtlId) -> Option<Duration> {
        self.state.lease(id).ok().map(|lease| lease.granted)
    }

    /// The same store at an older revision, as far as this snapshot holds it.
    ///
    /// # Errors
    /// [`StorageError::Expired`](crate::storage::StorageError::Expired) below the compacted revision,
    /// [`StorageError::Future`](crate::storage::StorageError::Future) above the snapshot's own state.
    pub fn at(&self, revision: Revision) -> StorageResult<Self> {
        self.state.held(revision)?;
        Ok(Self { state: self.state.clone(), revision })
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").field("revision", &self.revision).finish_non_exhaustive()
    }
}

/// One page of `range` in `state`.
pub(super) fn page(state: &State, range: &KeyRange, options: &ListOptions) -> StorageResult<Page> {
    let (at, start) = match &options.continue_from {
        Some(Continue { revision: Revision::ZERO, start }) => (ReadAt::Latest, &**start),
        Some(Continue { revision, start }) => (ReadAt::Exactly(*revision), &**start),
        None => (options.at, range.start()),
    };
    let rest_at_newest = || options.continue_from.as_ref().map(Continue::at_newest);
    let revision = state.resolve(at).map_err(|error| error.with_next(rest_at_newest()))?;
    let limit = if options.limit == 0 { usize::MAX } else { options.limit };
    let items: Vec<Arc<KeyValue>> = state.range(start, range, revision).take(limit).cloned().collect();
    // No text lies between a key and the key with a zero byte appended.
    let rest = items.last().filter(|_| items.len() == limit).map(|last| format!("{}\0", last.key));
    let remaining = rest.as_ref().map_or(0, |rest| state.count(rest, range, revision));
    let next = rest.filter(|_| remaining > 0).map(|rest| Continue { revision, start: rest.into() });
    Ok(Page { items, revision, remaining: u64::try_from(remaining).unwrap_or(u64::MAX), next })
}
