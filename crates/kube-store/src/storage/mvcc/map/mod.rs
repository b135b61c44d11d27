//! Keys in order, each with its chain of versions.

mod sorted;
#[cfg(test)]
mod tests;

use super::chain::Chain;
use crate::storage::{Key, KeyValue, Revision};
use sorted::Heads;
use std::iter::Peekable;
use std::slice;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::vec;

/// Keys in order: a persistent tree of three levels. Cheap to clone; a clone keeps what is pruned later.
///
/// New keys are added to a leaf in place, so that most writes copy nothing at all. A clone does see those; their
/// versions are above the revision that it shows. There is one writer.
#[derive(Clone, Debug, Default)]
pub(super) struct Map {
    branches: Arc<Parts<Arc<Branch>>>,
}

/// Never empty.
type Branch = Parts<Arc<Leaf>>;

/// What holds the keys from a text on, up to that of the next. The first of all holds those before it as well.
#[derive(Clone, Debug)]
struct Part<T> {
    from: Arc<str>,
    then: T,
}

/// Parts in order.
#[derive(Clone, Debug)]
struct Parts<T> {
    list: Vec<Part<T>>,
    heads: Heads,
}

#[derive(Debug)]
struct Leaf {
    /// In key order.
    sorted: Box<[Arc<Entry>]>,
    heads: Heads,
    /// Those that came since, in the order in which they came.
    fresh: [OnceLock<Arc<Entry>>; FRESH],
    /// Whether some key has, or may have, what can be pruned once it is old enough.
    stale: AtomicBool,
}

/// A key and its versions, in one piece: copying a leaf counts one reference per key.
#[derive(Debug)]
pub(super) struct Entry {
    key: Key,
    pub(super) chain: Chain,
}

/// How many keys a leaf takes in place. More make creates cheaper, and looking for absent keys dearer.
const FRESH: usize = 24;
/// With more sorted keys a leaf falls into two.
const LEAF: usize = 128;
/// With more leaves a branch falls into two.
const BRANCH: usize = 64;

impl Map {
    /// The chain of `key`.
    pub(super) fn get(&self, key: &str) -> Option<&Chain> {
        self.leaf(key)?.1.get(key)
    }

    /// Adds the newest version of `key`.
    pub(super) fn write(&mut self, key: &Key, revision: Revision, kv: Option<Arc<KeyValue>>) {
        let Some((at, leaf)) = self.leaf(key.as_str()) else {
            let leaf = Leaf::new(vec![Entry::new(key, revision, kv)], true);
            let branch = Parts::of(vec![Part { from: "".into(), then: leaf }]);
            self.branches = Arc::new(Parts::of(vec![Part { from: "".into(), then: Arc::new(branch) }]));
            return;
        };
        if let Some(chain) = leaf.get(key.as_str()) {
            leaf.stale.store(true, Ordering::Relaxed);
            return chain.push(revision, kv);
        }
        if kv.is_none() {
            leaf.stale.store(true, Ordering::Relaxed);
        }
        let mut entry = Entry::new(key, revision, kv);
        let filled = leaf.fresh.partition_point(|slot| slot.get().is_some());
        if let Some(slot) = leaf.fresh.get(filled) {
            let Err(kept) = slot.set(entry) else { return };
            // With one writer nobody else fills the slot in between; if so, the leaf is made anew.
            entry = kept;
        }
        let stale = leaf.is_stale();
        let mut entries: Vec<Arc<Entry>> = leaf.between("", None).cloned().collect();
        entries.insert(entries.partition_point(|held| held.key < entry.key), entry);
        self.replace(at, entries, stale);
    }

    /// The entries from `start` on, up to and without `end`.
    pub(super) fn range<'a>(
        &'a self,
        start: &'a str,
        end: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Arc<Entry>> + use<'a> {
        let branches = self.branches.list.get(self.branches.holding(start)..).unwrap_or_default();
        let leaves = branches.iter().enumerate().flat_map(move |(index, branch)| {
            let first = if index == 0 { branch.then.holding(start) } else { 0 };
            branch.then.list.get(first..).unwrap_or_default()
        });
        let begins = move |leaf: &Part<Arc<Leaf>>| end.is_none_or(|end| *leaf.from < *end);
        leaves
            .enumerate()
            .take_while(move |(index, leaf)| *index == 0 || begins(leaf))
            .flat_map(move |(_, leaf)| leaf.then.between(start, end))
    }

    /// Prunes to what revisions from `oldest` on show, from the leaf that has room for `from` on, until about `budget`
    /// keys were looked at; answers where to go on.
    pub(super) fn prune(&mut self, mut from: Arc<str>, oldest: Revision, budget: usize) -> Option<Arc<str>> {
        let mut looked = 0;
        while looked < budget {
            let (at, leaf) = self.leaf(&from)?;
            let next = self.after(at);
            looked += 1;
            if leaf.is_stale() {
                looked += leaf.sorted.len();
                if let Some((entries, stale)) = leaf.pruned(oldest) {
                    self.replace(at, entries, stale);
                }
            }
            from = next?;
        }
        Some(from)
    }

    /// The leaf that has room for `key`, and where it is.
    fn leaf(&self, key: &str) -> Option<((usize, usize), &Arc<Leaf>)> {
        let first = self.branches.holding(key);
        let branch = &self.branches.list.get(first)?.then;
        let second = branch.holding(key);
        Some(((first, second), &branch.list.get(second)?.then))
    }

    /// Where the leaf behind that at `at` begins.
    fn after(&self, at: (usize, usize)) -> Option<Arc<str>> {
        let branches = &self.branches.list;
        let beside = branches.get(at.0)?.then.list.get(at.1 + 1);
        let next = || branches.get(at.0 + 1)?.then.list.first();
        beside.or_else(next).map(|leaf| leaf.from.clone())
    }

    /// Makes `entries` the keys of the leaf at `at`.
    fn replace(&mut self, at: (usize, usize), mut entries: Vec<Arc<Entry>>, stale: bool) {
        let branches = Arc::make_mut(&mut self.branches);
        let Some(branch) = branches.list.get_mut(at.0).map(|part| Arc::make_mut(&mut part.then)) else {
            return;
        };
        let upper = if entries.len() > LEAF { entries.split_off(entries.len() / 2) } else { Vec::new() };
        if entries.is_empty() {
            branch.change(|list| drop(list.remove(at.1)));
        } else if let Some(leaf) = branch.list.get_mut(at.1) {
            leaf.then = Leaf::new(entries, stale);
        }
        if let Some(first) = upper.first() {
            let from = first.key.as_str().into();
            branch.change(|list| list.insert(at.1 + 1, Part { from, then: Leaf::new(upper, stale) }));
        }
        if branch.list.is_empty() {
            branches.change(|list| drop(list.remove(at.0)));
        } else if branch.list.len() > BRANCH {
            let mut upper = Vec::new();
            branch.change(|list| upper = list.split_off(BRANCH / 2));
            if let Some(from) = upper.first().map(|first| first.from.clone()) {
                let then = Arc::new(Parts::of(upper));
                branches.change(|list| list.insert(at.0 + 1, Part { from, then }));
            }
        }
    }
}

