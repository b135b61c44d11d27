//! The journal over chunks.

use super::clean::Cleaner;
use super::layout::{Header, Packer};
use super::{Change, Chunks};
use crate::storage::crypto::Encryption;
use crate::storage::mvcc::record::{Codec, Decoder, Entry};
use crate::storage::mvcc::{Horizon, Journal, Record, Recovered, Snapshot, Usage};
use crate::storage::{Revision, StorageError, StorageResult, TtlId};
use std::collections::VecDeque;
use std::sync::Arc;

/// How a [`ChunkJournal`] behaves.
#[derive(Clone, Debug, Default)]
pub struct ChunkOptions {
    /// Bytes of chunks that may be held, history and what is to be cleaned up included; without it there is no
    /// limit but the medium's.
    pub max_bytes: Option<u64>,
    /// How values are encrypted.
    pub encryption: Option<Arc<Encryption>>,
    /// Names the history of a store that is made new.
    pub incarnation: u64,
    /// Whether nothing may be held yet: otherwise holding nothing is damage.
    pub new: bool,
}

/// A [`Journal`] that keeps its records in [`Chunks`].
#[derive(Debug)]
pub struct ChunkJournal<C> {
    pub(super) chunks: C,
    pub(super) codec: Codec,
    pub(super) options: ChunkOptions,
    pub(super) header: Header,
    pub(super) held: VecDeque<Held>,
    /// Bytes of all chunks held.
    pub(super) total: u64,
    /// Bytes of the chunks that show nothing above the compacted revision.
    settled: u64,
    cleaner: Cleaner,
    /// The header on the medium is older.
    unwritten: bool,
    /// Where a rotation goes on, and where it ends.
    rotation: Option<(u64, u64)>,
    /// A shrink may be worth it.
    shrinkable: bool,
}

/// What is known of a chunk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) number: u64,
    pub(super) bytes: u64,
    /// The newest revision that a record in it makes visible.
    pub(super) newest: Revision,
}

/// Bytes that one piece of cleaning or rotating reads: a millisecond or two of work.
const PIECE: u64 = 256 << 10;

/// Room on a medium below which everything that can be cleaned is.
const TIGHT: u64 = 64 << 20;

impl<C: Chunks> ChunkJournal<C> {
    /// A journal of what `chunks` hold.
    pub fn new(chunks: C, options: ChunkOptions) -> Self {
        let codec = Codec::new(options.encryption.clone());
        let incarnation = options.incarnation;
        let horizon = Horizon { compacted: Revision::ZERO, used: Revision::ZERO, incarnation };
        Self {
            chunks,
            codec,
            options,
            header: Header { horizon, last_ttl: TtlId(0), first: 1 },
            held: VecDeque::new(),
            total: 0,
            settled: 0,
            cleaner: Cleaner::default(),
            unwritten: false,
            rotation: None,
            shrinkable: false,
        }
    }

    /// The number of the next chunk.
    pub(super) fn next(&self) -> u64 {
        self.held.back().map_or(self.header.first, |held| held.number + 1)
    }

    /// Appends what was packed, removes the `removed` oldest chunks.
    pub(super) fn write(&mut self, packer: &Packer, removed: usize) -> StorageResult<()> {
        let next = self.next();
        let first = self.held.get(removed).map_or(next, |held| held.number);
        let header = Header { first, ..self.header };
        let chunks = packer.pack(&header);
        let added: Vec<Held> = (next..)
            .zip(&chunks)
            .map(|(number, chunk)| Held { number, bytes: chunk.bytes.len() as u64, newest: chunk.newest })
            .collect();
        let put = (next..).zip(chunks.into_iter().map(|chunk| chunk.bytes)).collect();
        self.chunks.apply(&Change { put, remove: self.header.first..first })?;
        let gone: u64 = self.held.drain(..removed).map(|held| held.bytes).sum();
        self.total = self.total - gone + added.iter().map(|held| held.bytes).sum::<u64>();
        self.settled = self.settled.saturating_sub(gone) + self.settled_of(&added);
        self.held.extend(added);
        (self.header, self.unwritten) = (header, false);
        self.shrinkable |= removed > 0;
        Ok(())
    }

