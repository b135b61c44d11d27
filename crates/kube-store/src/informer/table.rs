//! The objects an informer holds, and the indexes over them: persistent, so that readers take a copy and go.

use super::feed::Step;
use super::{Change, Index};
use crate::mutant::{self, Mutant};
use crate::storage::Revision;
use imbl::OrdMap;
use kube_core::resource::{ObjectKey, ResourceVersion};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// One object at one version.
#[derive(Debug)]
pub(super) struct Entry<V> {
    pub(super) view: Arc<V>,
    pub(super) version: ResourceVersion,
}

impl<V> Clone for Entry<V> {
    fn clone(&self) -> Self {
        Self { view: self.view.clone(), version: self.version }
    }
}

/// Objects by key, and by the values of each index.
#[derive(Debug)]
pub(super) struct Table<V> {
    objects: OrdMap<ObjectKey, Entry<V>>,
    postings: Vec<Posting<V>>,
}

/// One index: objects by value, then by key.
#[derive(Debug)]
struct Posting<V> {
    index: Index<V>,
    objects: OrdMap<(Arc<str>, ObjectKey), Arc<V>>,
}

/// The smallest key: where the objects of one value begin.
static FIRST: LazyLock<ObjectKey> = LazyLock::new(|| ObjectKey::cluster(""));

impl<V> Table<V> {
    pub(super) fn new() -> Self {
        Self { objects: OrdMap::new(), postings: Vec::new() }
    }

    pub(super) fn get(&self, key: &ObjectKey) -> Option<&Entry<V>> {
        self.objects.get(key)
    }

    pub(super) fn len(&self) -> usize {
        self.objects.len()
    }

    /// The objects in key order: a copy that costs nothing.
    pub(super) fn objects(&self) -> OrdMap<ObjectKey, Entry<V>> {
        self.objects.clone()
    }

    /// The objects that index `name` has under `value`, in key order; `None` when there is no such index.
    pub(super) fn by_index(
        &self,
        name: &str,
        value: &str,
    ) -> Option<impl Iterator<Item = (&ObjectKey, &Arc<V>)> + use<'_, V>> {
        let posting = self.postings.iter().find(|posting| posting.index.name() == name)?;
        let value: Arc<str> = value.into();
        let found = posting.objects.range((value.clone(), FIRST.clone())..);
        Some(found.take_while(move |((of, _), _)| *of == value).map(|((_, key), view)| (key, view)))
    }

    /// Adds an index over the present objects, unless there is one of that name.
    pub(super) fn add_index(&mut self, index: Index<V>) {
        if self.postings.iter().any(|posting| posting.index.name() == index.name()) {
            return;
        }
        let mut posting = Posting { index, objects: OrdMap::new() };
        for (key, entry) in &self.objects {
            posting.replace(key, None, Some(&entry.view));
        }
        self.postings.push(posting);
    }

    /// Adds the indexes of `other` that are missing here.
    pub(super) fn add_indexes_of(&mut self, other: &Self) {
        for posting in &other.postings {
            self.add_index(posting.index.clone());
        }
    }

    /// Changes one object, unless what is here is as new: a revision of which a part was applied comes again.
    pub(super) fn apply(&mut self, step: Step<V>) -> Option<Change<V>> {
        match step {
            Step::Insert(key, entry) => self.insert(key, entry),
            Step::Remove(key, revision) => {
                let older = self.get(&key).is_some_and(|known| known.version.revision() < revision.get());
                let old = if older { self.remove(&key) } else { None };
                old.map(|old| Change { key, old: Some(old), new: None, revision, initial: false })
            }
        }
    }

    /// Puts an object in its place, unless what stands there is as new.
    fn insert(&mut self, key: ObjectKey, entry: Entry<V>) -> Option<Change<V>> {
        // Put there first, and looked at then: mostly it is news.
        match self.objects.insert(key.clone(), entry.clone()) {
            Some(old) if old.version >= entry.version => {
                self.objects.insert(key, old);
                None
            }
            old => Some(self.inserted(key, entry, old)),
        }
    }

    /// Follows an object that took the place of another.
    fn inserted(&mut self, key: ObjectKey, entry: Entry<V>, old: Option<Entry<V>>) -> Change<V> {
        let Entry { view, version } = entry;
        let old = old.map(|old| old.view);
        for posting in &mut self.postings {
            posting.replace(&key, old.as_deref(), Some(&view));
        }
        let revision = Revision::new(version.revision());
        Change { key, old, new: Some(view), revision, initial: false }
    }

    /// Takes an object out.
    fn remove(&mut self, key: &ObjectKey) -> Option<Arc<V>> {
        let old = self.objects.remove(key)?.view;
        for posting in &mut self.postings {
            posting.replace(key, Some(&old), None);
        }
        Some(old)
    }

    /// Makes `wanted` the content and returns the differences in key order. Objects that are gone get `revision`.
    pub(super) fn replace(
        &mut self,
        wanted: BTreeMap<ObjectKey, Entry<V>>,
        revision: Revision,
    ) -> Vec<Change<V>> {
        let mut changes = Vec::new();
        for (key, _) in &self.objects() {
            if !wanted.contains_key(key) && !mutant::is(Mutant::KeepsGoneObjects) {
                let old = self.remove(key);
                changes.push(Change { key: key.clone(), old, new: None, revision, initial: false });
            }
        }
        for (key, entry) in wanted {
            if self.get(&key).is_some_and(|known| known.version == entry.version) {
                continue;
            }
            let old = self.objects.insert(key.clone(), entry.clone());
            changes.push(self.inserted(key, entry, old));
        }
        changes.sort_by(|a, b| a.key.cmp(&b.key));
        changes
    }
}

impl<V> Clone for Table<V> {
    fn clone(&self) -> Self {
        Self { objects: self.objects.clone(), postings: self.postings.clone() }
    }
}

impl<V> Posting<V> {
    fn replace(&mut self, key: &ObjectKey, old: Option<&V>, new: Option<&Arc<V>>) {
        let values = new.map_or_else(Vec::new, |new| self.index.values(new));
        for value in old.map_or_else(Vec::new, |old| self.index.values(old)) {
            if !values.contains(&value) {
                self.objects.remove(&(value, key.clone()));
            }
        }
        if let Some(new) = new {
            for value in values {
                self.objects.insert((value, key.clone()), new.clone());
            }
        }
    }
}

impl<V> Clone for Posting<V> {
    fn clone(&self) -> Self {
        Self { index: self.index.clone(), objects: self.objects.clone() }
    }
}
