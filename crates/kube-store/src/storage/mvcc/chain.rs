//! All versions of one key, the oldest first.

use crate::storage::{KeyValue, Revision};
use std::sync::{Arc, OnceLock};

/// The versions of one key, shared by every state that shows it.
///
/// Versions are added in place, without copying anything: a reader stops at the revision that it knows of. There is
/// one writer.
#[derive(Debug)]
pub(super) struct Chain {
    first: Version,
    later: OnceLock<Box<Block>>,
}

#[derive(Debug)]
struct Version {
    revision: Revision,
    /// `None` where the key was deleted.
    kv: Option<Arc<KeyValue>>,
}

/// A run of versions, filled from the left. Each block is about twice as long as all before it, so that a chain has
/// few of them however long it is.
#[derive(Debug)]
struct Block {
    slots: Box<[OnceLock<Version>]>,
    next: OnceLock<Box<Self>>,
}

/// Slots of the first block: most keys are written a few times between two compactions.
const FIRST_BLOCK: usize = 3;

impl Chain {
    /// A chain of one version.
    pub(super) fn new(revision: Revision, kv: Option<Arc<KeyValue>>) -> Self {
        Self { first: Version { revision, kv }, later: OnceLock::new() }
    }

    /// Adds the newest version.
    pub(super) fn push(&self, revision: Revision, kv: Option<Arc<KeyValue>>) {
        debug_assert!(revision > self.revision(), "versions are added in order");
        let mut version = Version { revision, kv };
        let (mut next, mut len) = (&self.later, FIRST_BLOCK);
        loop {
            let block = next.get_or_init(|| Box::new(Block::new(len)));
            let filled = block.slots.partition_point(|slot| slot.get().is_some());
            if let Some(slot) = block.slots.get(filled) {
                // One writer: nobody else fills the slot in between.
                let Err(kept) = slot.set(version) else { return };
                version = kept;
            }
            len = block.slots.len() * 2;
            next = &block.next;
        }
    }

    /// Revision of the newest version.
    pub(super) fn revision(&self) -> Revision {
        self.version(Revision::LAST).map_or(Revision::ZERO, |version| version.revision)
    }

    /// Whether `revision` shows a value.
    pub(super) fn is_live(&self, revision: Revision) -> bool {
        self.at(revision).is_some()
    }

    /// The value that `revision` shows.
    pub(super) fn at(&self, revision: Revision) -> Option<&Arc<KeyValue>> {
        self.version(revision)?.kv.as_ref()
    }

    fn version(&self, revision: Revision) -> Option<&Version> {
        if self.first.revision > revision {
            return None;
        }
        let mut last: Option<&Block> = None;
        let mut next = self.later.get();
        while let Some(block) = next {
            if !block.slots.first().is_some_and(|slot| shows(slot, revision)) {
                break;
            }
            last = Some(block);
            next = block.next.get();
        }
        let Some(block) = last else { return Some(&self.first) };
        let shown = block.slots.partition_point(|slot| shows(slot, revision));
        block.slots.get(shown.checked_sub(1)?)?.get()
    }

    /// Whether there is something that no revision from `oldest` on shows.
    pub(super) fn is_prunable(&self, oldest: Revision) -> bool {
        let second = || self.later.get()?.slots.first()?.get();
        self.first.revision <= oldest
            && (self.first.kv.is_none() || second().is_some_and(|second| second.revision <= oldest))
    }

    /// Whether there is nothing to prune, ever.
    pub(super) fn is_settled(&self) -> bool {
        self.first.kv.is_some() && self.later.get().is_none()
    }

    /// The chain without the versions that no revision from `oldest` on shows; `None` when nothing is left.
    pub(super) fn pruned(&self, oldest: Revision) -> Option<Self> {
        // What `oldest` shows stays; an absence needs no version.
        let shown = self.version(oldest).filter(|version| version.kv.is_some());
        let mut kept = shown.into_iter().chain(self.versions().filter(|version| version.revision > oldest));
        let first = kept.next()?;
        let chain = Self::new(first.revision, first.kv.clone());
        let rest: Vec<Version> = kept.map(Version::copy).collect();
        if !rest.is_empty() {
            let block =
                Block { slots: rest.into_iter().map(OnceLock::from).collect(), next: OnceLock::new() };
            drop(chain.later.set(Box::new(block)));
        }
        Some(chain)
    }

    /// How many versions are held.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.versions().count()
    }

    /// Every version, the oldest first.
    fn versions(&self) -> impl Iterator<Item = &Version> {
        let blocks = std::iter::successors(self.later.get(), |block| block.next.get());
        let later = blocks.flat_map(|block| block.slots.iter().map_while(OnceLock::get));
        std::iter::once(&self.first).chain(later)
    }
}

impl Version {
    fn copy(&self) -> Self {
        Self { revision: self.revision, kv: self.kv.clone() }
    }
}

impl Block {
    fn new(len: usize) -> Self {
        Self { slots: (0..len).map(|_| OnceLock::new()).collect(), next: OnceLock::new() }
    }
}

/// Whether `revision` shows the version in `slot`, or a later one.
fn shows(slot: &OnceLock<Version>, revision: Revision) -> bool {
    slot.get().is_some_and(|version| version.revision <= revision)
}