    fn settled_of<'a>(&self, held: impl IntoIterator<Item = &'a Held>) -> u64 {
        let compacted = self.header.horizon.compacted;
        held.into_iter().filter(|held| held.newest <= compacted).map(|held| held.bytes).sum()
    }

    /// Whether there is so little room that everything that can be cleaned is.
    fn is_tight(&self) -> bool {
        self.room() < self.options.max_bytes.map_or(TIGHT, |max| max / 4)
    }

    fn room(&self) -> u64 {
        // The reserve is for deletes, and for what cleaning appends before it removes.
        let own = self.options.max_bytes.map_or(u64::MAX, |max| {
            max.saturating_sub((max / 16).clamp(PIECE / 4, 16 << 20)).saturating_sub(self.total)
        });
        own.min(self.chunks.room())
    }

    fn pack(&mut self, batch: &[Record], packer: &mut Packer) {
        for record in batch {
            let newest = match record {
                Record::Write { revision, .. } => {
                    self.header.horizon.used = *revision;
                    *revision
                }
                Record::Granted { id, .. } => {
                    self.header.last_ttl = self.header.last_ttl.max(*id);
                    Revision::ZERO
                }
                Record::Ended { .. } | Record::Reset { .. } => Revision::ZERO,
            };
            packer.add(newest, |out| self.codec.record(record, out));
        }
    }

    /// Puts everything that is held aside, and lays out what takes its place.
    fn reset(&mut self, record: &Record, packer: &mut Packer) -> usize {
        let Record::Reset { horizon, leases, rows } = record else { return 0 };
        *packer = Packer::default();
        self.header.horizon = *horizon;
        for (id, length) in leases.iter() {
            self.header.last_ttl = self.header.last_ttl.max(*id);
            let granted = Entry::Record(Record::Granted { id: *id, length: *length });
            packer.add(Revision::ZERO, |out| self.codec.encode(&granted, out));
        }
        for kv in rows.iter() {
            packer.add(Revision::ZERO, |out| self.codec.encode(&Entry::Row(kv.clone()), out));
        }
        (self.cleaner, self.rotation) = (Cleaner::default(), None);
        self.held.len()
    }
}

impl<C: Chunks> Journal for ChunkJournal<C> {
    fn recover(&mut self, sink: &mut dyn FnMut(Recovered)) -> StorageResult<Horizon> {
        super::recover::recover(self, sink)?;
        self.chunks.settle()?;
        if self.held.is_empty() {
            self.write(&Packer::default(), 0)?;
        }
        Ok(self.header.horizon)
    }

    fn append(&mut self, batch: &[Record]) -> StorageResult<()> {
        let (before, clean) =
            (self.header, !batch.iter().any(|record| matches!(record, Record::Reset { .. })));
        let mut done = self.try_append(batch, clean);
        if clean && matches!(done, Err(StorageError::NoSpace)) {
            // Cleaning takes room before it makes any; a delete alone may fit.
            done = self.try_append(batch, false);
        }
        // What was not written did not happen.
        done.inspect_err(|_| self.header = before)
    }

