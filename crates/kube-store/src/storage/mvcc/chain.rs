//! All versions of one key, the newest first.

use crate::storage::{KeyValue, Revision};
use std::sync::Arc;

/// The versions of one key. Cheap to clone; older clones do not see newer versions.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    newest: Arc<Version>,
    /// What counting and comparing need of the newest version, so that they need not follow the pointer.
    revision: Revision,
    live: bool,
}

#[derive(Debug)]
struct Version {
    revision: Revision,
    /// `None` where the key was deleted.
    kv: Option<Arc<KeyValue>>,
    previous: Option<Arc<Self>>,
    /// An older version further back (Myers' skip pointer), so that old revisions are found in logarithmic time.
    jump: Option<Arc<Self>>,
    depth: u32,
}

impl Chain {
    /// A chain of one version.
    pub(super) fn new(revision: Revision, kv: Option<Arc<KeyValue>>) -> Self {
        let live = kv.is_some();
        Self {
            newest: Arc::new(Version { revision, kv, previous: None, jump: None, depth: 0 }),
            revision,
            live,
        }
    }

    /// Adds the newest version.
    pub(super) fn push(&mut self, revision: Revision, kv: Option<Arc<KeyValue>>) {
        debug_assert!(revision > self.revision, "versions are added in order");
        let previous = self.newest.clone();
        let jump = Some(jump_from(&previous));
        let depth = previous.depth.saturating_add(1);
        (self.revision, self.live) = (revision, kv.is_some());
        self.newest = Arc::new(Version { revision, kv, previous: Some(previous), jump, depth });
    }

    /// Revision of the newest version.
    pub(super) fn revision(&self) -> Revision {
        self.revision
    }

    /// Whether `revision` shows a value.
    pub(super) fn is_live(&self, revision: Revision) -> bool {
        if self.revision <= revision { self.live } else { self.at(revision).is_some() }
    }

    /// The newest value; `None` when the key is deleted.
    pub(super) fn newest(&self) -> Option<&Arc<KeyValue>> {
        self.newest.kv.as_ref()
    }

    /// The value that `revision` shows.
    pub(super) fn at(&self, revision: Revision) -> Option<&Arc<KeyValue>> {
        let mut version = &self.newest;
        while version.revision > revision {
            version = match &version.jump {
                Some(jump) if jump.revision > revision => jump,
                _ => version.previous.as_ref()?,
            };
        }
        version.kv.as_ref()
    }

    /// The chain without the versions that no revision from `oldest` on shows; `None` when nothing is left.
    pub(super) fn pruned(&self, oldest: Revision) -> Option<Self> {
        let mut kept = Vec::new();
        let mut next = Some(&self.newest);
        while let Some(version) = next {
            if version.revision > oldest {
                kept.push(version);
                next = version.previous.as_ref();
            } else {
                // The newest one at or below `oldest` is what `oldest` shows; an absence needs no version.
                kept.extend(version.kv.is_some().then_some(version));
                break;
            }
        }
        let mut oldest_first = kept.into_iter().rev();
        let first = oldest_first.next()?;
        let mut chain = Self::new(first.revision, first.kv.clone());
        oldest_first.for_each(|version| chain.push(version.revision, version.kv.clone()));
        Some(chain)
    }

    /// How many versions are held.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        std::iter::successors(Some(&self.newest), |version| version.previous.as_ref()).count()
    }
}

fn jump_from(previous: &Arc<Version>) -> Arc<Version> {
    let Some(near) = &previous.jump else { return previous.clone() };
    match &near.jump {
        Some(far) if previous.depth - near.depth == near.depth - far.depth => far.clone(),
        _ => previous.clone(),
    }
}

impl Drop for Version {
    /// Frees the chain in a loop: a long one would overflow the stack.
    fn drop(&mut self) {
        // What a version jumps to is also held by the versions in between, so this frees nothing.
        self.jump = None;
        let mut next = self.previous.take();
        while let Some(mut version) = next.and_then(Arc::into_inner) {
            version.jump = None;
            next = version.previous.take();
        }
    }
}
