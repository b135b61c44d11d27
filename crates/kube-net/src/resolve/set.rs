//! The endpoints of one port in one family, and who may use which.
//!
//! Source: `k8s.io/kubernetes/pkg/proxy` (`CategorizeEndpoints`).

use super::endpoint::Endpoint;
use super::pool::{Pool, Shared};
use super::source::{Numbered, Source};
use crate::balance::{Affinity, Balancing, PickContext};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// The endpoints of one port in one family.
#[derive(Debug)]
pub(super) struct EndpointSet {
    /// All, by address.
    pub(super) all: Vec<Arc<Endpoint>>,
    /// Those that may be used from everywhere.
    pub(super) whole: Arc<Pool>,
    /// Those that may no longer be used and are in use still.
    pub(super) leaving: Vec<Arc<Endpoint>>,
    /// By the node whose clients should use them; none unless every ready endpoint tells.
    hinted_nodes: Parts,
    /// By the zone whose clients should use them; none unless every ready endpoint tells.
    hinted_zones: Parts,
    /// By the node they are on; none unless a traffic policy asks.
    own_nodes: Parts,
    /// What they were read from, in the order of the slices' names; nothing while one stands in two slices, as of those
    /// two states only one is in `all`.
    sources: Vec<Source>,
}

type Parts = BTreeMap<Arc<str>, Part>;

/// Some endpoints; the policy is put to work when first asked, as most parts never are.
#[derive(Debug)]
struct Part {
    endpoints: Vec<Arc<Endpoint>>,
    before: Option<Arc<Pool>>,
    pool: OnceLock<Arc<Pool>>,
}

/// How the set is used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules<'a> {
    pub(super) balancing: &'a Arc<Balancing>,
    /// The timeout of session affinity, where that is wanted.
    pub(super) affinity: Option<Duration>,
    /// Whether a traffic policy is `Local`.
    pub(super) by_own_node: bool,
}

