//! Packing the endpoints of one list of ports into slices.

use super::endpoint::{Place, compare_identity, says_same};
use kube_core::kinds::discovery::v1::{Endpoint, EndpointPort, EndpointSlice};
use std::cmp::Reverse;
use std::sync::Arc;

/// The endpoints that are wanted with one list of ports.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) ports: Vec<EndpointPort>,
    pub(super) endpoints: Vec<Endpoint>,
}

/// What packing a group changes.
#[derive(Debug, Default)]
pub(super) struct Packed {
    pub(super) create: Vec<EndpointSlice>,
    pub(super) update: Vec<EndpointSlice>,
    pub(super) delete: Vec<Arc<EndpointSlice>>,
}

/// What stays the same while a group is packed.
pub(super) struct Rules<'a> {
    pub(super) max: usize,
    /// Whether a slice mirrors other labels than its Service has.
    pub(super) relabel: &'a dyn Fn(&EndpointSlice) -> bool,
    /// A slice without endpoints.
    pub(super) new_slice: &'a dyn Fn(Vec<EndpointPort>) -> EndpointSlice,
    /// Brings the labels of a slice up to date.
    pub(super) label: &'a dyn Fn(&mut EndpointSlice),
}

/// Drops what is no longer wanted from `existing` (sorted by name), then fills slices that change anyway, fullest first,
/// then the one unchanged slice that ends closest to full, then new ones. Slices are never rebalanced: fewer writes.
///
/// Source: `k8s.io/endpointslice` (`reconcileByPortMapping`).
pub(super) fn pack(rules: &Rules<'_>, existing: &[Arc<EndpointSlice>], group: Group) -> Packed {
    let mut wanted = Wanted::new(group.endpoints);
    let mut packed = Packed::default();
    let mut unchanged: Vec<&Arc<EndpointSlice>> = Vec::new();
    for slice in existing {
        match keep(rules, slice, &mut wanted) {
            Kept::Unchanged => unchanged.push(slice),
            Kept::Empty => packed.delete.push(slice.clone()),
            Kept::Changed(changed) => packed.update.push(*changed),
        }
    }
    let mut rest = wanted.rest();

    packed.update.sort_by_key(|slice| (Reverse(len(slice)), slice.metadata.name.clone()));
    for slice in &mut packed.update {
        fill(slice, &mut rest, rules.max);
    }
    while rest.len() > 0 {
        let found =
            if rest.len() < rules.max { closest_to_full(&unchanged, rest.len(), rules.max) } else { None };
        let mut slice = match found {
            Some(at) => (**unchanged.remove(at)).clone(),
            None => (rules.new_slice)(group.ports.clone()),
        };
        fill(&mut slice, &mut rest, rules.max);
        if found.is_some() { packed.update.push(slice) } else { packed.create.push(slice) }
    }
    packed
}

enum Kept {
    Unchanged,
    Empty,
    Changed(Box<EndpointSlice>),
}

/// What is left of a slice once endpoints that are not wanted are gone and the others are up to date.
fn keep(rules: &Rules<'_>, slice: &EndpointSlice, wanted: &mut Wanted) -> Kept {
    let had = slice.endpoints.as_deref().unwrap_or_default();
    let mut places = Vec::with_capacity(had.len());
    let mut changed = false;
    for endpoint in had {
        if let Some(at) = wanted.take(endpoint) {
            changed |= !says_same(&wanted.items[at].1, endpoint);
            places.push(at);
        }
    }
    changed |= places.len() != had.len();
    if !changed && !(rules.relabel)(slice) {
        return Kept::Unchanged;
    }
    if changed && places.is_empty() {
        return Kept::Empty;
    }
    let mut slice = slice.clone();
    if changed {
        slice.endpoints = Some(places.into_iter().map(|at| wanted.items[at].1.clone()).collect());
    }
    (rules.label)(&mut slice);
    Kept::Changed(Box::new(slice))
}

fn len(slice: &EndpointSlice) -> usize {
    slice.endpoints.as_ref().map_or(0, Vec::len)
}

fn fill(slice: &mut EndpointSlice, rest: &mut std::vec::IntoIter<Endpoint>, max: usize) {
    let endpoints = slice.endpoints.get_or_insert_default();
    let room = max.saturating_sub(endpoints.len());
    endpoints.extend(rest.take(room));
}

/// The slice that is closest to full once `more` endpoints are in it; the first of several.
fn closest_to_full(slices: &[&Arc<EndpointSlice>], more: usize, max: usize) -> Option<usize> {
    let room = |slice: &EndpointSlice| max.checked_sub(more + len(slice));
    let fitting = slices.iter().enumerate().filter_map(|(at, slice)| Some((room(slice)?, at)));
    fitting.min().map(|(_, at)| at)
}

/// The wanted endpoints in order, and which of them have found a slice.
struct Wanted {
    items: Vec<(Place, Endpoint)>,
    taken: Vec<bool>,
}

impl Wanted {
    fn new(endpoints: Vec<Endpoint>) -> Self {
        let mut items: Vec<(Place, Endpoint)> = endpoints.into_iter().map(|e| (Place::of(&e), e)).collect();
        items.sort_by(|(p, a), (q, b)| p.cmp(q).then_with(|| compare_identity(a, b)));
        items.dedup_by(|(p, a), (q, b)| p == q && compare_identity(a, b).is_eq());
        let taken = vec![false; items.len()];
        Self { items, taken }
    }

    /// The place of the wanted endpoint that `has` is, the first time it is asked for.
    fn take(&mut self, has: &Endpoint) -> Option<usize> {
        let place = Place::of(has);
        let found =
            self.items.binary_search_by(|(p, e)| p.cmp(&place).then_with(|| compare_identity(e, has)));
        let at = found.ok()?;
        (!std::mem::replace(&mut self.taken[at], true)).then_some(at)
    }

    fn rest(self) -> std::vec::IntoIter<Endpoint> {
        let free = self.items.into_iter().zip(self.taken).filter(|(_, taken)| !taken);
        free.map(|((_, endpoint), _)| endpoint).collect::<Vec<_>>().into_iter()
    }
}
