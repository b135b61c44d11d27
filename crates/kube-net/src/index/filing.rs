//! Where selectors wait for the pods they may select.

use super::compiled::{Compiled, Test};
use super::intern::{Pair, Sym, pair};
use kube_core::map::FxMap;
use std::sync::Arc;

/// Which pods a selector is asked about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Scope {
    /// Those of one namespace.
    Namespace(Arc<str>),
    /// Those of every namespace.
    Cluster,
}

/// The selectors of one scope, by what a pod must have to be selected.
#[derive(Debug, Default)]
pub(super) struct Filed {
    pairs: FxMap<Pair, Vec<u32>>,
    keys: FxMap<Sym, Vec<u32>>,
    rest: Vec<u32>,
    len: usize,
}

/// Where one selector stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Under each of these labels, of which a pod has at most one.
    Pairs(Vec<Pair>),
    /// Under a key.
    Key(Sym),
    /// Every pod must be asked.
    Rest,
    /// It selects nothing.
    Nowhere,
}

impl Filed {
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The best place for a selector: the requirement that the fewest pods meet (`pods` counts a label's), then the one
    /// that the fewest selectors stand under.
    pub(super) fn place(&self, selector: &Compiled, pods: impl Fn(Pair) -> usize) -> Place {
        let Some(terms) = &selector.terms else { return Place::Nowhere };
        let cost = |key: Sym, values: &[Sym]| {
            let labels = values.iter().map(|value| pair(key, *value));
            labels.fold((0, 0), |(held, filed), label| {
                (held + pods(label), filed + self.pairs.get(&label).map_or(0, Vec::len))
            })
        };
        let sets = terms.iter().filter_map(|term| match &term.test {
            Test::In(values) => Some((term.key, values.as_slice())),
            _ => None,
        });
        if let Some((key, values)) = sets.min_by_key(|(key, values)| cost(*key, values)) {
            let mut labels: Vec<Pair> = values.iter().map(|value| pair(key, *value)).collect();
            labels.dedup();
            return Place::Pairs(labels);
        }
        let needed =
            terms.iter().find(|term| matches!(term.test, Test::Exists | Test::Greater(_) | Test::Less(_)));
        needed.map_or(Place::Rest, |term| Place::Key(term.key))
    }

    pub(super) fn insert(&mut self, id: u32, place: &Place) {
        self.len += 1;
        match place {
            Place::Pairs(labels) => {
                for label in labels {
                    self.pairs.entry(*label).or_default().push(id);
                }
            }
            Place::Key(key) => self.keys.entry(*key).or_default().push(id),
            Place::Rest => self.rest.push(id),
            Place::Nowhere => {}
        }
    }

    pub(super) fn remove(&mut self, id: u32, place: &Place) {
        self.len -= 1;
        match place {
            Place::Pairs(labels) => labels.iter().for_each(|label| remove_from(&mut self.pairs, *label, id)),
            Place::Key(key) => remove_from(&mut self.keys, *key, id),
            Place::Rest => self.rest.retain(|other| *other != id),
            Place::Nowhere => {}
        }
    }

    /// Calls `visit` with every selector that may select a pod of these labels, each once.
    pub(super) fn candidates(&self, labels: &[(Sym, Sym)], mut visit: impl FnMut(u32)) {
        self.rest.iter().for_each(|id| visit(*id));
        for (key, value) in labels {
            let by_pair = self.pairs.get(&pair(*key, *value));
            let by_key = if self.keys.is_empty() { None } else { self.keys.get(key) };
            by_pair.into_iter().chain(by_key).flatten().for_each(|id| visit(*id));
        }
    }
}

fn remove_from<K: Copy + Eq + std::hash::Hash>(lists: &mut FxMap<K, Vec<u32>>, key: K, id: u32) {
    if let Some(list) = lists.get_mut(&key) {
        if let Some(at) = list.iter().position(|other| *other == id) {
            list.swap_remove(at);
        }
        if list.is_empty() {
            lists.remove(&key);
        }
    }
}
