//! A journal over anything that keeps numbered chunks of bytes: what the engines share.
//!
//! The journal is a log of chunks. Batches are appended at its end. Once history is compacted, the oldest chunks are
//! *cleaned*: what they hold that still counts is appended again and they are removed, both in one change. There is
//! no second copy of the state, a load writes everything once, and space is bounded by a ratio to what lives.
//!
//! ```text
//! oldest                                                          newest
//! ┌───────┐┌───────┐┌───────┐ ... ┌───────┐┌───────┐┌───────┐┌───────┐
//! │ chunk ││ chunk ││ chunk │     │ rows  ││ batch ││ batch ││ batch │ ◀─ append
//! └───┬───┘└───┬───┘└───────┘     └───▲───┘└───────┘└───────┘└───────┘
//!     └────────┴── what still counts ─┘
//! ```
//!
//! An engine implements [`Chunks`], six calls of which two do something; [`ChunkJournal`] is a
//! [`Journal`](super::mvcc::Journal) over it.

mod clean;
mod journal;
mod layout;
mod recover;
#[cfg(any(feature = "redb", feature = "sled"))]
pub(super) mod synced;
#[cfg(test)]
mod tests;

pub use journal::{ChunkJournal, ChunkOptions};

use super::StorageResult;
use std::fmt;
use std::ops::Range;

/// Keeps numbered chunks of bytes, a few dozen bytes to a few megabytes each.
///
/// # Contract
/// One caller at a time. [`Chunks::apply`] is atomic, and durable when it returns; after it failed either nothing or
/// all of the change is found. Until [`Chunks::settle`] was called nothing that the medium held is changed.
pub trait Chunks: Send + fmt::Debug + 'static {
    /// Hands out every chunk, in the order of their numbers, and stops at the first error.
    ///
    /// # Errors
    /// What the medium meets, and what `sink` answers.
    fn scan(&mut self, sink: &mut dyn FnMut(u64, &[u8]) -> StorageResult<()>) -> StorageResult<()>;

    /// The chunk `number`, which is held.
    ///
    /// # Errors
    /// What the medium meets.
    fn read(&mut self, number: u64) -> StorageResult<Vec<u8>>;

    /// What was held was understood: from now on it may be changed.
    ///
    /// # Errors
    /// What the medium meets.
    fn settle(&mut self) -> StorageResult<()>;

    /// Does all of `change`, or nothing; returns once it would survive a power cut.
    ///
    /// # Errors
    /// What the medium meets. Nothing is asked of the chunks any more then.
    fn apply(&mut self, change: &Change) -> StorageResult<()>;

    /// Bytes on the medium.
    fn disk(&self) -> u64;

    /// Bytes that may still be written as far as the medium can tell; `u64::MAX` where it cannot.
    fn room(&self) -> u64;

    /// Gives back to the system what was taken for chunks that are gone, if that is worth it for the `held` bytes
    /// that are left; at the most some tens of milliseconds of work. Called when nothing waits.
    ///
    /// # Errors
    /// What the medium meets.
    fn shrink(&mut self, held: u64) -> StorageResult<()>;
}

/// A change of many chunks at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The chunks to write, by number; one that is held already is replaced.
    pub put: Vec<(u64, Vec<u8>)>,
    /// The chunks to remove, all of which are held.
    pub remove: Range<u64>,
}
