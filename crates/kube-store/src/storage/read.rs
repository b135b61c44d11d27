//! Reading: revisions, values, pages.

use super::{Key, TtlId};
use bytes::Bytes;
use std::fmt;
use std::sync::Arc;

/// A point in the history of a store. Zero is before the first write.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(u64);

impl Revision {
    /// Before the first write.
    pub const ZERO: Self = Self(0);

    /// Above every other.
    pub(super) const LAST: Self = Self(u64::MAX);

    /// Revision `n`.
    pub const fn new(n: u64) -> Self {
        Self(n)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The next revision.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A value with its history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyValue {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Bytes,
    /// Revision of the write that created the key.
    pub create_revision: Revision,
    /// Revision of the last write.
    pub mod_revision: Revision,
    /// Writes since the key was created, the creation being 1.
    pub version: u64,
    /// The time to live the key hangs on.
    pub ttl: Option<TtlId>,
}

/// Which revision a read wants to see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReadAt {
    /// The newest: includes every write acknowledged before the read began.
    #[default]
    Latest,
    /// Any revision not older than this; waits a little for it.
    AtLeast(Revision),
    /// This revision.
    Exactly(Revision),
    /// Whatever is at hand.
    Any,
}

/// The answer to a get.
#[derive(Clone, Debug)]
pub struct Got {
    /// The value; `None` when the key is absent at that revision.
    pub kv: Option<Arc<KeyValue>>,
    /// The revision read.
    pub revision: Revision,
}

/// How to list.
#[derive(Clone, Debug, Default)]
pub struct ListOptions {
    /// Which revision. With a `continue_from` its revision decides.
    pub at: ReadAt,
    /// How many at the most; 0 for all.
    pub limit: usize,
    /// Where the last page ended.
    pub continue_from: Option<Continue>,
}

/// Where a page ended: the next one goes on at the same revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Continue {
    /// The revision that all pages show; [`Revision::ZERO`] to go on at the newest, which may be inconsistent with
    /// the pages before.
    pub revision: Revision,
    /// The first key of the next page is at or after this text.
    pub start: Arc<str>,
}

impl Continue {
    /// The same place at the newest revision.
    #[must_use]
    pub fn at_newest(&self) -> Self {
        Self { revision: Revision::ZERO, start: self.start.clone() }
    }
}

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Page {
    /// The values, in key order.
    pub items: Vec<Arc<KeyValue>>,
    /// The revision shown.
    pub revision: Revision,
    /// How many more follow in the range; exact for embedded engines, 0 where the engine does not tell.
    pub remaining: u64,
    /// Where to go on; `None` at the end.
    pub next: Option<Continue>,
}
