//! The plan: every address type of a Service, its groups of ports, and what is left over.

use super::endpoint::{Ports, has_endpoint, parse_address, port_keys, publishes_not_ready};
use super::hints::Hinting;
use super::pack::{Group, Rules, pack};
use super::wanted::Wanted;
use super::{SliceInput, labels, zones};
use jiff::Timestamp;
use kube_core::kinds::core::v1::Service;
use kube_core::kinds::discovery::v1::{EndpointPort, EndpointSlice};
use kube_core::kinds::meta::v1::ObjectMeta;
use kube_core::resource::ObjectKey;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const TRIGGER_TIME: &str = "endpoints.kubernetes.io/last-change-trigger-time";

/// What to do so that a Service has the slices it should have.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct SlicePlan {
    /// Slices to create; `generateName` names them.
    pub create: Vec<EndpointSlice>,
    /// Slices to replace, by name, each with the version it was read at.
    pub update: Vec<EndpointSlice>,
    /// Slices to delete, by name.
    pub delete: Vec<Arc<EndpointSlice>>,
    /// Pods left out because their node is not known (yet): plan again later.
    pub skipped: Vec<ObjectKey>,
}

impl SlicePlan {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.create.is_empty() && self.update.is_empty() && self.delete.is_empty()
    }
}

/// Plans the slices of a Service. See the [module](super).
///
/// A Service without selector is nobody's business here: its slices are made by others. Callers do not plan for it.
///
/// Source: `k8s.io/endpointslice` (`Reconciler.Reconcile`).
pub fn plan_slices(input: &SliceInput<'_>) -> SlicePlan {
    let mut existing: Vec<&Arc<EndpointSlice>> =
        input.existing.iter().filter(|slice| labels::is_ours(slice)).collect();
    existing.sort_by_key(|slice| &slice.metadata.name);
    let types = address_types(input.service);
    let labels = labels::wanted(input.service);

    let mut plan = SlicePlan::default();
    for address_type in &types {
        let of_type =
            existing.iter().filter(|slice| slice.address_type == *address_type).map(|slice| (*slice).clone());
        let cx = TypeCx { input, labels: &labels, address_type };
        cx.plan(&of_type.collect::<Vec<_>>(), &mut plan);
    }
    let others = existing.into_iter().filter(|slice| !types.contains(slice.address_type.as_str()));
    plan.delete.extend(others.cloned());

    if input.service.metadata.deletion_timestamp.is_some() {
        // The garbage collector deletes the slices: new ones would race with it.
        plan.create.clear();
    }
    for slice in plan.create.iter_mut().chain(&mut plan.update) {
        annotate(slice, input.trigger_time);
    }
    plan.update.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
    plan.delete.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
    plan.skipped.sort();
    plan.skipped.dedup();
    plan
}

/// The address types that a Service has endpoints of.
///
/// Source: `k8s.io/endpointslice` (`getAddressTypesForService`).
pub(super) fn address_types(service: &Service) -> BTreeSet<&'static str> {
    let spec = service.spec.as_ref();
    let families = spec.iter().flat_map(|spec| spec.ip_families.iter().flatten());
    let known: BTreeSet<&'static str> =
        families.filter_map(|family| ["IPv4", "IPv6"].into_iter().find(|known| known == family)).collect();
    if !known.is_empty() {
        return known;
    }
    match spec.and_then(|spec| spec.cluster_ip.as_deref()) {
        None | Some("" | "None") => BTreeSet::from(["IPv4", "IPv6"]),
        Some(ip) if parse_address(ip).is_some_and(|ip| ip.is_ipv6()) => BTreeSet::from(["IPv6"]),
        Some(_) => BTreeSet::from(["IPv4"]),
    }
}

struct TypeCx<'a> {
    input: &'a SliceInput<'a>,
    labels: &'a BTreeMap<String, String>,
    address_type: &'static str,
}

/// What is to be written of one address type.
#[derive(Default)]
struct Changes {
    create: Vec<EndpointSlice>,
    update: Vec<EndpointSlice>,
    delete: Vec<Arc<EndpointSlice>>,
}

impl<'a> TypeCx<'a> {
    /// Plans one address type. `existing` is sorted by name.
    fn plan(&self, existing: &[Arc<EndpointSlice>], plan: &mut SlicePlan) {
        let total = existing.len();
        let (owned, foreign): (Vec<_>, Vec<_>) =
            existing.iter().cloned().partition(|slice| labels::is_owned(slice, self.input.service));
        let mut changes = Changes { delete: foreign, ..Changes::default() };
        let groups = self.groups(&mut plan.skipped);
        self.pack(owned, groups, &mut changes);
        self.keep_one(total, &mut changes);

        let touched = changes.update.iter().map(|slice| &slice.metadata.name);
        let touched: BTreeSet<_> =
            touched.chain(changes.delete.iter().map(|slice| &slice.metadata.name)).collect();
        let unchanged =
            existing.iter().filter(|slice| !touched.contains(&slice.metadata.name)).cloned().collect();
        self.hint(&mut changes, unchanged);
        self.reuse(&mut changes);
        plan.create.append(&mut changes.create);
        plan.update.append(&mut changes.update);
        plan.delete.append(&mut changes.delete);
    }

