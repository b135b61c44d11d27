//! The pods of one namespace, by label.

use super::Id;
use super::compiled::{Compiled, Term, Test};
use super::filing::Filed;
use super::intern::{Interner, Pair, Sym, number, pair};
use super::posting::{Bits, Posting};
use kube_core::map::FxMap;
use std::fmt;

/// The pods of one namespace and the selectors that look at this namespace alone.
#[derive(Debug)]
pub(super) struct Namespace<O> {
    slots: Vec<Option<Pod<O>>>,
    free: Vec<u32>,
    pairs: FxMap<Pair, Posting>,
    keys: FxMap<Sym, Posting>,
    all: Posting,
    pub(super) filed: Filed,
}

#[derive(Debug)]
pub(super) struct Pod<O> {
    pub(super) id: O,
    /// Sorted by key.
    pub(super) labels: Box<[(Sym, Sym)]>,
}

impl<O> Default for Namespace<O> {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            pairs: FxMap::default(),
            keys: FxMap::default(),
            all: Posting::default(),
            filed: Filed::default(),
        }
    }
}

impl<O: Id> Namespace<O> {
    pub(super) fn is_empty(&self) -> bool {
        self.all.len() == 0 && self.filed.is_empty()
    }

    /// How many pods have the label.
    pub(super) fn count(&self, label: Pair) -> usize {
        self.pairs.get(&label).map_or(0, Posting::len)
    }

    pub(super) fn pod(&self, slot: u32) -> Option<&Pod<O>> {
        self.slots.get(slot as usize)?.as_ref()
    }

    pub(super) fn insert(&mut self, id: O, labels: Box<[(Sym, Sym)]>) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            number(self.slots.len() - 1)
        });
        self.all.insert(slot);
        labels.iter().for_each(|label| self.post(slot, *label));
        self.slots[slot as usize] = Some(Pod { id, labels });
        slot
    }

    pub(super) fn remove(&mut self, slot: u32) -> Option<Pod<O>> {
        let pod = self.slots.get_mut(slot as usize)?.take()?;
        pod.labels.iter().for_each(|label| self.unpost(slot, *label));
        self.all.remove(slot);
        self.free.push(slot);
        Some(pod)
    }

    /// Gives a pod other labels; returns those it had.
    pub(super) fn relabel(&mut self, slot: u32, labels: Box<[(Sym, Sym)]>) -> Box<[(Sym, Sym)]> {
        let Some(pod) = self.slots[slot as usize].as_mut() else { return labels };
        let old = std::mem::replace(&mut pod.labels, labels.clone());
        old.iter().filter(|label| !labels.contains(label)).for_each(|label| self.unpost(slot, *label));
        labels.iter().filter(|label| !old.contains(label)).for_each(|label| self.post(slot, *label));
        old
    }

    fn post(&mut self, slot: u32, (key, value): (Sym, Sym)) {
        self.pairs.entry(pair(key, value)).or_default().insert(slot);
        self.keys.entry(key).or_default().insert(slot);
    }

    fn unpost(&mut self, slot: u32, (key, value): (Sym, Sym)) {
        unpost(&mut self.pairs, pair(key, value), slot);
        unpost(&mut self.keys, key, slot);
    }

    /// The pods that `selector` selects.
    pub(super) fn select(&self, selector: &Compiled, interner: &Interner) -> Posting {
        let Some(terms) = &selector.terms else { return Posting::default() };
        let terms: Vec<Asked<'_>> = terms.iter().map(|term| self.ask(term)).collect();
        let Some(base) = terms.iter().filter(|term| term.wanted).min_by_key(|term| term.size()) else {
            let mut bits = Bits::union(&[&self.all]);
            terms.iter().flat_map(|term| &term.postings).for_each(|posting| bits.and_not(posting));
            return Posting::Many(bits.counted());
        };
        let others = || terms.iter().filter(|term| !std::ptr::eq(*term, base));
        let numeric = |slot: u32| {
            let labels = self.pod(slot).map_or(&[][..], |pod| &pod.labels);
            terms.iter().filter_map(|term| term.number).all(|term| term.matches(labels, interner))
        };
        if base.postings.iter().all(|posting| matches!(posting, Posting::Few(_))) {
            let mut slots: Vec<u32> = base.postings.iter().flat_map(|posting| posting.iter()).collect();
            slots.retain(|slot| others().all(|term| term.admits(*slot)) && numeric(*slot));
            slots.sort_unstable();
            return Posting::Few(slots);
        }
        let mut bits = Bits::union(&base.postings);
        for term in others() {
            match &*term.postings {
                [Posting::Many(many)] if term.wanted => bits.and(many),
                postings if term.wanted => bits.and(&Bits::union(postings)),
                postings => postings.iter().for_each(|posting| bits.and_not(posting)),
            }
        }
        let found = Posting::Many(bits.counted());
        if terms.iter().any(|term| term.number.is_some()) {
            return Posting::Few(found.iter().filter(|slot| numeric(*slot)).collect());
        }
        found
    }

    fn ask<'a>(&'a self, term: &'a Term) -> Asked<'a> {
        let by_key = || self.keys.get(&term.key).into_iter().collect();
        let by_value = |values: &[Sym]| {
            let mut labels: Vec<Pair> = values.iter().map(|value| pair(term.key, *value)).collect();
            labels.dedup();
            labels.iter().filter_map(|label| self.pairs.get(label)).collect()
        };
        let (wanted, postings) = match &term.test {
            Test::In(values) => (true, by_value(values.as_slice())),
            Test::NotIn(values) => (false, by_value(values.as_slice())),
            Test::Absent => (false, by_key()),
            Test::Exists | Test::Greater(_) | Test::Less(_) => (true, by_key()),
        };
        let number = matches!(term.test, Test::Greater(_) | Test::Less(_)).then_some(term);
        Asked { wanted, postings, number }
    }
}

/// A term as sets of pods: those that must, or must not, have one of these labels.
struct Asked<'a> {
    wanted: bool,
    /// Disjoint.
    postings: Vec<&'a Posting>,
    /// A comparison that the sets alone cannot answer.
    number: Option<&'a Term>,
}

impl Asked<'_> {
    fn size(&self) -> usize {
        self.postings.iter().map(|posting| posting.len()).sum()
    }

    fn admits(&self, slot: u32) -> bool {
        self.postings.iter().any(|posting| posting.contains(slot)) == self.wanted
    }
}

fn unpost<K: Copy + Eq + std::hash::Hash>(postings: &mut FxMap<K, Posting>, key: K, slot: u32) {
    if let Some(posting) = postings.get_mut(&key) {
        posting.remove(slot);
        if posting.len() == 0 {
            postings.remove(&key);
        }
    }
}

/// The pods that a selector selects: computed, not copied.
pub struct PodSet<'a, O> {
    pub(super) parts: Vec<(&'a Namespace<O>, Posting)>,
}

impl<'a, O: Id> PodSet<'a, O> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.parts.iter().map(|(_, slots)| slots.len()).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The pods by namespace; in a namespace in no meaningful order, but always the same one.
    pub fn iter(&self) -> impl Iterator<Item = &'a O> {
        let pods = self.parts.iter().flat_map(|(pods, slots)| slots.iter().filter_map(|slot| pods.pod(slot)));
        pods.map(|pod| &pod.id)
    }

    /// The pods in order.
    pub fn sorted(&self) -> Vec<O> {
        let mut pods: Vec<O> = self.iter().cloned().collect();
        pods.sort_unstable();
        pods
    }
}

impl<O: Id + fmt::Debug> fmt::Debug for PodSet<'_, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