    fn compact(&mut self, revision: Revision, live: &Snapshot) -> StorageResult<()> {
        self.header.horizon.compacted = revision;
        self.unwritten = true;
        self.settled = self.settled_of(&self.held);
        self.cleaner = Cleaner::new(live.clone(), self.next());
        // What was forgotten must not be readable again after a restart. Only without room that has to wait for the
        // room which cleaning makes.
        match self.write(&Packer::default(), 0) {
            Ok(()) | Err(StorageError::NoSpace) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn tidy(&mut self) -> StorageResult<bool> {
        match self.clean_apart(PIECE) {
            Err(StorageError::NoSpace) => {}
            done => return done,
        }
        // One chunk may fit where many do not. If not even that, another time: whatever is refused for want of room
        // begins all this again.
        match self.clean_apart(1) {
            Err(StorageError::NoSpace) => Ok(false),
            done => done,
        }
    }

    fn rotate(&mut self) -> StorageResult<bool> {
        let (mut at, end) = self.rotation.unwrap_or_else(|| (self.header.first, self.next()));
        at = at.max(self.header.first);
        let mut change = Change { put: Vec::new(), remove: 0..0 };
        let mut read = 0;
        while at < end && read < PIECE {
            let chunk = self.chunks.read(at)?;
            read += chunk.len() as u64;
            change.put.extend(self.renewed(&chunk)?.map(|renewed| (at, renewed)));
            at += 1;
        }
        if !change.put.is_empty() {
            self.chunks.apply(&change)?;
            for (number, chunk) in &change.put {
                let index = usize::try_from(number - self.header.first).unwrap_or(usize::MAX);
                if let Some(held) = self.held.get_mut(index) {
                    self.total = (self.total + chunk.len() as u64).saturating_sub(held.bytes);
                    held.bytes = chunk.len() as u64;
                }
            }
        }
        self.rotation = (at < end).then_some((at, end));
        Ok(self.rotation.is_some())
    }

    fn usage(&self) -> Usage {
        Usage { disk: self.chunks.disk(), room: self.room() }
    }
}

impl<C: Chunks> ChunkJournal<C> {
    /// Appends, and cleans as much along with it as keeps pace.
    fn try_append(&mut self, batch: &[Record], clean: bool) -> StorageResult<()> {
        let mut packer = Packer::default();
        let reset = batch.iter().rposition(|record| matches!(record, Record::Reset { .. }));
        let removed = reset.map_or(0, |at| self.reset(&batch[at], &mut packer));
        self.pack(&batch[reset.map_or(0, |at| at + 1)..], &mut packer);
        // In the same change it costs no sync of its own.
        let pace = (packer.len() as u64 * 3).clamp(PIECE / 4, PIECE * 4);
        let cleaned = if clean { self.clean(pace, &mut packer)? } else { 0 };
        self.write(&packer, removed + cleaned)
    }

    /// Cleans in a change of its own; answers whether there may be more to do.
    fn clean_apart(&mut self, budget: u64) -> StorageResult<bool> {
        let mut packer = Packer::default();
        let removed = self.clean(budget, &mut packer)?;
        if removed > 0 || self.unwritten {
            self.write(&packer, removed)?;
            return Ok(true);
        }
        if std::mem::take(&mut self.shrinkable) {
            self.chunks.shrink(self.total)?;
        }
        Ok(false)
    }

    /// Lays out what is left of the oldest chunks, `budget` bytes of them at the most, if cleaning is worth it;
    /// answers how many chunks that empties.
    fn clean(&mut self, budget: u64, packer: &mut Packer) -> StorageResult<usize> {
        let Some(live) = self.cleaner.wanted(self.held.front(), self.settled, self.is_tight()) else {
            return Ok(0);
        };
        let (mut removed, mut read) = (0, 0);
        while let Some(held) = self.held.get(removed).filter(|held| read < budget && self.cleaner.may(held)) {
            let chunk = self.chunks.read(held.number)?;
            read += held.bytes;
            removed += 1;
            let mut decoder = Decoder::new(&self.codec, Header::split(&chunk)?.1);
            while let Some(entry) = decoder.next()? {
                for kept in super::clean::kept(entry, &live) {
                    packer.add(Revision::ZERO, |out| self.codec.encode(&kept, out));
                }
            }
        }
        Ok(removed)
    }

    /// The chunk sealed anew, if anything in it is not sealed as it should be.
    fn renewed(&self, chunk: &[u8]) -> StorageResult<Option<Vec<u8>>> {
        let (header, from) = Header::split(chunk)?;
        let mut decoder = Decoder::new(&self.codec, from);
        let mut packer = Packer::default();
        while let Some(entry) = decoder.next()? {
            packer.add(Revision::ZERO, |out| self.codec.encode(&entry, out));
        }
        Ok(decoder.is_outdated().then(|| packer.whole(&header)))
    }
}