    /// The wanted endpoints by their ports, in a normal order. Pods of an unknown node are skipped.
    fn groups(&self, skipped: &mut Vec<ObjectKey>) -> Vec<Group<'a>> {
        let service = self.input.service;
        let publishes = publishes_not_ready(service);
        let ports = Ports::of(service);
        let mut groups: Vec<Group<'a>> = Vec::new();
        let (mut last, mut numbers) = (0, Vec::new());
        for pod in self.input.pods.iter().filter(|pod| has_endpoint(pod)) {
            // As a rule all pods have the same ports, so that the last group is the right one.
            let same = !groups.is_empty()
                && (ports.are_the_same() || ports.numbers(pod).eq(numbers.iter().copied()));
            if !same {
                numbers = ports.numbers(pod).collect();
                last = group_of(&mut groups, ports.in_pod(pod));
            }
            let node = pod.node_name().and_then(|name| (self.input.nodes)(name));
            if node.is_none() && !publishes {
                skipped.push(pod.meta.key());
                continue;
            }
            groups[last].endpoints.extend(Wanted::new(service, pod, node.as_deref(), self.address_type));
        }
        groups
    }

    fn pack(&self, mut owned: Vec<Arc<EndpointSlice>>, groups: Vec<Group<'_>>, changes: &mut Changes) {
        let rules = Rules {
            max: self.input.max_endpoints,
            relabel: &|slice| labels::changed(slice, self.labels),
            new_slice: &|ports| self.new_slice(ports),
            label: &|slice| slice.metadata.labels = Some(self.labels.clone()),
        };
        for group in groups {
            let same_ports = |slice: &mut Arc<EndpointSlice>| {
                port_keys(slice.ports.as_deref().unwrap_or_default()) == port_keys(&group.ports)
            };
            let existing: Vec<_> = owned.extract_if(.., same_ports).collect();
            let mut packed = pack(&rules, &existing, group);
            changes.create.append(&mut packed.create);
            changes.update.append(&mut packed.update);
            changes.delete.append(&mut packed.delete);
        }
        // Nobody wants these ports any more.
        changes.delete.append(&mut owned);
    }

    /// A Service without any endpoint keeps one slice, to show that it was looked at.
    fn keep_one(&self, existing: usize, changes: &mut Changes) {
        if existing != changes.delete.len() || !changes.create.is_empty() {
            return;
        }
        let placeholder = self.new_slice(Vec::new());
        if matches!(&*changes.delete, [only] if labels::is_placeholder(only, &placeholder)) {
            changes.delete.clear();
        } else {
            changes.create.push(placeholder);
        }
    }

    fn hint(&self, changes: &mut Changes, mut unchanged: Vec<Arc<EndpointSlice>>) {
        let mut hinting = Hinting::of(self.input.service);
        if hinting == Hinting::Auto {
            // New slices first, as long as nothing says which is which.
            let created = changes.create.len();
            let mut written: Vec<EndpointSlice> = changes.create.drain(..).collect();
            written.append(&mut changes.update);
            let hinted = zones::hint(self.input.zones, &mut written, &mut unchanged);
            changes.update = written.split_off(created);
            changes.create = written;
            if hinted {
                return;
            }
            hinting = Hinting::None;
        }
        changes
            .update
            .extend(unchanged.iter().filter(|slice| hinting.outdated(slice)).map(|slice| (**slice).clone()));
        for slice in changes.create.iter_mut().chain(&mut changes.update) {
            hinting.apply(slice);
        }
    }

    /// Turns a deletion and a creation into one update, where the slice was this Service's.
    fn reuse(&self, changes: &mut Changes) {
        let service = self.input.service;
        let (create, update) = (&mut changes.create, &mut changes.update);
        changes.delete.retain(|old| {
            if !labels::is_owned(old, service) {
                return true;
            }
            let Some(mut slice) = create.pop() else { return true };
            let new = std::mem::take(&mut slice.metadata);
            slice.metadata = ObjectMeta {
                labels: new.labels,
                owner_references: new.owner_references,
                annotations: None,
                ..old.metadata.clone()
            };
            update.push(slice);
            false
        });
    }

    fn new_slice(&self, ports: Vec<EndpointPort>) -> EndpointSlice {
        labels::new_slice(self.input.service, self.address_type, ports, self.labels)
    }
}

/// The place of the group of these ports, which begins now if there is none.
fn group_of(groups: &mut Vec<Group<'_>>, ports: Vec<EndpointPort>) -> usize {
    match groups.binary_search_by(|group| port_keys(&group.ports).cmp(&port_keys(&ports))) {
        Ok(at) => at,
        Err(at) => {
            groups.insert(at, Group { ports, endpoints: Vec::new() });
            at
        }
    }
}

pub(super) fn annotate(slice: &mut EndpointSlice, time: Option<Timestamp>) {
    let annotations = slice.metadata.annotations.get_or_insert_default();
    match time {
        Some(time) => annotations.insert(TRIGGER_TIME.to_owned(), time.to_string()),
        None => annotations.remove(TRIGGER_TIME),
    };
    if annotations.is_empty() {
        slice.metadata.annotations = None;
    }
}
