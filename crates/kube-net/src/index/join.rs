//! The two-way join of pods and selectors.

use super::compiled::Compiled;
use super::filing::{Filed, Place};
use super::forms::{Form, Forms, Home};
use super::intern::{Interner, Pair, Sym, pair};
use super::namespace::{Namespace, Namespaces};
use super::pods::Pods;
use super::posting::Posting;
use super::relabel::Scratch;
use super::selected::Selected;
use super::{Explanation, Id, PodSet, Scope};
use kube_core::map::FxMap;
use kube_core::selector::{LabelSet, Selector};
use std::sync::Arc;

/// One pod that a selector has come to select, or no longer selects.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Edge<O, S> {
    /// The pod.
    pub pod: O,
    /// The selector.
    pub selector: S,
    /// Whether it selects the pod now.
    pub selected: bool,
}

/// Pods, selectors, and which selects which. See the [module](super).
#[derive(Debug)]
pub struct SelectorIndex<O, S> {
    pub(super) interner: Interner,
    pub(super) namespaces: Namespaces,
    pub(super) pods: Pods<O>,
    forms: Forms<S>,
    /// Selectors that look at every namespace.
    cluster: Filed,
    /// How many pods of any namespace have a label.
    pub(super) counts: FxMap<Pair, usize>,
    /// With so many pods, selectors look for their rarest label anew.
    refile_at: usize,
    pub(super) scratch: Scratch,
}

/// What is first known about rarity comes from few pods.
const FIRST_REFILE: usize = 64;

impl<O: Id, S: Id> SelectorIndex<O, S> {
    /// An index without pods and selectors.
    pub fn new() -> Self {
        Self {
            interner: Interner::default(),
            namespaces: Namespaces::default(),
            pods: Pods::default(),
            forms: Forms::default(),
            cluster: Filed::default(),
            counts: FxMap::default(),
            refile_at: FIRST_REFILE,
            scratch: Scratch::default(),
        }
    }

    /// How many pods there are.
    pub fn pod_count(&self) -> usize {
        self.pods.len()
    }

    /// How many selectors there are.
    pub fn selector_count(&self) -> usize {
        self.forms.len()
    }

    /// Adds a pod, or gives it other labels or another namespace. Returns what changed, by selector.
    pub fn upsert_pod(&mut self, pod: &O, namespace: &str, labels: &LabelSet) -> Vec<Edge<O, S>> {
        let held = self.pods.find(pod);
        let home = held.and_then(|at| self.pods.get(at)).map(|pod| pod.home.0);
        if let Some(at) = held
            && home.is_some_and(|home| **self.namespaces.at(home).name() == *namespace)
        {
            return self.relabel(at, labels);
        }
        let before = held.map(|at| self.take_pod(at)).unwrap_or_default();
        let space = self.namespaces.named(namespace);
        let at = self.pods.next();
        let slot = self.namespaces.at_mut(space).seat(at);
        self.pods.insert(pod.clone(), (space, slot));
        let come = self.label(at, labels);
        let edges = if before.is_empty() {
            come
        } else {
            // It was nowhere for a moment, but nobody has seen that.
            self.pod_edges(pod, &before, &self.kept_or_found(at))
        };
        self.refile();
        edges
    }

    /// Removes a pod. Returns what changed, by selector.
    pub fn remove_pod(&mut self, pod: &O) -> Vec<Edge<O, S>> {
        let Some(at) = self.pods.find(pod) else { return Vec::new() };
        let before = self.take_pod(at);
        self.pod_edges(pod, &before, &[])
    }

