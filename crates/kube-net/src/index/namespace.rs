//! The pods of one namespace, by label, and the namespaces by number.

use super::compiled::{Compiled, Term, Test};
use super::filing::Filed;
use super::intern::{Interner, Pair, Sym, number, pair};
use super::posting::{Bits, Posting};
use kube_core::map::FxMap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The pods of one namespace and the selectors that look at this namespace alone.
#[derive(Debug, Default)]
pub(super) struct Namespace {
    name: Arc<str>,
    /// The number of the pod in each slot; of a slot that is free the last one's.
    slots: Vec<u32>,
    free: Vec<u32>,
    pairs: FxMap<Pair, Posting>,
    keys: FxMap<Sym, Posting>,
    all: Posting,
    pub(super) filed: Filed,
}

impl Namespace {
    pub(super) fn name(&self) -> &Arc<str> {
        &self.name
    }

    fn is_empty(&self) -> bool {
        self.all.len() == 0 && self.filed.is_empty()
    }

    /// How many pods have the label.
    pub(super) fn count(&self, label: Pair) -> usize {
        self.pairs.get(&label).map_or(0, Posting::len)
    }

    /// The number of the pod in a slot.
    pub(super) fn pod(&self, slot: u32) -> u32 {
        self.slots[slot as usize]
    }

    /// A slot for a pod.
    pub(super) fn seat(&mut self, pod: u32) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(pod);
            number(self.slots.len() - 1)
        });
        self.slots[slot as usize] = pod;
        self.all.insert(slot);
        slot
    }

    /// Frees a slot whose labels are gone.
    pub(super) fn leave(&mut self, slot: u32) {
        self.all.remove(slot);
        self.free.push(slot);
    }

    /// Labels that the pod in a slot has no more, and those that it has now.
    pub(super) fn relabel(&mut self, slot: u32, gone: &[(Sym, Sym)], come: &[(Sym, Sym)]) {
        let has = |labels: &[(Sym, Sym)], key: Sym| labels.iter().any(|(other, _)| *other == key);
        for (key, value) in gone {
            unpost(&mut self.pairs, pair(*key, *value), slot);
            if !has(come, *key) {
                unpost(&mut self.keys, *key, slot);
            }
        }
        for (key, value) in come {
            self.pairs.entry(pair(*key, *value)).or_default().insert(slot);
            if !has(gone, *key) {
                self.keys.entry(*key).or_default().insert(slot);
            }
        }
    }

    /// The pods that `selector` selects.
    pub(super) fn select<'a>(
        &self,
        selector: &Compiled,
        interner: &Interner,
        labels_of: &dyn Fn(u32) -> &'a [(Sym, Sym)],
    ) -> Posting {
        let Some(terms) = &selector.terms else { return Posting::default() };
        let terms: Vec<Asked<'_>> = terms.iter().map(|term| self.ask(term)).collect();
        let Some(base) = terms.iter().filter(|term| term.wanted).min_by_key(|term| term.size()) else {
            let mut bits = Bits::union(&[&self.all]);
            terms.iter().flat_map(|term| &term.postings).for_each(|posting| bits.and_not(posting));
            return Posting::Many(bits.counted());
        };
        let others = || terms.iter().filter(|term| !std::ptr::eq(*term, base));
        let numeric = |slot: u32| {
            let labels = labels_of(slot);
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

/// Every namespace that has pods or selectors.
#[derive(Debug, Default)]
pub(super) struct Namespaces {
    numbers: BTreeMap<Arc<str>, u32>,
    all: Vec<Namespace>,
    free: Vec<u32>,
}

impl Namespaces {
    pub(super) fn find(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    pub(super) fn at(&self, number: u32) -> &Namespace {
        &self.all[number as usize]
    }

    pub(super) fn at_mut(&mut self, number: u32) -> &mut Namespace {
        &mut self.all[number as usize]
    }

    /// The numbers of all, by name.
    pub(super) fn by_name(&self) -> impl Iterator<Item = u32> {
        self.numbers.values().copied()
    }

    /// The number of a namespace, which begins now if there is none of the name.
    pub(super) fn named(&mut self, name: &str) -> u32 {
        if let Some(number) = self.find(name) {
            return number;
        }
        let name: Arc<str> = name.into();
        let namespace = Namespace { name: name.clone(), ..Namespace::default() };
        let at = if let Some(at) = self.free.pop() {
            self.all[at as usize] = namespace;
            at
        } else {
            self.all.push(namespace);
            number(self.all.len() - 1)
        };
        self.numbers.insert(name, at);
        at
    }

    pub(super) fn forget_if_empty(&mut self, number: u32) {
        let namespace = &mut self.all[number as usize];
        if namespace.is_empty() {
            let namespace = std::mem::take(namespace);
            self.numbers.remove(&namespace.name);
            self.free.push(number);
        }
    }
}
