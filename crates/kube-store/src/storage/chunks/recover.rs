//! Reading a journal back.

use super::Chunks;
use super::journal::{ChunkJournal, Held};
use super::layout::Header;
use crate::storage::mvcc::record::{Codec, Decoder, Entry, corrupt};
use crate::storage::mvcc::{Record, Recovered};
use crate::storage::{Event, Key, KeyValue, Revision, StorageResult, TtlId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// Reads everything that `journal` holds into `sink`.
pub(super) fn recover<C: Chunks>(
    journal: &mut ChunkJournal<C>,
    sink: &mut dyn FnMut(Recovered),
) -> StorageResult<()> {
    let mut found = Found::default();
    let codec = journal.codec.clone();
    journal
        .chunks
        .scan(&mut |number, chunk| found.take(&codec, number, chunk).map_err(|error| name(number, error)))?;
    let Some(header) = found.header else {
        return if journal.options.new { Ok(()) } else { Err(corrupt("a store without any chunk")) };
    };
    if found.held.front().map(|held| held.number) != Some(header.first) {
        return Err(corrupt(format!("chunk {} is missing", header.first)));
    }
    journal.header = header;
    journal.total = found.held.iter().map(|held| held.bytes).sum();
    journal.held = std::mem::take(&mut found.held);
    found.give(&header, sink);
    Ok(())
}

/// Everything that chunks held.
#[derive(Debug, Default)]
struct Found {
    header: Option<Header>,
    held: VecDeque<Held>,
    /// What was carried over: by key the newest revision, and the value unless it was a delete.
    rows: BTreeMap<Key, (Revision, Option<Arc<KeyValue>>)>,
    writes: Vec<(Revision, Arc<[Event]>)>,
    granted: BTreeMap<TtlId, Duration>,
    ended: BTreeSet<TtlId>,
}

impl Found {
    fn take(&mut self, codec: &Codec, number: u64, chunk: &[u8]) -> StorageResult<()> {
        if let Some(last) = self.held.back().filter(|last| last.number + 1 != number) {
            return Err(corrupt(format!("chunk {} is missing", last.number + 1)));
        }
        let (header, from) = Header::split(chunk)?;
        let mut newest = Revision::ZERO;
        let mut decoder = Decoder::new(codec, from);
        while let Some(entry) = decoder.next()? {
            newest = newest.max(self.note(entry)?);
        }
        self.header = Some(header);
        self.held.push_back(Held { number, bytes: chunk.len() as u64, newest });
        Ok(())
    }

    /// Takes an entry in; answers the revision that it makes visible.
    fn note(&mut self, entry: Entry) -> StorageResult<Revision> {
        match entry {
            Entry::Row(kv) => self.row(kv.key.clone(), kv.mod_revision, Some(kv)),
            Entry::Gone { key, revision } => self.row(key, revision, None),
            Entry::Record(Record::Granted { id, length }) => drop(self.granted.insert(id, length)),
            Entry::Record(Record::Ended { id }) | Entry::Forgotten { id } => drop(self.ended.insert(id)),
            Entry::Record(Record::Write { revision, events }) => {
                if self.writes.last().is_some_and(|(last, _)| *last >= revision) {
                    return Err(corrupt(format!("revision {revision} out of order")));
                }
                self.writes.push((revision, events));
                return Ok(revision);
            }
            Entry::Record(Record::Reset { .. }) => {
                return Err(corrupt("a reset, which is never written down as such"));
            }
        }
        Ok(Revision::ZERO)
    }

    fn row(&mut self, key: Key, revision: Revision, kv: Option<Arc<KeyValue>>) {
        let found = self.rows.entry(key).or_default();
        if revision >= found.0 {
            *found = (revision, kv);
        }
    }

    fn give(mut self, header: &Header, sink: &mut dyn FnMut(Recovered)) {
        // An end counts wherever it lies: grants may have been carried over behind it.
        self.granted.retain(|id, _| !self.ended.contains(id));
        let mut record = |record| sink(Recovered::Record(record));
        if header.last_ttl.0 > 0 && !self.granted.contains_key(&header.last_ttl) {
            let id = header.last_ttl;
            record(Record::Granted { id, length: Duration::ZERO });
            record(Record::Ended { id });
        }
        for (id, length) in &self.granted {
            record(Record::Granted { id: *id, length: *length });
        }
        let mut writes = std::mem::take(&mut self.writes).into_iter().peekable();
        while let Some((revision, events)) = writes.next_if(|(at, _)| *at <= header.horizon.compacted) {
            for event in events.iter() {
                match event {
                    Event::Put { kv, .. } => self.row(kv.key.clone(), revision, Some(kv.clone())),
                    Event::Delete { key, .. } => self.row(key.clone(), revision, None),
                }
            }
        }
        self.rows.into_values().filter_map(|(_, kv)| kv).for_each(|kv| sink(Recovered::Row(kv)));
        for (revision, events) in writes {
            sink(Recovered::Record(Record::Write { revision, events }));
        }
    }
}

fn name(number: u64, error: crate::storage::StorageError) -> crate::storage::StorageError {
    match error {
        crate::storage::StorageError::Corrupt { what } => corrupt(format!("chunk {number}: {what}")),
        other => other,
    }
}