    /// Adds a selector, or replaces it. Returns what changed, by pod.
    pub fn upsert_selector(&mut self, id: &S, scope: Scope, selector: &Selector) -> Vec<Edge<O, S>> {
        let home = match scope {
            Scope::Namespace(name) => Home::Namespace(self.namespaces.named(&name)),
            Scope::Cluster => Home::Cluster,
        };
        let (known, held) = (self.forms.find(home, selector), self.forms.of(id));
        if known.is_some() && known == held {
            return Vec::new();
        }
        let before = self.found_by(held);
        let at = known.unwrap_or_else(|| self.add_form(home, selector));
        let after = self.found_by(Some(at));
        let edges = self.selector_edges(id, &before, &after);
        self.leave_form(id, &before);
        self.forms.join(id, at);
        edges
    }

    /// Removes a selector. Returns what changed, by pod.
    pub fn remove_selector(&mut self, id: &S) -> Vec<Edge<O, S>> {
        let before = self.found_by(self.forms.of(id));
        let edges = self.selector_edges(id, &before, &Found::new());
        self.leave_form(id, &before);
        edges
    }

    /// The selectors that select a pod, in order. None for an unknown pod.
    pub fn selectors_of(&self, pod: &O) -> Vec<S> {
        let mut found = Vec::new();
        self.visit_selectors_of(pod, |selector| found.push(selector.clone()));
        found.sort_unstable();
        found
    }

    /// Calls `visit` with every selector that selects a pod, in no meaningful order but always the same; allocates
    /// nothing.
    pub fn visit_selectors_of<'a>(&'a self, pod: &O, mut visit: impl FnMut(&'a S)) {
        let Some(at) = self.pods.find(pod) else { return };
        let Some(pod) = self.pods.get(at) else { return };
        if let Some(kept) = pod.selected.kept() {
            let forms = kept.iter().filter_map(|form| self.forms.get(*form));
            forms.flat_map(|form| &form.ids).for_each(visit);
        } else {
            let labels = &self.pods.labels(at).syms;
            self.visit_forms(pod.home.0, labels, |_, form| form.ids.iter().for_each(&mut visit));
        }
    }

    /// The selectors that would select a pod of these labels, in order.
    pub fn selectors_matching(&self, namespace: &str, labels: &LabelSet) -> Vec<S> {
        let find = |text: &Arc<str>| self.interner.find(text);
        // A value that nobody knows can still be looked for by key.
        let known: Vec<(Sym, Sym)> = labels
            .iter()
            .filter_map(|(key, value)| Some((find(key)?, find(value).unwrap_or(Sym::MAX))))
            .collect();
        let mut found: Vec<S> = Vec::new();
        let mut visit = |at: u32| {
            let form = self.forms.get(at).filter(|form| form.selector.matches(labels));
            found.extend(form.into_iter().flat_map(|form| form.ids.iter().cloned()));
        };
        self.cluster.candidates(&known, &mut visit);
        if let Some(space) = self.namespaces.find(namespace) {
            self.namespaces.at(space).filed.candidates(&known, &mut visit);
        }
        found.sort_unstable();
        found
    }

