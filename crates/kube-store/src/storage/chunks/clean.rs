//! Which chunks are cleaned, and what of them stays.

use super::journal::Held;
use crate::storage::mvcc::record::Entry;
use crate::storage::mvcc::{Record, Snapshot};
use crate::storage::{Event, Key, KeyValue};
use std::sync::Arc;

/// Decides what is worth cleaning since the last compaction.
#[derive(Debug, Default)]
pub(super) struct Cleaner(Option<Compacted>);

#[derive(Debug)]
struct Compacted {
    /// The state at the compacted revision.
    live: Snapshot,
    /// Chunks from here on were written after the compaction. Each is cleaned once per compaction at the most, so
    /// that cleaning ends whatever the estimate says.
    bound: u64,
}

/// What a chunk store may hold beside what lives before it is cleaned.
const SLACK: u64 = 256 << 10;
/// What a value takes beside its bytes, about.
const OVERHEAD: u64 = 24;

impl Cleaner {
    /// History was compacted to what `live` shows; `bound` is the next chunk.
    pub(super) fn new(live: Snapshot, bound: u64) -> Self {
        Self(Some(Compacted { live, bound }))
    }

    /// What lives, if of the `settled` bytes in chunks without history so much does not that cleaning is worth it,
    /// beginning with the `oldest` chunk.
    pub(super) fn wanted(&self, oldest: Option<&Held>, settled: u64, tight: bool) -> Option<Snapshot> {
        let Compacted { live, .. } = self.0.as_ref()?;
        oldest.filter(|held| self.may(held))?;
        let lives = live.bytes() + live.keys() as u64 * OVERHEAD;
        let allowed = if tight { lives } else { lives + lives / 2 + SLACK };
        (settled > allowed).then(|| live.clone())
    }

    /// Whether `held`, the oldest chunk, may be cleaned.
    pub(super) fn may(&self, held: &Held) -> bool {
        let of =
            |compacted: &Compacted| held.number < compacted.bound && held.newest <= compacted.live.revision();
        self.0.as_ref().is_some_and(of)
    }
}

/// What of `entry` is carried over when its chunk, the oldest, goes.
///
/// A delete outlives its chunk once: rows that were carried over before it may lie behind it, and they are gone when
/// the copy becomes the oldest. The same holds for the end of a time to live.
pub(super) fn kept(entry: Entry, live: &Snapshot) -> Vec<Entry> {
    match entry {
        Entry::Row(kv) => row(kv, live).into_iter().collect(),
        Entry::Record(Record::Write { revision, events }) => {
            let keep = |event: &Event| match event {
                Event::Put { kv, .. } => row(kv.clone(), live),
                Event::Delete { key, .. } => Some(Entry::Gone { key: key.clone(), revision }),
            };
            events.iter().filter_map(keep).collect()
        }
        Entry::Record(Record::Granted { id, .. }) if live.lease(id).is_none() => Vec::new(),
        granted @ Entry::Record(Record::Granted { .. }) => vec![granted],
        Entry::Record(Record::Ended { id }) => vec![Entry::Forgotten { id }],
        Entry::Gone { .. } | Entry::Forgotten { .. } | Entry::Record(Record::Reset { .. }) => Vec::new(),
    }
}

fn row(kv: Arc<KeyValue>, live: &Snapshot) -> Option<Entry> {
    let newest = |key: &Key| live.get(key).map(|kv| kv.mod_revision);
    (newest(&kv.key) == Some(kv.mod_revision)).then_some(Entry::Row(kv))
}