impl EndpointSet {
    /// The endpoints of `slices`, which go on from those `before`. A slice that has not changed is not read again.
    pub(super) fn new(slices: &[Numbered<'_>], before: Option<&Self>, rules: &Rules<'_>) -> Self {
        let sources = sources(slices, before);
        let (all, doubled) = merged(&sources);
        let usable = first_choice(&all);
        let shared = before.map(|before| before.whole.shared()).filter(|old| suits(old, rules));
        let shared = shared.cloned().unwrap_or_else(|| {
            Arc::new(Shared::new(rules.balancing.clone(), rules.affinity.map(Affinity::new)))
        });
        let leaving = before.map(|before| before.left_behind(&usable)).unwrap_or_default();
        let ready: Vec<&Arc<Endpoint>> = all.iter().filter(|endpoint| endpoint.ready).collect();
        let hinted_nodes = hinted(&ready, |endpoint| &endpoint.for_nodes);
        let hinted_zones = hinted(&ready, |endpoint| &endpoint.for_zones);
        let own_nodes = if rules.by_own_node { by_own_node(&all) } else { BTreeMap::new() };
        Self {
            whole: Arc::new(Pool::whole(usable, before.map(|before| &*before.whole), &shared)),
            leaving,
            hinted_nodes: parts(hinted_nodes, before.map(|before| &before.hinted_nodes)),
            hinted_zones: parts(hinted_zones, before.map(|before| &before.hinted_zones)),
            own_nodes: parts(own_nodes, before.map(|before| &before.own_nodes)),
            all,
            sources: if doubled { Vec::new() } else { sources },
        }
    }

    /// What a client may use: of the endpoints on its own node where `local`, which may be none. A client that does not
    /// say where it is may use all.
    pub(super) fn pool(&self, cx: &PickContext<'_>, local: bool) -> Option<&Arc<Pool>> {
        if let Some(node) = cx.node {
            if local {
                return self.own_nodes.get(node).map(|part| self.open(part));
            }
            if let Some(part) = self.hinted_nodes.get(node) {
                return Some(self.open(part));
            }
        }
        let zone = cx.zone.and_then(|zone| self.hinted_zones.get(zone));
        Some(zone.map_or(&self.whole, |part| self.open(part)))
    }

    pub(super) fn is_hinted_for_node(&self, node: Option<&str>) -> bool {
        node.is_some_and(|node| self.hinted_nodes.contains_key(node))
    }

    pub(super) fn is_hinted_for_zone(&self, zone: Option<&str>) -> bool {
        zone.is_some_and(|zone| self.hinted_zones.contains_key(zone))
    }

    /// Whether `endpoint` may be picked by somebody.
    pub(super) fn offers(&self, endpoint: &Endpoint) -> bool {
        let own = endpoint.node.as_ref().and_then(|node| self.own_nodes.get(node));
        // Those with hints are among all.
        has(&self.whole.endpoints, endpoint) || own.is_some_and(|part| has(&part.endpoints, endpoint))
    }

    fn open<'a>(&'a self, part: &'a Part) -> &'a Arc<Pool> {
        part.pool.get_or_init(|| {
            let before = part.before.as_deref();
            Arc::new(Pool::part(part.endpoints.clone(), before, self.whole.shared()))
        })
    }

    fn find(&self, endpoint: &Endpoint) -> Option<&Arc<Endpoint>> {
        let same = |old: &&Arc<Endpoint>| old.is_same(endpoint);
        let at = self.all.binary_search_by_key(&endpoint.place(), |old| old.place()).ok();
        at.map(|at| &self.all[at]).filter(same).or_else(|| self.leaving.iter().find(same))
    }

    /// Those of this set that are in use and not among `usable`.
    fn left_behind(&self, usable: &[Arc<Endpoint>]) -> Vec<Arc<Endpoint>> {
        let before = self.whole.endpoints.iter().chain(&self.leaving);
        before.filter(|old| old.in_flight() != 0 && !has(usable, old)).cloned().collect()
    }
}

/// What each of `slices` has, from `before` where it has not changed.
fn sources(slices: &[Numbered<'_>], before: Option<&EndpointSet>) -> Vec<Source> {
    let mut known = before.map(|before| &*before.sources).unwrap_or_default().iter().peekable();
    let settle = |mut endpoint: Endpoint| {
        if let Some(old) = before.and_then(|before| before.find(&endpoint)) {
            endpoint.take_over(old);
        }
        endpoint
    };
    let source = |slice: &Numbered<'_>| {
        while known.next_if(|old| old.precedes(*slice)).is_some() {}
        match known.next_if(|old| old.is_of(*slice)) {
            Some(old) => old.clone(),
            None => Source::read(*slice, settle),
        }
    };
    slices.iter().map(source).collect()
}

/// The endpoints of all sources by address, and whether one stood in two of them: while it moves from one slice to
/// another it does.
fn merged(sources: &[Source]) -> (Vec<Arc<Endpoint>>, bool) {
    let mut all: Vec<Arc<Endpoint>> =
        sources.iter().flat_map(|source| source.endpoints.iter().cloned()).collect();
    // Stable: it takes the order within each source as given.
    all.sort_by_key(|endpoint| endpoint.order());
    let together = all.len();
    all.dedup_by_key(|endpoint| endpoint.place());
    let doubled = all.len() != together;
    (all, doubled)
}

/// Whether `endpoint` is among these, which stand by address.
fn has(endpoints: &[Arc<Endpoint>], endpoint: &Endpoint) -> bool {
    let found = endpoints.binary_search_by_key(&endpoint.place(), |other| other.place());
    found.is_ok_and(|at| endpoints[at].is_same(endpoint))
}

/// Those that are ready; where none is, those that serve while they terminate (KEP-1669).
fn first_choice(endpoints: &[Arc<Endpoint>]) -> Vec<Arc<Endpoint>> {
    let some = |test: fn(&Endpoint) -> bool| -> Vec<Arc<Endpoint>> {
        endpoints.iter().filter(|endpoint| test(endpoint)).cloned().collect()
    };
    let ready = some(|endpoint| endpoint.ready);
    if ready.is_empty() { some(|endpoint| endpoint.serving && endpoint.terminating) } else { ready }
}

type Groups = BTreeMap<Arc<str>, Vec<Arc<Endpoint>>>;

/// Ready endpoints by who should use them; nothing unless every one tells.
fn hinted(ready: &[&Arc<Endpoint>], hints: fn(&Endpoint) -> &Arc<[Arc<str>]>) -> Groups {
    let mut groups = Groups::new();
    if ready.iter().any(|endpoint| hints(endpoint).is_empty()) {
        return groups;
    }
    for endpoint in ready {
        for name in hints(endpoint).iter() {
            groups.entry(name.clone()).or_default().push((*endpoint).clone());
        }
    }
    groups
}

fn by_own_node(all: &[Arc<Endpoint>]) -> Groups {
    let mut groups = Groups::new();
    for endpoint in all {
        if let Some(node) = &endpoint.node {
            groups.entry(node.clone()).or_default().push(endpoint.clone());
        }
    }
    for group in groups.values_mut() {
        *group = first_choice(group);
    }
    groups.retain(|_, group| !group.is_empty());
    groups
}

fn parts(groups: Groups, before: Option<&Parts>) -> Parts {
    let part = |(name, endpoints): (Arc<str>, Vec<Arc<Endpoint>>)| {
        let old = before.and_then(|before| before.get(&name));
        let before = old.and_then(|old| old.pool.get().or(old.before.as_ref())).cloned();
        (name, Part { endpoints, before, pool: OnceLock::new() })
    };
    groups.into_iter().map(part).collect()
}

fn suits(shared: &Shared, rules: &Rules<'_>) -> bool {
    shared.affinity().map(Affinity::timeout) == rules.affinity
}
