//! Keys in order, each with its chain of versions.

#[cfg(test)]
mod tests;

use super::chain::Chain;
use crate::storage::{Key, Revision};
use std::iter::Peekable;
use std::slice;
use std::sync::{Arc, OnceLock};
use std::vec;

/// Keys in order: a persistent tree of three levels. Cheap to clone; a clone keeps what is pruned later.
///
/// New keys are added to a leaf in place, so that most writes copy nothing at all. A clone does see those; their
/// versions are above the revision that it shows. There is one writer.
#[derive(Clone, Debug, Default)]
pub(super) struct Map {
    branches: Arc<Vec<From<Arc<Branch>>>>,
}

/// Never empty.
type Branch = Vec<From<Arc<Leaf>>>;

/// What holds the keys from a text on, up to that of the next. The first of all holds those before it as well.
#[derive(Clone, Debug)]
struct From<T> {
    text: Arc<str>,
    then: T,
}

#[derive(Debug)]
struct Leaf {
    /// In key order.
    sorted: Box<[Entry]>,
    /// Those that came since, in the order in which they came.
    fresh: [OnceLock<Entry>; FRESH],
}

/// A key and its versions.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    key: Key,
    pub(super) chain: Arc<Chain>,
}

/// How many keys a leaf takes in place. More make creates cheaper, and looking for absent keys dearer.
const FRESH: usize = 24;
/// With more sorted keys a leaf falls into two.
const LEAF: usize = 128;
/// With more leaves a branch falls into two.
const BRANCH: usize = 64;

impl Map {
    /// The chain of `key`.
    pub(super) fn get(&self, key: &str) -> Option<&Arc<Chain>> {
        let branch = &self.branches.get(below(&self.branches, key))?.then;
        branch.get(below(branch, key))?.then.get(key)
    }

    /// Adds a key that is not there.
    pub(super) fn insert(&mut self, key: Key, chain: Chain) {
        let mut entry = Entry { key, chain: Arc::new(chain) };
        let Some((at, leaf)) = self.leaf(entry.key.as_str()) else {
            let branch = vec![From { text: "".into(), then: Leaf::new(vec![entry]) }];
            self.branches = Arc::new(vec![From { text: "".into(), then: Arc::new(branch) }]);
            return;
        };
        if let Some(slot) = leaf.fresh.iter().find(|slot| slot.get().is_none()) {
            let Err(kept) = slot.set(entry) else { return };
            // With one writer nobody else fills the slot in between; if so, the leaf is made anew.
            entry = kept;
        }
        let mut entries: Vec<Entry> = leaf.between("", None).cloned().collect();
        entries.insert(entries.partition_point(|held| held.key < entry.key), entry);
        self.replace(at, entries);
    }

    /// The entries from `start` on, up to and without `end`.
    pub(super) fn range<'a>(
        &'a self,
        start: &'a str,
        end: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Entry> + use<'a> {
        let first = below(&self.branches, start);
        let branches = self.branches.get(first..).unwrap_or_default();
        let leaves = branches.iter().enumerate().flat_map(move |(index, branch)| {
            let first = if index == 0 { below(&branch.then, start) } else { 0 };
            branch.then.get(first..).unwrap_or_default()
        });
        let within =
            move |index: usize, leaf: &From<Arc<Leaf>>| index == 0 || end.is_none_or(|end| *leaf.text < *end);
        leaves
            .enumerate()
            .take_while(move |(index, leaf)| within(*index, leaf))
            .flat_map(move |(_, leaf)| leaf.then.between(start, end))
    }

    /// Prunes the chains of `keys`, which are in order, to what revisions from `oldest` on show.
    pub(super) fn prune<'a>(&mut self, keys: impl Iterator<Item = &'a Key>, oldest: Revision) {
        let mut keys = keys.peekable();
        while let Some(first) = keys.peek() {
            let Some((at, leaf)) = self.leaf(first.as_str()) else { return };
            let leaf = leaf.clone();
            let mut touched = Vec::new();
            touched.extend(keys.next());
            while let Some(key) = keys.next_if(|key| self.is_in(at, key)) {
                touched.push(key);
            }
            self.replace(at, leaf.pruned(&touched, oldest));
        }
    }

    /// Where the leaf that has room for `key` is.
    fn leaf(&self, key: &str) -> Option<((usize, usize), &Arc<Leaf>)> {
        let first = below(&self.branches, key);
        let branch = &self.branches.get(first)?.then;
        let second = below(branch, key);
        Some(((first, second), &branch.get(second)?.then))
    }

    /// Whether `key`, which is not below the leaf at `at`, belongs there.
    fn is_in(&self, at: (usize, usize), key: &Key) -> bool {
        self.leaf(key.as_str()).is_some_and(|(place, _)| place == at)
    }

    /// Makes `entries` the keys of the leaf at `at`.
    fn replace(&mut self, at: (usize, usize), mut entries: Vec<Entry>) {
        let branches = Arc::make_mut(&mut self.branches);
        let Some(branch) = branches.get_mut(at.0).map(|branch| Arc::make_mut(&mut branch.then)) else {
            return;
        };
        if entries.is_empty() {
            branch.remove(at.1);
            if branch.is_empty() {
                branches.remove(at.0);
            }
            return;
        }
        let upper = if entries.len() > LEAF { entries.split_off(entries.len() / 2) } else { Vec::new() };
        if let Some(leaf) = branch.get_mut(at.1) {
            leaf.then = Leaf::new(entries);
        }
        if let Some(first) = upper.first() {
            let text = first.key.as_str().into();
            branch.insert(at.1 + 1, From { text, then: Leaf::new(upper) });
        }
        if branch.len() > BRANCH {
            let upper = branch.split_off(BRANCH / 2);
            if let Some(text) = upper.first().map(|first| first.text.clone()) {
                branches.insert(at.0 + 1, From { text, then: Arc::new(upper) });
            }
        }
    }
}