impl<T> Parts<T> {
    fn of(list: Vec<Part<T>>) -> Self {
        let heads = Heads::of(list.len(), |at| list.get(at).map_or("", |part| &part.from));
        Self { list, heads }
    }

    fn change(&mut self, change: impl FnOnce(&mut Vec<Part<T>>)) {
        change(&mut self.list);
        *self = Self::of(std::mem::take(&mut self.list));
    }

    /// Which of them has room for `key`.
    fn holding(&self, key: &str) -> usize {
        match self.heads.find(key, |at| self.list.get(at).map_or("", |part| &part.from)) {
            Ok(at) => at,
            Err(below) => below.saturating_sub(1),
        }
    }
}

impl<T> Default for Parts<T> {
    fn default() -> Self {
        Self::of(Vec::new())
    }
}

impl Leaf {
    fn new(sorted: Vec<Arc<Entry>>, stale: bool) -> Arc<Self> {
        let heads = Heads::of(sorted.len(), |at| text(&sorted, at));
        let fresh = std::array::from_fn(|_| OnceLock::new());
        Arc::new(Self { sorted: sorted.into(), heads, fresh, stale: stale.into() })
    }

    fn is_stale(&self) -> bool {
        // Written and read by the one writer.
        self.stale.load(Ordering::Relaxed)
    }

    fn get(&self, key: &str) -> Option<&Chain> {
        let found = match self.heads.find(key, |at| text(&self.sorted, at)) {
            Ok(at) => self.sorted.get(at),
            Err(_) => self.fresh().find(|entry| entry.key.as_str() == key),
        };
        found.map(|entry| &entry.chain)
    }

    fn fresh(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.fresh.iter().map_while(OnceLock::get)
    }

    /// The entries from `start` on, up to and without `end`.
    fn between(&self, start: &str, end: Option<&str>) -> Merged<'_> {
        let below = |wanted: &str| self.heads.below(wanted, |at| text(&self.sorted, at));
        let sorted = self.sorted.get(below(start)..end.map_or(self.sorted.len(), below)).unwrap_or_default();
        let inside = |entry: &&Arc<Entry>| {
            entry.key.as_str() >= start && end.is_none_or(|end| entry.key.as_str() < end)
        };
        let mut fresh: Vec<&Arc<Entry>> = self.fresh().filter(inside).collect();
        fresh.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        Merged { sorted: sorted.iter().peekable(), fresh: fresh.into_iter().peekable() }
    }

    /// The entries with their chains pruned, and whether something is left to prune later; `None` when nothing is to be
    /// pruned now.
    fn pruned(&self, oldest: Revision) -> Option<(Vec<Arc<Entry>>, bool)> {
        let mut entries = self.fresh().chain(&self.sorted);
        if !entries.any(|entry| entry.chain.is_prunable(oldest)) {
            let mut entries = self.fresh().chain(&self.sorted);
            self.stale.store(!entries.all(|entry| entry.chain.is_settled()), Ordering::Relaxed);
            return None;
        }
        let mut stale = false;
        let pruned = |entry: &Arc<Entry>| {
            let kept = if entry.chain.is_prunable(oldest) {
                Arc::new(Entry { key: entry.key.clone(), chain: entry.chain.pruned(oldest)? })
            } else {
                entry.clone()
            };
            stale |= !kept.chain.is_settled();
            Some(kept)
        };
        let entries = self.between("", None).filter_map(pruned).collect();
        Some((entries, stale))
    }
}

impl Entry {
    fn new(key: &Key, revision: Revision, kv: Option<Arc<KeyValue>>) -> Arc<Self> {
        Arc::new(Self { key: key.clone(), chain: Chain::new(revision, kv) })
    }
}

/// The key at `at`, for [`Heads`], which asks for none that is not there.
fn text(entries: &[Arc<Entry>], at: usize) -> &str {
    entries.get(at).map_or("", |entry| entry.key.as_str())
}

/// The entries of a leaf, in key order.
struct Merged<'a> {
    sorted: Peekable<slice::Iter<'a, Arc<Entry>>>,
    fresh: Peekable<vec::IntoIter<&'a Arc<Entry>>>,
}

impl<'a> Iterator for Merged<'a> {
    type Item = &'a Arc<Entry>;

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
