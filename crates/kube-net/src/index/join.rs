//! The two-way join of pods and selectors.

use super::compiled::Compiled;
use super::filing::{Filed, Place};
use super::intern::{Interner, Pair, Sym, number, pair};
use super::pods::Namespace;
use super::posting::Posting;
use super::{Explanation, Id, PodSet, Scope};
use kube_core::map::FxMap;
use kube_core::selector::{LabelSet, Selector};
use std::collections::BTreeMap;
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
    interner: Interner,
    namespaces: BTreeMap<Arc<str>, Namespace<O>>,
    pods: FxMap<O, (Arc<str>, u32)>,
    selectors: Vec<Option<Entry<S>>>,
    free: Vec<u32>,
    numbers: FxMap<S, u32>,
    /// Selectors that look at every namespace.
    cluster: Filed,
    /// How many pods of any namespace have a label.
    counts: FxMap<Pair, usize>,
    /// With so many pods, selectors look for their rarest label anew.
    refile_at: usize,
}

#[derive(Debug)]
struct Entry<S> {
    id: S,
    scope: Scope,
    selector: Selector,
    compiled: Compiled,
    place: Place,
}

/// What is first known about rarity comes from few pods.
const FIRST_REFILE: usize = 64;

impl<O: Id, S: Id> SelectorIndex<O, S> {
    /// An index without pods and selectors.
    pub fn new() -> Self {
        Self {
            interner: Interner::default(),
            namespaces: BTreeMap::new(),
            pods: FxMap::default(),
            selectors: Vec::new(),
            free: Vec::new(),
            numbers: FxMap::default(),
            cluster: Filed::default(),
            counts: FxMap::default(),
            refile_at: FIRST_REFILE,
        }
    }

    /// How many pods there are.
    pub fn pod_count(&self) -> usize {
        self.pods.len()
    }

    /// How many selectors there are.
    pub fn selector_count(&self) -> usize {
        self.numbers.len()
    }

    /// Adds a pod, or gives it other labels or another namespace. Returns what changed, by selector.
    pub fn upsert_pod(&mut self, pod: &O, namespace: &str, labels: &LabelSet) -> Vec<Edge<O, S>> {
        let (before, held) = match self.pods.get(pod) {
            Some((home, slot)) if **home == *namespace => {
                let slot = *slot;
                if self.has_labels(namespace, slot, labels) {
                    return Vec::new();
                }
                (self.matching(namespace, slot), Some(slot))
            }
            Some(_) => (self.take_pod(pod), None),
            None => (Vec::new(), None),
        };
        let labels = self.hold(labels);
        let home: &mut Namespace<O> = entry(&mut self.namespaces, namespace);
        let slot = if let Some(slot) = held {
            let old = home.relabel(slot, labels);
            self.release(&old);
            slot
        } else {
            let slot = home.insert(pod.clone(), labels);
            self.pods.insert(pod.clone(), (Arc::from(namespace), slot));
            slot
        };
        let after = self.matching(namespace, slot);
        let edges = self.pod_edges(pod, &before, &after);
        self.refile();
        edges
    }

    /// Removes a pod. Returns what changed, by selector.
    pub fn remove_pod(&mut self, pod: &O) -> Vec<Edge<O, S>> {
        let before = self.take_pod(pod);
        self.pod_edges(pod, &before, &[])
    }

    /// Adds a selector, or replaces it. Returns what changed, by pod.
    pub fn upsert_selector(&mut self, id: &S, scope: Scope, selector: &Selector) -> Vec<Edge<O, S>> {
        let before = self.take_selector(id);
        let compiled = Compiled::hold(selector, &mut self.interner);
        let place = self.place(&scope, &compiled);
        let entry = Entry { id: id.clone(), scope, selector: selector.clone(), compiled, place };
        let at = self.free.pop().unwrap_or_else(|| {
            self.selectors.push(None);
            number(self.selectors.len() - 1)
        });
        self.filed(&entry.scope).insert(at, &entry.place);
        self.numbers.insert(id.clone(), at);
        let after = self.selected_by(&entry.scope, &entry.compiled);
        self.selectors[at as usize] = Some(entry);
        self.selector_edges(id, &before, &after)
    }

