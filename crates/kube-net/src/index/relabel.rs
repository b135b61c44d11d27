//! What changes for a pod whose labels change: only what has to do with the labels that differ.

use super::intern::Sym;
use super::join::{Edge, SelectorIndex};
use super::pods::Labelled;
use super::selected::Selected;
use super::{Id, intern::Interner};
use kube_core::selector::LabelSet;
use std::cmp::Ordering;
use std::sync::Arc;

/// Lists that are filled anew for each pod, kept for their memory.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// The labels that the pod will have.
    syms: Vec<(Sym, Sym)>,
    /// Those of them that it had not.
    come: Vec<(Sym, Sym)>,
    /// Those that it had and will not have.
    gone: Vec<(Sym, Sym)>,
    forms: Vec<u32>,
}

impl<O: Id, S: Id> SelectorIndex<O, S> {
    /// Gives a pod other labels. Returns what changed, by selector.
    pub(super) fn relabel(&mut self, at: u32, labels: &LabelSet) -> Vec<Edge<O, S>> {
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.compare(self.pods.labels(at), labels, &mut self.interner);
        let edges = if scratch.is_same() { Vec::new() } else { self.settle(at, labels, &mut scratch) };
        self.scratch = scratch;
        edges
    }

    /// Gives a pod that was just added its labels. Returns what selects it.
    pub(super) fn label(&mut self, at: u32, labels: &LabelSet) -> Vec<Edge<O, S>> {
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.compare(self.pods.labels(at), labels, &mut self.interner);
        let edges = self.settle(at, labels, &mut scratch);
        self.scratch = scratch;
        edges
    }

    fn settle(&mut self, at: u32, labels: &LabelSet, scratch: &mut Scratch) -> Vec<Edge<O, S>> {
        let Some(pod) = self.pods.get_mut(at) else { return Vec::new() };
        let (home, kept) = (pod.home, std::mem::take(&mut pod.selected));
        let found = kept.kept().is_none().then(|| {
            self.find_forms(home.0, &self.pods.labels(at).syms, &mut scratch.forms);
            scratch.forms.clone()
        });
        let before = found.as_deref().or_else(|| kept.kept()).unwrap_or_default();
        self.move_labels(home, &scratch.gone, &scratch.come);
        self.find_forms(home.0, &scratch.syms, &mut scratch.forms);

        let held = self.pods.labels_mut(at);
        held.texts = labels.clone();
        held.syms.clear();
        held.syms.extend_from_slice(&scratch.syms);
        self.release(&scratch.gone);
        let Some(pod) = self.pods.get_mut(at) else { return Vec::new() };
        pod.selected = Selected::of(&scratch.forms);
        if before == scratch.forms {
            return Vec::new();
        }
        let pod = self.pods.get(at).map(|pod| &pod.id);
        pod.map(|pod| self.pod_edges(pod, before, &scratch.forms)).unwrap_or_default()
    }

    fn find_forms(&self, space: u32, labels: &[(Sym, Sym)], forms: &mut Vec<u32>) {
        forms.clear();
        self.visit_forms(space, labels, |at, _| forms.push(at));
        forms.sort_unstable();
    }

    /// Takes a pod from the sets of labels that it has no more, and puts it into those of the labels that it has now.
    pub(super) fn move_labels(&mut self, home: (u32, u32), gone: &[(Sym, Sym)], come: &[(Sym, Sym)]) {
        let (space, slot) = home;
        self.namespaces.at_mut(space).relabel(slot, gone, come);
        for label in gone {
            self.count(*label, false);
        }
        for label in come {
            self.count(*label, true);
        }
    }

    /// Lets go of the texts of labels.
    pub(super) fn release(&mut self, labels: &[(Sym, Sym)]) {
        for (key, value) in labels {
            self.interner.release(*key);
            self.interner.release(*value);
        }
    }
}

impl Scratch {
    fn is_same(&self) -> bool {
        self.come.is_empty() && self.gone.is_empty()
    }

    /// Walks along both sets, which are sorted by key. The texts of labels that come are held.
    fn compare(&mut self, old: &Labelled, new: &LabelSet, interner: &mut Interner) {
        self.syms.clear();
        self.come.clear();
        self.gone.clear();
        let (had, mut at) = (old.texts.as_slice(), 0);
        for (key, value) in new.iter() {
            let mut same = None;
            while let Some((old_key, old_value)) = had.get(at) {
                let order = if Arc::ptr_eq(old_key, key) { Ordering::Equal } else { old_key.cmp(key) };
                match order {
                    Ordering::Greater => break,
                    Ordering::Equal if Arc::ptr_eq(old_value, value) || old_value == value => {
                        same = old.syms.get(at);
                    }
                    _ => self.gone.extend(old.syms.get(at)),
                }
                at += 1;
                if order.is_eq() {
                    break;
                }
            }
            let label = same.copied().unwrap_or_else(|| {
                let label = (interner.hold(key), interner.hold(value));
                self.come.push(label);
                label
            });
            self.syms.push(label);
        }
        self.gone.extend(old.syms.get(at..).unwrap_or_default());
    }
}
