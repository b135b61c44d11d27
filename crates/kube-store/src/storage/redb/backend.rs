//! A file that is not written to before it was understood.

use redb::{BackendError, StorageBackend};
use std::io;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A backend that keeps every change to itself until it is told to [settle](Deferred::settle): redb writes to a file
/// as soon as it opens it, and a file that turns out to be damaged shall stay as it is.
///
/// When redb closes it, the backend below stays open, so that it can be had again: redb does nothing more after a
/// write failed, even if it failed for want of room only.
#[derive(Clone, Debug)]
pub(super) struct Deferred(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    backend: Arc<dyn StorageBackend>,
    /// What redb locked of it.
    locked: Mutex<Vec<Range>>,
    settled: AtomicBool,
    /// In the order they came, to be repeated in that order, syncs included.
    changes: Mutex<Changes>,
    bytes: AtomicU64,
}

type Range = (Bound<u64>, Bound<u64>);

#[derive(Debug)]
struct Changes {
    len: u64,
    /// The shortest that the file has been: what lies behind was cut off.
    kept: u64,
    made: Vec<Change>,
}

#[derive(Debug)]
enum Change {
    Write(u64, Vec<u8>),
    Resize(u64),
    Sync,
}

impl Deferred {
    /// Nothing is written to `backend` yet.
    pub(super) fn new(backend: Arc<dyn StorageBackend>) -> io::Result<Self> {
        let len = backend.len()?;
        let changes = Mutex::new(Changes { len, kept: len, made: Vec::new() });
        let (settled, bytes) = (AtomicBool::new(false), AtomicU64::new(len));
        Ok(Self(Arc::new(Inner { backend, locked: Mutex::default(), settled, changes, bytes })))
    }

    /// Makes the changes so far, and from now on each at once. After a failure it may be asked again: until then the
    /// changes are kept, and making one twice does no harm.
    pub(super) fn settle(&self) -> io::Result<()> {
        if self.is_settled() {
            return Ok(());
        }
        let mut changes = self.changes();
        for change in &changes.made {
            match change {
                Change::Write(offset, data) => self.0.backend.write(*offset, data)?,
                Change::Resize(len) => self.0.backend.set_len(*len)?,
                Change::Sync => self.sync()?,
            }
        }
        changes.made = Vec::new();
        self.0.settled.store(true, Ordering::Release);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        // What a sync could not write may be gone from the system's memory as well: whatever the reason was, this is
        // no state to go on from.
        self.0.backend.sync_data().map_err(|error| io::Error::other(format!("cannot sync: {error}")))
    }

    fn locked(&self) -> MutexGuard<'_, Vec<Range>> {
        // Every section is one operation.
        self.0.locked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, taken: Result<bool, BackendError>, range: Range) -> Result<bool, BackendError> {
        if matches!(taken, Ok(true)) {
            self.locked().push(range);
        }
        taken
    }

    /// How long the file is.
    pub(super) fn bytes(&self) -> u64 {
        self.0.bytes.load(Ordering::Relaxed)
    }

    fn is_settled(&self) -> bool {
        self.0.settled.load(Ordering::Acquire)
    }

    fn changes(&self) -> MutexGuard<'_, Changes> {
        // No section stops half-way unless the backend fails, and then nothing is asked any more.
        self.0.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Changes {
    fn resize(&mut self, len: u64) {
        self.len = len;
        self.kept = self.kept.min(len);
        self.made.push(Change::Resize(len));
    }

    /// Puts what was written over what was read at `offset`.
    fn cover(&self, offset: u64, out: &mut [u8]) {
        for change in &self.made {
            match change {
                Change::Write(at, data) => overlay(*at, data, offset, out),
                Change::Resize(len) => {
                    let cut = usize::try_from(len.saturating_sub(offset)).unwrap_or(usize::MAX);
                    if let Some(cut) = out.get_mut(cut..) {
                        cut.fill(0);
                    }
                }
                Change::Sync => {}
            }
        }
    }
}

/// Copies what `data` at `at` and `out` at `offset` share.
fn overlay(at: u64, data: &[u8], offset: u64, out: &mut [u8]) {
    let from = at.max(offset);
    let to = (at + data.len() as u64).min(offset + out.len() as u64);
    if from < to {
        let index = |position: u64, base: u64| usize::try_from(position - base).unwrap_or(usize::MAX);
        out[index(from, offset)..index(to, offset)].copy_from_slice(&data[index(from, at)..index(to, at)]);
    }
}

impl StorageBackend for Deferred {
    fn len(&self) -> io::Result<u64> {
        if self.is_settled() { self.0.backend.len() } else { Ok(self.changes().len) }
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if self.is_settled() {
            return self.0.backend.read(offset, out);
        }
        let changes = self.changes();
        if offset + out.len() as u64 > changes.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let held = usize::try_from(changes.kept.saturating_sub(offset)).unwrap_or(usize::MAX).min(out.len());
        let (old, new) = out.split_at_mut(held);
        new.fill(0);
        if !old.is_empty() {
            self.0.backend.read(offset, old)?;
        }
        changes.cover(offset, out);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.bytes.store(len, Ordering::Relaxed);
        if self.is_settled() {
            return self.0.backend.set_len(len);
        }
        self.changes().resize(len);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        if self.is_settled() {
            return self.sync();
        }
        self.changes().made.push(Change::Sync);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        if self.is_settled() {
            return self.0.backend.write(offset, data);
        }
        self.changes().made.push(Change::Write(offset, data.to_vec()));
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        for (start, end) in std::mem::take(&mut *self.locked()) {
            self.0.backend.unlock_range(start, end).map_err(io::Error::other)?;
        }
        Ok(())
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.note(self.0.backend.try_lock_range(start, end), (start, end))
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.note(self.0.backend.try_lock_shared_range(start, end), (start, end))
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.note(self.0.backend.lock_range(start, end).map(|()| true), (start, end)).map(drop)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.note(self.0.backend.lock_shared_range(start, end).map(|()| true), (start, end)).map(drop)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.locked().retain(|range| *range != (start, end));
        self.0.backend.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.backend.query_lock_range(start, end)
    }
}
