//! What makes an engine durable.

use super::Snapshot;
use crate::storage::{Event, KeyValue, Revision, StorageResult, TtlId};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A durable record of what a store did: all that an embedded engine adds to the MVCC core.
///
/// # Contract
/// - One caller at a time, and every call may block: the store gives a journal a place of its own to run
///   ([`Drive::Thread`](super::Drive::Thread)).
/// - [`Journal::append`] returns once the whole batch would survive a power cut, or fails and the store takes no
///   write from then on. After a failure the batch may be found at the next [`Journal::recover`] whole, or up to
///   some record, never with a hole.
/// - [`Journal::recover`] is called once, before anything else, and changes nothing if it fails.
///
/// `recover`, `append` and `compact` are all that is needed. The others have something to say for journals that
/// work off a compaction in pieces, run out of space, or encrypt.
pub trait Journal: Send + fmt::Debug + 'static {
    /// Hands out what is held: the times to live and the rows of the compacted state, then every record after it
    /// in order.
    ///
    /// # Errors
    /// [`StorageError::Corrupt`](crate::storage::StorageError::Corrupt) for what cannot be read.
    fn recover(&mut self, sink: &mut dyn FnMut(Recovered)) -> StorageResult<Horizon>;

    /// Appends all records, or none that a later record could follow.
    ///
    /// # Errors
    /// [`StorageError::NoSpace`](crate::storage::StorageError::NoSpace) when nothing was written for want of room:
    /// the store drops history and goes on. Whatever else the medium meets; the store is then closed for writing.
    fn append(&mut self, batch: &[Record]) -> StorageResult<()>;

    /// Forgets records up to and with `revision`; `live` shows the state at that revision, which stays. What takes
    /// long may be left to [`Journal::tidy`].
    ///
    /// # Errors
    /// Whatever the medium meets; the store stays open, and asks again at its next compaction.
    fn compact(&mut self, revision: Revision, live: &Snapshot) -> StorageResult<()>;

    /// Does a piece of what was put off, a few milliseconds at the most. Called while no request waits, until it
    /// answers that nothing is left.
    ///
    /// # Errors
    /// Whatever the medium meets; the store is then closed for writing.
    fn tidy(&mut self) -> StorageResult<bool> {
        Ok(false)
    }

    /// Does a piece of encrypting everything that is held anew with the newest key; answers whether more is left.
    /// Called between batches.
    ///
    /// # Errors
    /// Whatever the medium meets; the store is then closed for writing.
    fn rotate(&mut self) -> StorageResult<bool> {
        Ok(false)
    }

    /// How much room is taken, and left.
    fn usage(&self) -> Usage {
        Usage::default()
    }
}

/// Room of a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Bytes on the medium.
    pub disk: u64,
    /// Bytes of keys and values that may still be written; beyond it puts are
    /// [`StorageError::NoSpace`](crate::storage::StorageError::NoSpace), while deletes and compaction go on.
    pub room: u64,
}

impl Default for Usage {
    fn default() -> Self {
        Self { disk: 0, room: u64::MAX }
    }
}

/// One thing that a store did.
#[derive(Clone, Debug)]
pub enum Record {
    /// A transaction wrote.
    Write {
        /// At this revision.
        revision: Revision,
        /// What it changed, in key order. The values before are those of the records before.
        events: Arc<[Event]>,
    },
    /// A time to live began.
    Granted {
        /// Its name.
        id: TtlId,
        /// Its full length.
        length: Duration,
    },
    /// A time to live ended. The deletes of its keys are a [`Record::Write`] of their own in the same batch.
    Ended {
        /// Its name.
        id: TtlId,
    },
    /// Everything before was replaced: rows, records and times to live before it count no more.
    Reset {
        /// What was replaced ends, and what follows begins here.
        horizon: Horizon,
        /// The times to live.
        leases: Arc<[(TtlId, Duration)]>,
        /// The values, in key order.
        rows: Arc<[Arc<KeyValue>]>,
    },
}

impl Record {
    /// Whether it only takes away.
    pub(super) fn needs_no_room(&self) -> bool {
        match self {
            Self::Write { events, .. } => events.iter().all(|event| matches!(event, Event::Delete { .. })),
            Self::Ended { .. } => true,
            Self::Granted { .. } | Self::Reset { .. } => false,
        }
    }
}

/// One thing that a journal held.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Recovered {
    /// A value of the compacted state. Its time to live must have been granted before.
    Row(Arc<KeyValue>),
    /// A record.
    Record(Record),
}

/// Where a recovered history begins and ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Horizon {
    /// The oldest revision that can be read.
    pub compacted: Revision,
    /// No revision at or below this may be given again: at least the newest record's, and more where records could
    /// have been lost.
    pub used: Revision,
    /// Names this history; see [`StorageStatus::incarnation`](crate::storage::StorageStatus::incarnation).
    pub incarnation: u64,
}

/// No journal: everything is lost with the process.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoJournal {
    /// Names the history of this store.
    pub incarnation: u64,
}

impl Journal for NoJournal {
    fn recover(&mut self, _sink: &mut dyn FnMut(Recovered)) -> StorageResult<Horizon> {
        Ok(Horizon { compacted: Revision::ZERO, used: Revision::ZERO, incarnation: self.incarnation })
    }

    fn append(&mut self, _batch: &[Record]) -> StorageResult<()> {
        Ok(())
    }

    fn compact(&mut self, _revision: Revision, _live: &Snapshot) -> StorageResult<()> {
        Ok(())
    }
}
