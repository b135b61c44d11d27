//! Entries, read.

use super::entry::{
    Codec, DELETE, ENDED, Entry, FORGOTTEN, GONE, GRANTED, PLAIN, PUT, RESET, ROW, SEALED, WRITE,
};
use super::wire::{Reader, corrupt};
use crate::storage::crypto::Encryption;
use crate::storage::mvcc::{Horizon, Record};
use crate::storage::{Event, Key, KeyValue, Revision, StorageResult, TtlId};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

/// Reads one entry after the other.
#[derive(Debug)]
pub(in crate::storage) struct Decoder<'a> {
    encryption: Option<&'a Encryption>,
    from: Reader<'a>,
    outdated: bool,
}

impl<'a> Decoder<'a> {
    /// Reads what is left in `from`.
    pub(in crate::storage) fn new(codec: &'a Codec, from: Reader<'a>) -> Self {
        Self { encryption: codec.encryption(), from, outdated: false }
    }

    /// Whether a value that was read lies other than it would be written now: under an older key, or in clear where
    /// it should be sealed.
    pub(in crate::storage) fn is_outdated(&self) -> bool {
        self.outdated
    }

    /// The next entry; `None` at the end.
    pub(in crate::storage) fn next(&mut self) -> StorageResult<Option<Entry>> {
        if self.from.is_empty() {
            return Ok(None);
        }
        let entry = match self.from.byte()? {
            WRITE => {
                let revision = self.revision()?;
                let events = (0..self.from.count()?).map(|_| self.event()).collect::<StorageResult<_>>()?;
                Entry::Record(Record::Write { revision, events })
            }
            GRANTED => Entry::Record(Record::Granted { id: self.ttl()?, length: self.duration()? }),
            ENDED => Entry::Record(Record::Ended { id: self.ttl()? }),
            ROW => Entry::Row(self.value()?),
            GONE => Entry::Gone { key: self.from.text()?.into(), revision: self.revision()? },
            FORGOTTEN => Entry::Forgotten { id: self.ttl()? },
            RESET => Entry::Record(self.reset()?),
            kind => return Err(corrupt(format!("an entry of the unknown kind {kind}"))),
        };
        Ok(Some(entry))
    }

    fn event(&mut self) -> StorageResult<Event> {
        match self.from.byte()? {
            PUT => Ok(Event::Put { kv: self.value()?, previous: None }),
            DELETE => Ok(Event::Delete { key: self.from.text()?.into(), previous: None }),
            kind => Err(corrupt(format!("an event of the unknown kind {kind}"))),
        }
    }

    fn reset(&mut self) -> StorageResult<Record> {
        let (compacted, used, incarnation) = (self.revision()?, self.revision()?, self.from.number()?);
        let leases = (0..self.from.count()?)
            .map(|_| Ok((self.ttl()?, self.duration()?)))
            .collect::<StorageResult<_>>()?;
        let rows = (0..self.from.count()?).map(|_| self.value()).collect::<StorageResult<_>>()?;
        Ok(Record::Reset { horizon: Horizon { compacted, used, incarnation }, leases, rows })
    }

    fn value(&mut self) -> StorageResult<Arc<KeyValue>> {
        let key = Key::from(self.from.text()?);
        let (create_revision, mod_revision) = (self.revision()?, self.revision()?);
        let version = self.from.number()?;
        let ttl = self.from.number()?.checked_sub(1).map(TtlId);
        let (form, stored) = (self.from.byte()?, self.from.bytes()?);
        let (value, sealed) = match form {
            PLAIN => (Bytes::copy_from_slice(stored), None),
            SEALED => (Encryption::open(self.encryption, &key, stored)?, Some(stored)),
            form => return Err(corrupt(format!("a value of the unknown form {form}"))),
        };
        self.outdated |= Encryption::is_outdated(self.encryption, &key, sealed);
        Ok(Arc::new(KeyValue { key, value, create_revision, mod_revision, version, ttl }))
    }

    fn revision(&mut self) -> StorageResult<Revision> {
        self.from.number().map(Revision::new)
    }

    fn ttl(&mut self) -> StorageResult<TtlId> {
        self.from.number().map(TtlId)
    }

    fn duration(&mut self) -> StorageResult<Duration> {
        let (seconds, nanos) = (self.from.number()?, self.from.number()?);
        let nanos = u32::try_from(nanos).ok().filter(|nanos| *nanos < 1_000_000_000);
        let nanos = nanos.ok_or_else(|| corrupt("a second of too many nanoseconds"))?;
        Ok(Duration::new(seconds, nanos))
    }
}