/// Which of `list` has room for `key`.
fn below<T>(list: &[From<T>], key: &str) -> usize {
    list.partition_point(|from| *from.text <= *key).saturating_sub(1)
}

impl Leaf {
    fn new(sorted: Vec<Entry>) -> Arc<Self> {
        Arc::new(Self { sorted: sorted.into(), fresh: std::array::from_fn(|_| OnceLock::new()) })
    }

    fn get(&self, key: &str) -> Option<&Arc<Chain>> {
        let found = match self.sorted.binary_search_by(|entry| entry.key.as_str().cmp(key)) {
            Ok(at) => self.sorted.get(at),
            Err(_) => self.fresh().find(|entry| entry.key.as_str() == key),
        };
        found.map(|entry| &entry.chain)
    }

    fn fresh(&self) -> impl Iterator<Item = &Entry> {
        self.fresh.iter().map_while(OnceLock::get)
    }

    /// The entries from `start` on, up to and without `end`.
    fn between(&self, start: &str, end: Option<&str>) -> Merged<'_> {
        let below = |text: &str| self.sorted.partition_point(|entry| entry.key.as_str() < text);
        let end = end.filter(|end| {
            self.sorted.last().is_some_and(|last| last.key.as_str() >= *end) || self.has_fresh()
        });
        let (first, last) = (below(start), end.map_or(self.sorted.len(), below));
        let sorted = self.sorted.get(first..last).unwrap_or_default();
        let inside =
            |entry: &&Entry| entry.key.as_str() >= start && end.is_none_or(|end| entry.key.as_str() < end);
        let mut fresh: Vec<&Entry> = self.fresh().filter(inside).collect();
        fresh.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        Merged { sorted: sorted.iter().peekable(), fresh: fresh.into_iter().peekable() }
    }

    fn has_fresh(&self) -> bool {
        self.fresh().next().is_some()
    }

    /// The entries, the chains of `keys` pruned.
    fn pruned(&self, keys: &[&Key], oldest: Revision) -> Vec<Entry> {
        let mut keys = keys.iter().copied().peekable();
        let pruned = |entry: &Entry| {
            if keys.next_if(|key| **key == entry.key).is_none() {
                return Some(entry.clone());
            }
            let chain = Arc::new(entry.chain.pruned(oldest)?);
            Some(Entry { key: entry.key.clone(), chain })
        };
        self.between("", None).filter_map(pruned).collect()
    }
}

/// The entries of a leaf, in key order.
struct Merged<'a> {
    sorted: Peekable<slice::Iter<'a, Entry>>,
    fresh: Peekable<vec::IntoIter<&'a Entry>>,
}

impl<'a> Iterator for Merged<'a> {
    type Item = &'a Entry;

    fn next(&mut self) -> Option<Self::Item> {
        let Some(fresh) = self.fresh.peek() else { return self.sorted.next() };
        match self.sorted.peek() {
            Some(sorted) if sorted.key < fresh.key => self.sorted.next(),
            _ => self.fresh.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = self.sorted.len() + self.fresh.len();
        (len, Some(len))
    }
}
