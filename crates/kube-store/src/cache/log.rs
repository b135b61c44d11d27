//! The state of a resource and the changes that led to it.

use super::entry::Entry;
use super::filter::Term;
use super::index::Indexes;
use super::waiters::Reached;
use crate::objects::strategy::FieldTree;
use crate::storage::{Key, Revision};
use imbl::OrdMap;
use kube_core::error::ApiError;
use kube_core::resource::ResourceVersion;
use kube_core::view::RawObject;
use std::collections::VecDeque;
use std::sync::Arc;

/// How many changes are kept for watchers that are behind; the store's own history serves those further back.
const KEPT: usize = 16 * 1024;

/// One change of one object.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) revision: Revision,
    pub(super) old: Option<Arc<Entry>>,
    pub(super) new: Option<Arc<Entry>>,
}

impl Change {
    /// The last state of an object that is gone, with the version of its deletion.
    pub(super) fn last(&self) -> Option<RawObject> {
        let version = ResourceVersion::new(self.revision.get());
        self.old.as_ref().map(|old| old.raw.clone().at(version))
    }
}

/// Objects by the text behind the kind's prefix: the store's own order.
pub(super) type ObjectMap = OrdMap<Arc<str>, Arc<Entry>>;

/// The state of a resource and its latest changes.
#[derive(Debug)]
pub(super) struct Log {
    objects: ObjectMap,
    pub(super) indexes: Indexes,
    fields: Arc<FieldTree>,
    changes: VecDeque<Arc<Change>>,
    /// Number of the first change that is kept.
    first: u64,
    /// All changes after this revision are kept, one by one.
    floor: Revision,
    /// Changes up to this revision were dropped.
    dropped: Revision,
    /// Between these two revisions, both left out, the changes told were not all that happened.
    gap: (Revision, Revision),
    revision: Revision,
    synced: bool,
    ended: Option<ApiError>,
}

impl Log {
    /// An empty log of objects with these fields.
    pub(super) fn new(fields: Arc<FieldTree>) -> Self {
        Self {
            objects: ObjectMap::new(),
            indexes: Indexes::default(),
            fields,
            changes: VecDeque::new(),
            first: 0,
            floor: Revision::ZERO,
            dropped: Revision::ZERO,
            gap: (Revision::ZERO, Revision::ZERO),
            revision: Revision::ZERO,
            synced: false,
            ended: None,
        }
    }

    /// Behind the last change.
    pub(super) fn reached(&self) -> Reached {
        Reached { position: self.first + self.changes.len() as u64, revision: self.revision }
    }

    /// Begins the index by `term`, unless there is one.
    pub(super) fn begin_index(&mut self, term: &Term) {
        self.indexes.begin(term, &self.objects, &self.fields);
    }

    pub(super) fn objects(&self) -> &ObjectMap {
        &self.objects
    }

    /// Everything up to this revision is in.
    pub(super) fn revision(&self) -> Revision {
        self.revision
    }

    /// Whether the first state is in.
    pub(super) fn is_synced(&self) -> bool {
        self.synced
    }

    /// Why nothing more will come.
    pub(super) fn ended(&self) -> Option<&ApiError> {
        self.ended.as_ref()
    }

    pub(super) fn end(&mut self, error: ApiError) {
        self.ended = Some(error);
    }

    /// Whether all changes after `revision` are kept.
    pub(super) fn reaches(&self, revision: Revision) -> bool {
        revision >= self.floor
    }

    /// The end of the gap that `revision` lies in: whoever was told of changes up to there does not know the state
    /// of that revision, and cannot go on from it.
    pub(super) fn torn(&self, revision: Revision) -> Option<Revision> {
        let (start, end) = self.gap;
        (start < revision && revision < end).then_some(end)
    }

    /// Number of the first change after `revision`.
    pub(super) fn position(&self, revision: Revision) -> u64 {
        self.first + self.changes.partition_point(|change| change.revision <= revision) as u64
    }

    /// About `limit` changes from number `position` on, never a part of a revision; `None` when some of them are
    /// no longer kept.
    pub(super) fn after(&self, position: u64, limit: usize) -> Option<impl Iterator<Item = &Arc<Change>>> {
        let skipped = usize::try_from(position.checked_sub(self.first)?).ok()?;
        let mut last = None;
        let whole = move |(index, change): &(usize, &Arc<Change>)| {
            let more = *index < limit || last == Some(change.revision);
            last = Some(change.revision);
            more
        };
        let rest = self.changes.range(skipped.min(self.changes.len())..);
        Some(rest.enumerate().take_while(whole).map(|(_, change)| change))
    }

    pub(super) fn put(&mut self, key: &Arc<str>, entry: Entry, revision: Revision) {
        let new = Arc::new(entry);
        let old = self.objects.insert(key.clone(), new.clone());
        self.indexes.change(key, old.as_ref(), Some(&new), &self.fields);
        self.push(Change { revision, old, new: Some(new) });
    }

    pub(super) fn delete(&mut self, key: &Arc<str>, revision: Revision) {
        if let Some(old) = self.objects.remove(key) {
            self.indexes.change(key, Some(&old), None, &self.fields);
            self.push(Change { revision, old: Some(old), new: None });
        }
    }

    fn push(&mut self, change: Change) {
        self.changes.push_back(Arc::new(change));
        // Revisions are dropped as a whole, so that nobody is left in the middle of one.
        while self.changes.len() > KEPT || self.changes.front().is_some_and(|c| c.revision <= self.dropped) {
            if let Some(gone) = self.changes.pop_front() {
                self.dropped = self.dropped.max(gone.revision);
                self.floor = self.floor.max(gone.revision);
                self.first += 1;
            }
        }
    }

    /// Everything up to `revision` is in; tells whether that is news.
    pub(super) fn advance(&mut self, revision: Revision) -> bool {
        let news = revision > self.revision;
        self.revision = self.revision.max(revision);
        news
    }

    /// The state at `revision` replaces what is known: the first state silently, a later one as the changes that
    /// lead to it.
    pub(super) fn replace(&mut self, state: Vec<(Arc<str>, Entry)>, revision: Revision) {
        if self.synced {
            let mut gone = self.objects.clone();
            let mut changed = Vec::new();
            for (key, entry) in state {
                let known = gone.remove(&key);
                if known.is_none_or(|old| old.raw.version != entry.raw.version) {
                    changed.push((key, entry));
                }
            }
            // Each change at its own revision and in that order, so that a watcher may resume from any of them.
            changed.sort_by_key(|(_, entry)| entry.raw.version);
            for (key, entry) in changed {
                let revision = Revision::new(entry.raw.version.revision());
                self.put(&key, entry, revision);
            }
            for key in gone.keys() {
                self.delete(key, revision);
            }
            // What happened between is not known one by one.
            self.gap = (self.revision, revision);
            self.floor = self.floor.max(revision);
        } else {
            self.objects = state.into_iter().map(|(key, entry)| (key, Arc::new(entry))).collect();
            self.indexes.rebuild(&self.objects, &self.fields);
            self.floor = revision;
            self.synced = true;
        }
        self.advance(revision);
    }
}

/// The part of a store's key behind the prefix of its kind.
pub(super) fn suffix(key: &Key, prefix: &str) -> Arc<str> {
    key.as_str().strip_prefix(prefix).unwrap_or(key.as_str()).into()
}
