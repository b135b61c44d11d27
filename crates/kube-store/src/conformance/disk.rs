//! A simulated disk: a file whose unsynced writes may be lost, torn, or kept out of order when the power goes.
//!
//! A [`Disk`] behaves like a file and keeps a trace of every write and sync. Afterwards [`Disk::states`] makes, from
//! one seed, any number of states that a real disk could have been left in: power goes at some point of the trace,
//! what was synced before is there, and of the writes after the last sync each 512-byte sector may be there or not,
//! whatever came before or after it.

use kube_core::env::Rng;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a disk writes at once or not at all.
const SECTOR: usize = 512;

/// A file on a disk that may lose its power. Clones are the same file.
#[derive(Clone, Debug, Default)]
pub struct Disk(Arc<Mutex<File>>);

#[derive(Debug, Default)]
struct File {
    /// What was there before the trace began, synced.
    start: Vec<u8>,
    now: Vec<u8>,
    trace: Vec<Event>,
    /// Operations until everything fails; none for never.
    fails_after: Option<usize>,
}

#[derive(Clone, Debug)]
enum Event {
    Write { offset: usize, bytes: Vec<u8> },
    Len(usize),
    Sync,
}

/// What a disk was left with.
#[derive(Clone, Debug)]
pub struct DiskState {
    /// How much of the trace happened: compare with [`Disk::mark`].
    pub at: usize,
    /// The bytes of the file.
    pub bytes: Vec<u8>,
}

impl Disk {
    /// A file with these bytes, all of them safe.
    pub fn new(bytes: Vec<u8>) -> Self {
        let file = File { start: bytes.clone(), now: bytes, ..File::default() };
        Self(Arc::new(Mutex::new(file)))
    }

    /// How many bytes the file has.
    pub fn len(&self) -> usize {
        self.file().now.len()
    }

    /// Whether the file has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How much of the trace has happened by now.
    pub fn mark(&self) -> usize {
        self.file().trace.len()
    }

    /// Lets `operations` more writes and syncs happen, and fails every one after them.
    pub fn fail_after(&self, operations: usize) {
        self.file().fails_after = Some(operations);
    }

    /// Lets everything happen again.
    pub fn recover(&self) {
        self.file().fails_after = None;
    }

    /// What a power cut by now could leave; the same seed leaves the same.
    pub fn cut(&self, seed: u64) -> Vec<u8> {
        let file = self.file();
        let mut replay = Replay { safe: file.start.clone(), trace: file.trace.clone(), synced: 0 };
        replay.state(file.trace.len(), &mut Rng::forked(seed, "power cut"))
    }

    /// Reads into the whole of `out`.
    ///
    /// # Errors
    /// [`ErrorKind::UnexpectedEof`] beyond the end.
    pub fn read(&self, offset: usize, out: &mut [u8]) -> io::Result<()> {
        let file = self.file();
        let bytes = offset.checked_add(out.len()).and_then(|end| file.now.get(offset..end));
        out.copy_from_slice(bytes.ok_or(ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    /// Writes, without making it safe. A file grows as needed.
    ///
    /// # Errors
    /// Once the disk fails.
    pub fn write(&self, offset: usize, bytes: &[u8]) -> io::Result<()> {
        self.happens(Event::Write { offset, bytes: bytes.to_vec() })
    }

    /// Cuts or extends the file, without making it safe.
    ///
    /// # Errors
    /// Once the disk fails.
    pub fn set_len(&self, len: usize) -> io::Result<()> {
        self.happens(Event::Len(len))
    }

    /// Makes everything so far safe.
    ///
    /// # Errors
    /// Once the disk fails.
    pub fn sync(&self) -> io::Result<()> {
        self.happens(Event::Sync)
    }

    /// `count` states that a power cut could have left, in the order in which they could have come to be. The same
    /// seed gives the same states.
    pub fn states(&self, seed: u64, count: usize) -> impl Iterator<Item = DiskState> + use<> {
        let file = self.file();
        let mut rng = Rng::forked(seed, "power cuts");
        let mut cuts: Vec<usize> = (0..count).map(|_| rng.below(file.trace.len() + 1)).collect();
        cuts.sort_unstable();
        let mut replay = Replay { safe: file.start.clone(), trace: file.trace.clone(), synced: 0 };
        cuts.into_iter().map(move |at| DiskState { at, bytes: replay.state(at, &mut rng) })
    }

    fn happens(&self, event: Event) -> io::Result<()> {
        let mut file = self.file();
        if let Some(left) = file.fails_after {
            file.fails_after = Some(left.checked_sub(1).ok_or_else(|| io::Error::other("the disk failed"))?);
        }
        event.apply(&mut file.now);
        file.trace.push(event);
        Ok(())
    }

    fn file(&self) -> MutexGuard<'_, File> {
        // Every section is a few assignments.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Event {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write { offset, bytes: written } => put(bytes, *offset, written),
            Self::Len(len) => bytes.resize(*len, 0),
            Self::Sync => {}
        }
    }
}

/// Goes through a trace once, power cut by power cut.
struct Replay {
    /// Everything up to the last sync that was passed.
    safe: Vec<u8>,
    trace: Vec<Event>,
    synced: usize,
}

impl Replay {
    /// What a power cut right before event number `at` leaves.
    fn state(&mut self, at: usize, rng: &mut Rng) -> Vec<u8> {
        let passed = &self.trace[self.synced..at];
        if let Some(last) = passed.iter().rposition(|event| matches!(event, Event::Sync)) {
            passed[..=last].iter().for_each(|event| event.apply(&mut self.safe));
            self.synced += last + 1;
        }
        let mut bytes = self.safe.clone();
        let kept = share(rng);
        for event in &self.trace[self.synced..at] {
            match event {
                Event::Write { offset, bytes: written } => keep_some(&mut bytes, *offset, written, kept, rng),
                Event::Len(len) if rng.chance(kept) => bytes.resize(*len, 0),
                Event::Len(_) | Event::Sync => {}
            }
        }
        bytes
    }
}

/// A file on the way from `before` to `after`: of the sectors that differ some are written, and of a new length
/// some sectors or none. For media that cannot be simulated, and only be looked at between two syncs.
pub fn mixed(before: &[u8], after: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = before.to_vec();
    let kept = share(rng);
    for (at, later) in after.chunks(SECTOR).enumerate() {
        let from = at * SECTOR;
        let differs = before.get(from..from + later.len()).is_none_or(|old| old != later);
        if differs && rng.chance(kept) {
            put(&mut bytes, from, later);
        }
    }
    if after.len() < before.len() && rng.chance(kept) {
        bytes.truncate(after.len());
    }
    bytes
}

/// How much of what was not synced a disk keeps.
fn share(rng: &mut Rng) -> f64 {
    [0.0, 0.5, 0.9, 1.0][rng.below(4)]
}

/// Writes those sectors that made it to the disk.
fn keep_some(bytes: &mut Vec<u8>, offset: usize, written: &[u8], kept: f64, rng: &mut Rng) {
    let mut from = 0;
    while from < written.len() {
        // Sectors lie where the disk has them, not where the write begins.
        let to = (from + SECTOR - (offset + from) % SECTOR).min(written.len());
        if rng.chance(kept) {
            put(bytes, offset + from, &written[from..to]);
        }
        from = to;
    }
}

fn put(bytes: &mut Vec<u8>, offset: usize, written: &[u8]) {
    let end = offset + written.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    bytes[offset..end].copy_from_slice(written);
}
