//! Every pod: where it stands, its labels, and what selects it.

use super::Id;
use super::intern::{Sym, number};
use super::namespace::Namespace;
use super::posting::Posting;
use super::selected::Selected;
use kube_core::map::{Places, fx_hash};
use kube_core::selector::LabelSet;
use std::fmt;

/// Every pod, by its id and by its number. What is asked of each pod lies close together.
#[derive(Debug)]
pub(super) struct Pods<O> {
    places: Places,
    all: Vec<Option<Pod<O>>>,
    /// By the same numbers.
    labels: Vec<Labelled>,
    free: Vec<u32>,
}

#[derive(Debug)]
pub(super) struct Pod<O> {
    pub(super) id: O,
    /// Its namespace's number, and its slot there.
    pub(super) home: (u32, u32),
    pub(super) selected: Selected,
}

/// The labels of a pod.
#[derive(Debug, Default)]
pub(super) struct Labelled {
    pub(super) texts: LabelSet,
    /// The same, in the same order.
    pub(super) syms: Vec<(Sym, Sym)>,
}

impl<O> Default for Pods<O> {
    fn default() -> Self {
        Self { places: Places::default(), all: Vec::new(), labels: Vec::new(), free: Vec::new() }
    }
}

impl<O: Id> Pods<O> {
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn find(&self, id: &O) -> Option<u32> {
        let is = |at: u32| self.get(at).is_some_and(|pod| pod.id == *id);
        self.places.find(fx_hash(id), is)
    }

    pub(super) fn get(&self, at: u32) -> Option<&Pod<O>> {
        self.all.get(at as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, at: u32) -> Option<&mut Pod<O>> {
        self.all.get_mut(at as usize)?.as_mut()
    }

    pub(super) fn labels(&self, at: u32) -> &Labelled {
        &self.labels[at as usize]
    }

    pub(super) fn labels_mut(&mut self, at: u32) -> &mut Labelled {
        &mut self.labels[at as usize]
    }

    /// The number of the next pod.
    pub(super) fn next(&self) -> u32 {
        self.free.last().copied().unwrap_or_else(|| number(self.all.len()))
    }

    /// Adds a pod without labels, by the [next](Self::next) number.
    pub(super) fn insert(&mut self, id: O, home: (u32, u32)) {
        let hash = fx_hash(&id);
        let pod = Some(Pod { id, home, selected: Selected::default() });
        let at = if let Some(at) = self.free.pop() {
            self.all[at as usize] = pod;
            at
        } else {
            self.all.push(pod);
            self.labels.push(Labelled::default());
            number(self.all.len() - 1)
        };
        let all = &self.all;
        self.places.insert(hash, at, |at| all[at as usize].as_ref().map_or(0, |pod| fx_hash(&pod.id)));
    }

    pub(super) fn remove(&mut self, at: u32) -> Option<Pod<O>> {
        let pod = self.all[at as usize].take()?;
        self.places.remove(fx_hash(&pod.id), at);
        self.labels[at as usize] = Labelled::default();
        self.free.push(at);
        Some(pod)
    }
}

/// The pods that a selector selects: computed, not copied.
pub struct PodSet<'a, O> {
    pub(super) parts: Vec<(&'a Namespace, Posting)>,
    pub(super) pods: &'a Pods<O>,
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
        let slots = self.parts.iter().flat_map(|(namespace, slots)| {
            let namespace: &Namespace = namespace;
            slots.iter().map(|slot| namespace.pod(slot))
        });
        slots.filter_map(|at| self.pods.get(at)).map(|pod| &pod.id)
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
