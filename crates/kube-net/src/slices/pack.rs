//! Packing the endpoints of one list of ports into slices.

use super::endpoint::Place;
use super::wanted::Wanted;
use kube_core::kinds::discovery::v1::{Endpoint, EndpointPort, EndpointSlice};
use std::cmp::Reverse;
use std::sync::Arc;

/// The endpoints that are wanted with one list of ports.
#[derive(Debug)]
pub(super) struct Group<'a> {
    pub(super) ports: Vec<EndpointPort>,
    pub(super) endpoints: Vec<Wanted<'a>>,
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
pub(super) fn pack(rules: &Rules<'_>, existing: &[Arc<EndpointSlice>], group: Group<'_>) -> Packed {
    let mut wanted = Wishes::new(group.endpoints);
    let mut packed = Packed::default();
    let mut unchanged: Vec<&Arc<EndpointSlice>> = Vec::new();
    for slice in existing {
        match keep(rules, slice, &mut wanted) {
            Kept::Unchanged => unchanged.push(slice),
            Kept::Empty => packed.delete.push(slice.clone()),
            Kept::Changed(changed) => packed.update.push(*changed),
        }
    }
    let rest = wanted.rest();
    let mut rest = rest.iter().copied();

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
fn keep(rules: &Rules<'_>, slice: &EndpointSlice, wanted: &mut Wishes<'_>) -> Kept {
    let had = slice.endpoints.as_deref().unwrap_or_default();
    let mut places = Vec::with_capacity(had.len());
    let mut changed = false;
    for endpoint in had {
        if let Some(at) = wanted.take(endpoint) {
            changed |= !wanted.items[at].says_same(endpoint);
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
    let endpoints = if changed {
        Some(places.into_iter().map(|at| wanted.items[at].make()).collect())
    } else {
        slice.endpoints.clone()
    };
    let mut slice = EndpointSlice {
        address_type: slice.address_type.clone(),
        endpoints,
        metadata: slice.metadata.clone(),
        ports: slice.ports.clone(),
    };
    (rules.label)(&mut slice);
    Kept::Changed(Box::new(slice))
}

fn len(slice: &EndpointSlice) -> usize {
    slice.endpoints.as_ref().map_or(0, Vec::len)
}

/// Those that have found no slice yet.
type Rest<'r, 'a> = std::iter::Copied<std::slice::Iter<'r, &'r Wanted<'a>>>;

fn fill(slice: &mut EndpointSlice, rest: &mut Rest<'_, '_>, max: usize) {
    let endpoints = slice.endpoints.get_or_insert_default();
    let room = max.saturating_sub(endpoints.len()).min(rest.len());
    endpoints.reserve_exact(room);
    endpoints.extend(rest.take(room).map(Wanted::make));
}

/// The slice that is closest to full once `more` endpoints are in it; the first of several.
fn closest_to_full(slices: &[&Arc<EndpointSlice>], more: usize, max: usize) -> Option<usize> {
    let room = |slice: &EndpointSlice| max.checked_sub(more + len(slice));
    let fitting = slices.iter().enumerate().filter_map(|(at, slice)| Some((room(slice)?, at)));
    fitting.min().map(|(_, at)| at)
}

/// The wanted endpoints in order, and which of them have found a slice.
struct Wishes<'a> {
    items: Vec<Wanted<'a>>,
    taken: Vec<bool>,
    /// Behind the one that was found last: slices hold endpoints in the same order, as a rule.
    next: usize,
}

impl<'a> Wishes<'a> {
    fn new(mut items: Vec<Wanted<'a>>) -> Self {
        items.sort_by(Wanted::compare);
        items.dedup_by(|a, b| a.compare(b).is_eq());
        let taken = vec![false; items.len()];
        Self { items, taken, next: 0 }
    }

    /// The place of the wanted endpoint that `has` is, the first time it is asked for.
    fn take(&mut self, has: &Endpoint) -> Option<usize> {
        let place = Place::of(has);
        let is_it = |wanted: &Wanted<'_>| wanted.compare_with(place, has).is_eq();
        let at = if self.items.get(self.next).is_some_and(is_it) {
            self.next
        } else {
            self.items.binary_search_by(|wanted| wanted.compare_with(place, has)).ok()?
        };
        self.next = at + 1;
        (!std::mem::replace(&mut self.taken[at], true)).then_some(at)
    }

    /// Those that have found no slice.
    fn rest(&self) -> Vec<&Wanted<'a>> {
        let free = self.items.iter().zip(&self.taken).filter(|(_, taken)| !**taken);
        free.map(|(wanted, _)| wanted).collect()
    }
}
