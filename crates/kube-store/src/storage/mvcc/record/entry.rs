//! Entries: what a frame holds.

use super::decoder::Decoder;
use super::wire::{Reader, put_bytes, put_number};
use crate::storage::crypto::Encryption;
use crate::storage::mvcc::Record;
use crate::storage::{Event, Key, KeyValue, Revision, StorageResult, TtlId};
use std::sync::Arc;
use std::time::Duration;

/// One thing that a journal keeps.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Entry {
    /// A record, as it was appended. The values before are not kept: those of the records before tell them.
    Record(Record),
    /// A value that was carried over from a record that is gone.
    Row(Arc<KeyValue>),
    /// A delete that was carried over, for older rows of its key may still be held.
    Gone {
        /// The key.
        key: Key,
        /// When it was deleted.
        revision: Revision,
    },
    /// The end of a time to live that was carried over, for older grants of it may still be held.
    Forgotten {
        /// Its name.
        id: TtlId,
    },
}

/// Encodes and decodes entries, sealing values on the way.
#[derive(Clone, Debug, Default)]
pub struct Codec {
    encryption: Option<Arc<Encryption>>,
}

pub(super) const WRITE: u8 = 1;
pub(super) const GRANTED: u8 = 2;
pub(super) const ENDED: u8 = 3;
pub(super) const ROW: u8 = 4;
pub(super) const GONE: u8 = 5;
pub(super) const FORGOTTEN: u8 = 6;
pub(super) const RESET: u8 = 7;

pub(super) const PUT: u8 = 1;
pub(super) const DELETE: u8 = 2;

pub(super) const PLAIN: u8 = 0;
pub(super) const SEALED: u8 = 1;

impl Codec {
    /// A codec that seals what `encryption` chooses.
    pub fn new(encryption: Option<Arc<Encryption>>) -> Self {
        Self { encryption }
    }

    /// How values are sealed.
    pub(in crate::storage) fn encryption(&self) -> Option<&Encryption> {
        self.encryption.as_deref()
    }

    /// Appends `entry` to `out`.
    pub fn encode(&self, entry: &Entry, out: &mut Vec<u8>) {
        match entry {
            Entry::Record(record) => self.record(record, out),
            Entry::Row(kv) => {
                out.push(ROW);
                self.value(kv, out);
            }
            Entry::Gone { key, revision } => {
                out.push(GONE);
                put_bytes(out, key.as_str().as_bytes());
                put_number(out, revision.get());
            }
            Entry::Forgotten { id } => {
                out.push(FORGOTTEN);
                put_number(out, id.0);
            }
        }
    }

    /// Appends `record` to `out`.
    pub(in crate::storage) fn record(&self, record: &Record, out: &mut Vec<u8>) {
        match record {
            Record::Write { revision, events } => {
                out.push(WRITE);
                put_number(out, revision.get());
                put_number(out, events.len() as u64);
                events.iter().for_each(|event| self.event(event, out));
            }
            Record::Granted { id, length } => {
                out.push(GRANTED);
                put_number(out, id.0);
                put_duration(out, *length);
            }
            Record::Ended { id } => {
                out.push(ENDED);
                put_number(out, id.0);
            }
            Record::Reset { horizon, leases, rows } => {
                out.push(RESET);
                put_number(out, horizon.compacted.get());
                put_number(out, horizon.used.get());
                put_number(out, horizon.incarnation);
                put_number(out, leases.len() as u64);
                for (id, length) in leases.iter() {
                    put_number(out, id.0);
                    put_duration(out, *length);
                }
                put_number(out, rows.len() as u64);
                rows.iter().for_each(|kv| self.value(kv, out));
            }
        }
    }

    fn event(&self, event: &Event, out: &mut Vec<u8>) {
        match event {
            Event::Put { kv, .. } => {
                out.push(PUT);
                self.value(kv, out);
            }
            Event::Delete { key, .. } => {
                out.push(DELETE);
                put_bytes(out, key.as_str().as_bytes());
            }
        }
    }

    fn value(&self, kv: &KeyValue, out: &mut Vec<u8>) {
        put_bytes(out, kv.key.as_str().as_bytes());
        put_number(out, kv.create_revision.get());
        put_number(out, kv.mod_revision.get());
        put_number(out, kv.version);
        put_number(out, kv.ttl.map_or(0, |id| id.0.saturating_add(1)));
        match self.encryption.as_ref().and_then(|encryption| encryption.seal(&kv.key, &kv.value)) {
            None => {
                out.push(PLAIN);
                put_bytes(out, &kv.value);
            }
            Some(sealed) => {
                out.push(SEALED);
                put_bytes(out, &sealed);
            }
        }
    }

    /// All entries that `bytes` hold.
    ///
    /// # Errors
    /// [`StorageError::Corrupt`](crate::storage::StorageError::Corrupt) for bytes that no entry has: nothing is
    /// skipped. [`StorageError::Sealed`](crate::storage::StorageError::Sealed) for a value whose encryption key is
    /// not given.
    pub fn decode(&self, bytes: &[u8]) -> StorageResult<Vec<Entry>> {
        let mut decoder = Decoder::new(self, Reader::new(bytes));
        let mut entries = Vec::new();
        while let Some(entry) = decoder.next()? {
            entries.push(entry);
        }
        Ok(entries)
    }
}

fn put_duration(out: &mut Vec<u8>, length: Duration) {
    put_number(out, length.as_secs());
    put_number(out, u64::from(length.subsec_nanos()));
}