    /// Removes a selector. Returns what changed, by pod.
    pub fn remove_selector(&mut self, id: &S) -> Vec<Edge<O, S>> {
        let before = self.take_selector(id);
        self.selector_edges(id, &before, &Found::new())
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
        let Some((namespace, slot)) = self.pods.get(pod) else { return };
        self.visit_matching(namespace, *slot, |_, entry| visit(&entry.id));
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
            let entry = self.selectors[at as usize].as_ref();
            found.extend(entry.filter(|entry| entry.selector.matches(labels)).map(|entry| entry.id.clone()));
        };
        self.cluster.candidates(&known, &mut visit);
        if let Some(home) = self.namespaces.get(namespace) {
            home.filed.candidates(&known, &mut visit);
        }
        found.sort_unstable();
        found
    }

    /// The pods that a selector selects. None for an unknown selector.
    pub fn pods_of(&self, selector: &S) -> PodSet<'_, O> {
        let entry = self.numbers.get(selector).and_then(|at| self.selectors[*at as usize].as_ref());
        entry.map_or(PodSet { parts: Vec::new() }, |entry| self.pod_set(&entry.scope, &entry.compiled))
    }

    /// The pods that a selector which is not in the index would select.
    pub fn select(&self, scope: &Scope, selector: &Selector) -> PodSet<'_, O> {
        self.pod_set(scope, &Compiled::lookup(selector, &self.interner))
    }

    /// Why a selector selects a pod or not; `None` where one of them is unknown.
    pub fn explain(&self, pod: &O, selector: &S) -> Option<Explanation> {
        let (namespace, slot) = self.pods.get(pod)?;
        let entry = self.selectors[*self.numbers.get(selector)? as usize].as_ref()?;
        if let Scope::Namespace(scope) = &entry.scope
            && scope != namespace
        {
            return Some(Explanation::OtherNamespace { pod: namespace.clone(), selector: scope.clone() });
        }
        let pod = self.namespaces.get(namespace)?.pod(*slot)?;
        let text = |sym: &Sym| self.interner.text(*sym);
        let labels: LabelSet = pod.labels.iter().map(|(key, value)| (text(key), text(value))).collect();
        Some(Explanation::of(&entry.selector, &labels))
    }

    fn has_labels(&self, namespace: &str, slot: u32, labels: &LabelSet) -> bool {
        let Some(pod) = self.namespaces.get(namespace).and_then(|home| home.pod(slot)) else { return false };
        pod.labels.len() == labels.len()
            && pod.labels.iter().all(|(key, value)| {
                labels.get(self.interner.text(*key)).is_some_and(|has| **has == *self.interner.text(*value))
            })
    }

    fn hold(&mut self, labels: &LabelSet) -> Box<[(Sym, Sym)]> {
        let mut held: Box<[(Sym, Sym)]> =
            labels.iter().map(|(key, value)| (self.interner.hold(key), self.interner.hold(value))).collect();
        held.sort_unstable();
        for (key, value) in &held {
            *self.counts.entry(pair(*key, *value)).or_default() += 1;
        }
        held
    }

    fn release(&mut self, labels: &[(Sym, Sym)]) {
        for (key, value) in labels {
            if let Some(count) = self.counts.get_mut(&pair(*key, *value)) {
                *count -= 1;
                if *count == 0 {
                    self.counts.remove(&pair(*key, *value));
                }
            }
            self.interner.release(*key);
            self.interner.release(*value);
        }
    }

    /// Removes a pod; returns the selectors that selected it.
    fn take_pod(&mut self, pod: &O) -> Vec<u32> {
        let Some((namespace, slot)) = self.pods.get(pod).cloned() else { return Vec::new() };
        let before = self.matching(&namespace, slot);
        self.pods.remove(pod);
        let taken = self.namespaces.get_mut(&namespace).and_then(|home| home.remove(slot));
        self.release(&taken.map(|pod| pod.labels).unwrap_or_default());
        self.forget_if_empty(&namespace);
        before
    }

    /// Removes a selector; returns the pods that it selected.
    fn take_selector(&mut self, id: &S) -> Found {
        let Some(at) = self.numbers.remove(id) else { return Found::new() };
        let Some(entry) = self.selectors[at as usize].take() else { return Found::new() };
        let before = self.selected_by(&entry.scope, &entry.compiled);
        self.filed(&entry.scope).remove(at, &entry.place);
        entry.compiled.release(&mut self.interner);
        self.free.push(at);
        if let Scope::Namespace(namespace) = &entry.scope {
            self.forget_if_empty(namespace);
        }
        before
    }

    fn forget_if_empty(&mut self, namespace: &str) {
        if self.namespaces.get(namespace).is_some_and(Namespace::is_empty) {
            self.namespaces.remove(namespace);
        }
    }

    /// The selectors that select the pod, sorted by number.
    fn matching(&self, namespace: &str, slot: u32) -> Vec<u32> {
        let mut found = Vec::new();
        self.visit_matching(namespace, slot, |at, _| found.push(at));
        found.sort_unstable();
        found
    }

    fn visit_matching<'a>(&'a self, namespace: &str, slot: u32, mut visit: impl FnMut(u32, &'a Entry<S>)) {
        let Some(home) = self.namespaces.get(namespace) else { return };
        let Some(pod) = home.pod(slot) else { return };
        let mut check = |at: u32| {
            if let Some(entry) = &self.selectors[at as usize]
                && entry.compiled.matches(&pod.labels, &self.interner)
            {
                visit(at, entry);
            }
        };
        if !self.cluster.is_empty() {
            self.cluster.candidates(&pod.labels, &mut check);
        }
        home.filed.candidates(&pod.labels, &mut check);
    }

    fn pod_set(&self, scope: &Scope, selector: &Compiled) -> PodSet<'_, O> {
        let one = |home: &Namespace<O>| home.select(selector, &self.interner);
        let parts = match scope {
            Scope::Namespace(name) => {
                self.namespaces.get(name).into_iter().map(|home| (home, one(home))).collect()
            }
            Scope::Cluster => self.namespaces.values().map(|home| (home, one(home))).collect(),
        };
        PodSet { parts }
    }

    fn selected_by(&self, scope: &Scope, selector: &Compiled) -> Found {
        let one =
            |(name, home): (&Arc<str>, &Namespace<O>)| (name.clone(), home.select(selector, &self.interner));
        match scope {
            Scope::Namespace(name) => self.namespaces.get_key_value(name).into_iter().map(one).collect(),
            Scope::Cluster => self.namespaces.iter().map(one).collect(),
        }
    }

    fn pod_edges(&self, pod: &O, before: &[u32], after: &[u32]) -> Vec<Edge<O, S>> {
        let gone = before.iter().filter(|at| after.binary_search(at).is_err()).map(|at| (at, false));
        let new = after.iter().filter(|at| before.binary_search(at).is_err()).map(|at| (at, true));
        let edge = |(at, selected): (&u32, bool)| {
            let selector = self.selectors[*at as usize].as_ref()?.id.clone();
            Some(Edge { pod: pod.clone(), selector, selected })
        };
        let mut edges: Vec<Edge<O, S>> = gone.chain(new).filter_map(edge).collect();
        edges.sort_unstable();
        edges
    }

    fn selector_edges(&self, selector: &S, before: &Found, after: &Found) -> Vec<Edge<O, S>> {
        let mut edges = Vec::new();
        for (from, other, selected) in [(before, after, false), (after, before, true)] {
            for (namespace, slots) in from {
                let Some(home) = self.namespaces.get(namespace) else { continue };
                let same = other.get(namespace);
                let changed = slots.iter().filter(|slot| !same.is_some_and(|same| same.contains(*slot)));
                edges.extend(changed.filter_map(|slot| home.pod(slot)).map(|pod| Edge {
                    pod: pod.id.clone(),
                    selector: selector.clone(),
                    selected,
                }));
            }
        }
        edges.sort_unstable();
        edges
    }

    fn filed(&mut self, scope: &Scope) -> &mut Filed {
        match scope {
            Scope::Namespace(namespace) => &mut entry(&mut self.namespaces, namespace).filed,
            Scope::Cluster => &mut self.cluster,
        }
    }

    fn place(&self, scope: &Scope, selector: &Compiled) -> Place {
        match scope {
            Scope::Cluster => {
                self.cluster.place(selector, |label| self.counts.get(&label).copied().unwrap_or_default())
            }
            Scope::Namespace(name) => match self.namespaces.get(name) {
                Some(home) => home.filed.place(selector, |label| home.count(label)),
                None => Filed::default().place(selector, |_| 0),
            },
        }
    }

    /// Files every selector anew once the number of pods has doubled: what was rare may have become common.
    fn refile(&mut self) {
        if self.pods.len() < self.refile_at {
            return;
        }
        self.refile_at = self.pods.len() * 2;
        for at in 0..number(self.selectors.len()) {
            let Some(mut entry) = self.selectors[at as usize].take() else { continue };
            let place = self.place(&entry.scope, &entry.compiled);
            if place != entry.place {
                let filed = self.filed(&entry.scope);
                filed.remove(at, &entry.place);
                filed.insert(at, &place);
                entry.place = place;
            }
            self.selectors[at as usize] = Some(entry);
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
type Found = BTreeMap<Arc<str>, Posting>;

fn entry<'a, O>(namespaces: &'a mut BTreeMap<Arc<str>, Namespace<O>>, name: &str) -> &'a mut Namespace<O> {
    // Looked up twice only for a new namespace: an entry would need an owned key each time.
    if !namespaces.contains_key(name) {
        namespaces.insert(Arc::from(name), Namespace::default());
    }
    namespaces.entry(Arc::from(name)).or_default()
}