    /// The pods that a selector selects. None for an unknown selector.
    pub fn pods_of(&self, selector: &S) -> PodSet<'_, O> {
        let form = self.forms.of(selector).and_then(|at| self.forms.get(at));
        let parts = form.map(|form| self.select_in(form.home, &form.compiled)).unwrap_or_default();
        self.pod_set(parts)
    }

    /// The pods that a selector which is not in the index would select.
    pub fn select(&self, scope: &Scope, selector: &Selector) -> PodSet<'_, O> {
        let home = match scope {
            Scope::Namespace(name) => self.namespaces.find(name).map(Home::Namespace),
            Scope::Cluster => Some(Home::Cluster),
        };
        let compiled = Compiled::lookup(selector, &self.interner);
        self.pod_set(home.map(|home| self.select_in(home, &compiled)).unwrap_or_default())
    }

    /// Why a selector selects a pod or not; `None` where one of them is unknown.
    pub fn explain(&self, pod: &O, selector: &S) -> Option<Explanation> {
        let at = self.pods.find(pod)?;
        let (space, _) = self.pods.get(at)?.home;
        let form = self.forms.get(self.forms.of(selector)?)?;
        if let Home::Namespace(scope) = form.home
            && scope != space
        {
            let name = |space: u32| self.namespaces.at(space).name().clone();
            return Some(Explanation::OtherNamespace { pod: name(space), selector: name(scope) });
        }
        Some(Explanation::of(&form.selector, &self.pods.labels(at).texts))
    }

    /// Removes a pod; returns the forms that selected it.
    fn take_pod(&mut self, at: u32) -> Vec<u32> {
        let before = self.kept_or_found(at);
        let labels = std::mem::take(self.pods.labels_mut(at));
        if let Some(pod) = self.pods.remove(at) {
            let (space, slot) = pod.home;
            self.move_labels((space, slot), &labels.syms, &[]);
            self.release(&labels.syms);
            self.namespaces.at_mut(space).leave(slot);
            self.namespaces.forget_if_empty(space);
        }
        before
    }

    /// The forms that select a pod, sorted.
    fn kept_or_found(&self, at: u32) -> Vec<u32> {
        let Some(pod) = self.pods.get(at) else { return Vec::new() };
        pod.selected.kept().map_or_else(
            || {
                let mut found = Vec::new();
                self.visit_forms(pod.home.0, &self.pods.labels(at).syms, |form, _| found.push(form));
                found.sort_unstable();
                found
            },
            <[u32]>::to_vec,
        )
    }

    /// Calls `visit` with every form that selects a pod of these labels.
    pub(super) fn visit_forms<'a>(
        &'a self,
        space: u32,
        labels: &[(Sym, Sym)],
        mut visit: impl FnMut(u32, &'a Form<S>),
    ) {
        let mut check = |at: u32| {
            if let Some(form) = self.forms.get(at)
                && form.compiled.matches(labels, &self.interner)
            {
                visit(at, form);
            }
        };
        if !self.cluster.is_empty() {
            self.cluster.candidates(labels, &mut check);
        }
        self.namespaces.at(space).filed.candidates(labels, &mut check);
    }

    fn add_form(&mut self, home: Home, selector: &Selector) -> u32 {
        let compiled = Compiled::hold(selector, &mut self.interner);
        let place = self.place(home, &compiled);
        let form = Form { ids: Vec::new(), compiled, home, place: place.clone(), selector: selector.clone() };
        let at = self.forms.insert(form);
        self.filed(home).insert(at, &place);
        let found = self.found_by(Some(at));
        self.note(&found, |selected| selected.insert(at));
        at
    }

    /// Takes an id from its form, which selected `before`. Where nobody asks for that form any more it ends.
    fn leave_form(&mut self, id: &S, before: &Found) {
        let Some((at, form)) = self.forms.leave(id) else { return };
        self.note(before, |selected| selected.remove(at));
        self.filed(form.home).remove(at, &form.place);
        form.compiled.release(&mut self.interner);
        if let Home::Namespace(space) = form.home {
            self.namespaces.forget_if_empty(space);
        }
    }

    fn note(&mut self, found: &Found, edit: impl Fn(&mut Selected)) {
        for (space, slots) in found {
            let namespace = self.namespaces.at(*space);
            for slot in slots.iter() {
                if let Some(pod) = self.pods.get_mut(namespace.pod(slot)) {
                    edit(&mut pod.selected);
                }
            }
        }
    }

    fn select_in(&self, home: Home, selector: &Compiled) -> Found {
        let one = |space: u32| {
            let namespace = self.namespaces.at(space);
            let labels_of = |slot: u32| &*self.pods.labels(namespace.pod(slot)).syms;
            (space, namespace.select(selector, &self.interner, &labels_of))
        };
        match home {
            Home::Namespace(space) => vec![one(space)],
            Home::Cluster => self.namespaces.by_name().map(one).collect(),
        }
    }

    /// The pods that a form selects; none of no form.
    fn found_by(&self, form: Option<u32>) -> Found {
        let form = form.and_then(|at| self.forms.get(at));
        form.map(|form| self.select_in(form.home, &form.compiled)).unwrap_or_default()
    }

    fn pod_set(&self, parts: Found) -> PodSet<'_, O> {
        let parts = parts.into_iter().map(|(space, slots)| (self.namespaces.at(space), slots));
        PodSet { parts: parts.collect::<Vec<(&Namespace, Posting)>>(), pods: &self.pods }
    }

    /// What differs between the forms that selected a pod and those that do, both sorted.
    pub(super) fn pod_edges(&self, pod: &O, before: &[u32], after: &[u32]) -> Vec<Edge<O, S>> {
        let mut edges = Vec::new();
        for (from, other, selected) in [(before, after, false), (after, before, true)] {
            for at in from.iter().filter(|at| other.binary_search(at).is_err()) {
                let ids = self.forms.get(*at).map(|form| &*form.ids).unwrap_or_default();
                edges.extend(ids.iter().map(|id| Edge { pod: pod.clone(), selector: id.clone(), selected }));
            }
        }
        edges.sort_unstable();
        edges
    }

    fn selector_edges(&self, selector: &S, before: &Found, after: &Found) -> Vec<Edge<O, S>> {
        let mut edges = Vec::new();
        for (from, other, selected) in [(before, after, false), (after, before, true)] {
            for (space, slots) in from {
                let namespace = self.namespaces.at(*space);
                let same = other.iter().find(|(other, _)| other == space).map(|(_, slots)| slots);
                let changed = slots.iter().filter(|slot| !same.is_some_and(|same| same.contains(*slot)));
                edges.extend(changed.filter_map(|slot| self.pods.get(namespace.pod(slot))).map(|pod| Edge {
                    pod: pod.id.clone(),
                    selector: selector.clone(),
                    selected,
                }));
            }
        }
        edges.sort_unstable();
        edges
    }

    fn filed(&mut self, home: Home) -> &mut Filed {
        match home {
            Home::Namespace(space) => &mut self.namespaces.at_mut(space).filed,
            Home::Cluster => &mut self.cluster,
        }
    }

    fn place(&self, home: Home, selector: &Compiled) -> Place {
        match home {
            Home::Cluster => {
                self.cluster.place(selector, |label| self.counts.get(&label).copied().unwrap_or_default())
            }
            Home::Namespace(space) => {
                let namespace = self.namespaces.at(space);
                namespace.filed.place(selector, |label| namespace.count(label))
            }
        }
    }

    pub(super) fn count(&mut self, (key, value): (Sym, Sym), come: bool) {
        let label = pair(key, value);
        let count = self.counts.entry(label).or_default();
        if come {
            *count += 1;
        } else {
            *count -= 1;
        }
        if *count == 0 {
            self.counts.remove(&label);
        }
    }

    /// Files every selector anew once the number of pods has doubled: what was rare may have become common.
    fn refile(&mut self) {
        if self.pods.len() < self.refile_at {
            return;
        }
        self.refile_at = self.pods.len() * 2;
        for at in self.forms.numbers() {
            let Some(form) = self.forms.get(at) else { continue };
            let (home, before) = (form.home, form.place.clone());
            let place = self.place(home, &form.compiled);
            if place != before {
                let filed = self.filed(home);
                filed.remove(at, &before);
                filed.insert(at, &place);
                if let Some(form) = self.forms.get_mut(at) {
                    form.place = place;
                }
            }
        }
    }

    #[cfg(test)]
    pub(super) fn interned(&self) -> usize {
        self.interner.len()
    }
}

impl<O: Id, S: Id> Default for SelectorIndex<O, S> {
    fn default() -> Self {
        Self::new()
    }
}

/// Pods by namespace.
type Found = Vec<(u32, Posting)>;
