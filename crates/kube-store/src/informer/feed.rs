//! What a watch delivered, turned into steps: ordering, resuming, relisting. No waiting, no locks.

use super::table::Entry;
use crate::mutant::{self, Mutant};
use crate::service::{ObjectEvent, WatchStart};
use crate::storage::Revision;
use crate::unreadable::Unreadable;
use kube_core::error::ApiError;
use kube_core::resource::ObjectKey;
use kube_core::view::{RawObject, View};
use std::collections::BTreeMap;

/// Where an informer stands in the history of its kind.
#[derive(Debug)]
pub(super) struct Feed<V> {
    /// Every change up to here was taken; `None` when only a whole new state helps.
    taken: Option<Revision>,
    /// The newest revision that any change or bookmark told of. Several changes may share it, so it is not
    /// certain that all of them were taken.
    newest: Revision,
    /// Every change up to here was applied.
    whole: Revision,
    /// The initial state as far as it came; `None` once it is complete.
    staged: Option<BTreeMap<ObjectKey, Entry<V>>>,
    /// What did not decode since somebody asked.
    unreadable: Vec<Unreadable>,
}

/// What an event comes to.
#[derive(Debug)]
pub(super) enum Taken<V> {
    /// Nothing.
    Nothing,
    /// One object changes.
    Step(Step<V>),
    /// A whole state, as of a revision, replaces everything.
    State(BTreeMap<ObjectKey, Entry<V>>, Revision),
}

/// What to do about one object.
#[derive(Debug)]
pub(super) enum Step<V> {
    /// Put it in its place.
    Insert(ObjectKey, Entry<V>),
    /// Take it out, as of a revision.
    Remove(ObjectKey, Revision),
}

impl<V: View> Feed<V> {
    pub(super) fn new() -> Self {
        Self {
            taken: None,
            newest: Revision::ZERO,
            whole: Revision::ZERO,
            staged: None,
            unreadable: Vec::new(),
        }
    }

    /// Where the next watch has to begin.
    pub(super) fn begin(&mut self) -> WatchStart {
        // What came of a revision that broke in the middle was given up.
        self.newest = self.whole.max(self.certain());
        self.staged = self.taken.is_none().then(BTreeMap::new);
        let taken = if mutant::is(Mutant::SkipsOnReconnect) {
            self.taken.map(|_| self.newest.next())
        } else {
            self.taken
        };
        taken.map_or(WatchStart::Initial, WatchStart::After)
    }

    /// The next watch has to begin anew: history after [`Feed::begin`]'s revision is gone.
    pub(super) fn expire(&mut self) {
        self.taken = None;
    }

    /// Everything that was taken so far is applied, and whole.
    pub(super) fn settle(&mut self) {
        self.whole = self.newest;
    }

    /// The newest revision told of, once no more events are at hand: whatever shares it came with it.
    pub(super) fn newest(&self) -> Revision {
        self.newest
    }

    /// The revision up to which certainly everything was taken.
    pub(super) fn certain(&self) -> Revision {
        self.taken.unwrap_or_default()
    }

    /// What did not decode since this was asked before.
    pub(super) fn unreadable(&mut self) -> Vec<Unreadable> {
        std::mem::take(&mut self.unreadable)
    }

    /// Whether the event belongs to no revision that was told of before, so that these are whole.
    pub(super) fn is_beyond(&self, event: &ObjectEvent) -> bool {
        match event {
            ObjectEvent::Added(raw) | ObjectEvent::Modified(raw) | ObjectEvent::Deleted(raw) => {
                raw.version.revision() > self.newest.get()
            }
            ObjectEvent::Bookmark(_) => true,
        }
    }

    /// Takes the next event. `known` tells what the informer holds; of a step it is seen when it is applied.
    ///
    /// # Errors
    /// An initial state that is older than what was taken before: the service has to be asked again.
    pub(super) fn take(
        &mut self,
        event: ObjectEvent,
        known: impl FnOnce(&ObjectKey) -> Option<Entry<V>>,
    ) -> Result<Taken<V>, ApiError> {
        match event {
            ObjectEvent::Added(raw) | ObjectEvent::Modified(raw) => Ok(self.present(&raw, known)),
            ObjectEvent::Deleted(raw) => Ok(self.gone(&raw)),
            ObjectEvent::Bookmark(revision) => self.bookmark(revision),
        }
    }

    fn present(&mut self, raw: &RawObject, known: impl FnOnce(&ObjectKey) -> Option<Entry<V>>) -> Taken<V> {
        let key = raw.key();
        if self.staged.is_some() {
            // An unchanged object was decoded before.
            let same = known(&key).filter(|known| known.version == raw.version);
            let entry = same.or_else(|| self.decode(&key, raw));
            if let Some(staged) = &mut self.staged {
                match entry {
                    Some(entry) => staged.insert(key, entry),
                    None => staged.remove(&key),
                };
            }
            return Taken::Nothing;
        }
        let revision = Revision::new(raw.version.revision());
        if !self.reach(revision) {
            return Taken::Nothing;
        }
        Taken::Step(match self.decode(&key, raw) {
            Some(entry) => Step::Insert(key, entry),
            // What was there before is no longer true.
            None => Step::Remove(key, revision),
        })
    }

    fn gone(&mut self, raw: &RawObject) -> Taken<V> {
        let key = raw.key();
        if let Some(staged) = &mut self.staged {
            staged.remove(&key);
            return Taken::Nothing;
        }
        let revision = Revision::new(raw.version.revision());
        if self.reach(revision) { Taken::Step(Step::Remove(key, revision)) } else { Taken::Nothing }
    }

    fn bookmark(&mut self, revision: Revision) -> Result<Taken<V>, ApiError> {
        let Some(staged) = self.staged.take() else {
            self.taken = self.taken.max(Some(revision));
            self.newest = self.newest.max(revision);
            self.whole = self.newest;
            return Ok(Taken::Nothing);
        };
        if revision < self.newest {
            let told = format!("a state at revision {revision} after one at {}", self.newest);
            return Err(ApiError::unavailable(told));
        }
        self.taken = Some(revision);
        self.newest = revision;
        self.whole = revision;
        Ok(Taken::State(staged, revision))
    }

    /// Whether a change at `revision` can be news; if so, everything before it was delivered.
    fn reach(&mut self, revision: Revision) -> bool {
        if self.taken.is_some_and(|taken| revision <= taken) {
            return false;
        }
        if revision > self.newest {
            self.newest = revision;
            // Other changes of the same revision may follow, and the watch may break before them.
            self.taken = Some(Revision::new(revision.get() - 1));
        }
        true
    }

    fn decode(&mut self, key: &ObjectKey, raw: &RawObject) -> Option<Entry<V>> {
        match V::decode_shared(raw) {
            Ok(view) => Some(Entry { view, version: raw.version }),
            Err(error) => {
                let revision = Revision::new(raw.version.revision());
                self.unreadable.push(Unreadable::new(key, revision, &raw.bytes, &error));
                None
            }
        }
    }
}
