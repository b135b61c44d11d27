//! Which ranges hold a key.
//!
//! **Invariant.** A number stays valid while its range has members; every watch is a member until it leaves.

use crate::storage::KeyRange;
use kube_core::map::FxMap;
use slab::Slab;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

/// The ranges of all open watches, each with the watches parked there.
#[derive(Debug, Default)]
pub(super) struct Ranges {
    groups: Slab<Group>,
    /// Ranges of one key, by the key.
    ones: FxMap<Arc<str>, usize>,
    /// Ranges of all keys with a prefix, by the prefix.
    prefixes: BTreeMap<Arc<str>, usize>,
    /// All others: few, so that each is looked at.
    others: Vec<usize>,
    /// How many ranges there ever were.
    ever: u64,
}

/// A name of a range that no other ever has, as long as the store is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::storage::mvcc) struct RangeName(pub(in crate::storage::mvcc) u64);

/// The watches of one range.
#[derive(Debug)]
struct Group {
    range: KeyRange,
    name: RangeName,
    members: usize,
    parked: Vec<usize>,
}

impl Ranges {
    /// The number of `range`, which has one more member now.
    pub(super) fn join(&mut self, range: &KeyRange) -> usize {
        if let Some(number) = self.find(range) {
            self.groups[number].members += 1;
            return number;
        }
        self.ever += 1;
        let name = RangeName(self.ever);
        let group = Group { range: range.clone(), name, members: 1, parked: Vec::new() };
        let number = self.groups.insert(group);
        if range.is_one() {
            self.ones.insert(range.start().into(), number);
        } else if range.is_prefix() {
            self.prefixes.insert(range.start().into(), number);
        } else {
            self.others.push(number);
        }
        number
    }

    /// The name of range `number`.
    pub(super) fn name(&self, number: usize) -> RangeName {
        self.groups[number].name
    }

    fn find(&self, range: &KeyRange) -> Option<usize> {
        if range.is_one() {
            return self.ones.get(range.start()).copied();
        }
        if range.is_prefix() {
            return self.prefixes.get(range.start()).copied();
        }
        self.others.iter().copied().find(|number| self.groups[*number].range == *range)
    }

    /// Range `number` has one member less. That one is not parked any more.
    pub(super) fn leave(&mut self, number: usize) {
        self.groups[number].members -= 1;
        if self.groups[number].members > 0 {
            return;
        }
        let range = self.groups.remove(number).range;
        if range.is_one() {
            self.ones.remove(range.start());
        } else if range.is_prefix() {
            self.prefixes.remove(range.start());
        } else {
            self.others.retain(|other| *other != number);
        }
    }

    /// Parks `watch` at range `number`; tells its place there.
    pub(super) fn park(&mut self, number: usize, watch: usize) -> usize {
        let parked = &mut self.groups[number].parked;
        parked.push(watch);
        parked.len() - 1
    }

    /// Takes the watch at `place` of range `number` out; tells which one has that place now.
    pub(super) fn leave_parked(&mut self, number: usize, place: usize) -> Option<usize> {
        let parked = &mut self.groups[number].parked;
        parked.swap_remove(place);
        parked.get(place).copied()
    }

    /// Hands out every parked watch. They are parked no more.
    pub(super) fn unpark_all(&mut self, mut each: impl FnMut(usize)) {
        self.groups.iter_mut().for_each(|(_, group)| group.parked.drain(..).for_each(&mut each));
    }

    /// Hands out every watch that is parked at a range with `key` in it. They are parked no more.
    pub(super) fn unpark(&mut self, key: &str, mut each: impl FnMut(usize)) {
        let groups = &mut self.groups;
        prefixes_of(&self.prefixes, key, |number| groups[number].parked.drain(..).for_each(&mut each));
        if let Some(number) = self.ones.get(key) {
            groups[*number].parked.drain(..).for_each(&mut each);
        }
        for number in &self.others {
            if groups[*number].range.holds(key) {
                groups[*number].parked.drain(..).for_each(&mut each);
            }
        }
    }
}

/// Every one of `prefixes` that `key` begins with, the longest first.
fn prefixes_of(prefixes: &BTreeMap<Arc<str>, usize>, key: &str, mut each: impl FnMut(usize)) {
    let mut bound = Bound::Included(key);
    while let Some((prefix, number)) = prefixes.range::<str, _>((Bound::Unbounded, bound)).next_back() {
        if key.starts_with(&**prefix) {
            each(*number);
            bound = Bound::Excluded(prefix);
        } else {
            // Whatever `key` begins with is at or below what the two have in common: anything longer would stand
            // between them.
            let common = prefix.bytes().zip(key.bytes()).take_while(|(a, b)| a == b).count();
            bound = Bound::Included(&key[..key.floor_char_boundary(common)]);
        }
    }
}
