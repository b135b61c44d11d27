//! One pod that has changed, and what that alone asks for.

use super::endpoint::{Ports, has_endpoint, port_keys, publishes_not_ready};
use super::hints::{Hinting, is_ready};
use super::plan::{address_types, annotate};
use super::wanted::Wanted;
use super::{SliceInput, SlicePlan, labels};
use kube_core::kinds::discovery::v1::EndpointSlice;
use std::sync::Arc;

/// Plans for one pod that has changed where it stands: it became ready, or is to end. The cost is that of one slice, not
/// of the whole Service.
///
/// `input` has that pod alone, and of the slices those that hold it; all others, and the rest of these, must be as
/// [`plan_slices`](super::plan_slices) would have them. The answer is then its answer. `None` where one pod cannot tell:
/// it comes, goes or moves, or every zone's share depends on it.
pub fn plan_pod(input: &SliceInput<'_>) -> Option<SlicePlan> {
    let [pod] = input.pods else { return None };
    let (service, hinting) = (input.service, Hinting::of(input.service));
    let node = pod.node_name().and_then(|name| (input.nodes)(name));
    if hinting == Hinting::Auto
        || service.metadata.deletion_timestamp.is_some()
        || !has_endpoint(pod)
        || (node.is_none() && !publishes_not_ready(service))
    {
        return None;
    }
    let (labels, ports) = (labels::wanted(service), Ports::of(service).in_pod(pod));
    let as_planned = |slice: &EndpointSlice| {
        labels::is_ours(slice)
            && labels::is_owned(slice, service)
            && !labels::changed(slice, &labels)
            && port_keys(slice.ports.as_deref().unwrap_or_default()) == port_keys(&ports)
    };
    let mut plan = SlicePlan::default();
    let types = address_types(service);
    if input.existing.iter().any(|slice| !types.contains(slice.address_type.as_str())) {
        return None;
    }
    for address_type in types {
        let wanted = Wanted::new(service, pod, node.as_deref(), address_type);
        let mut holding = input.existing.iter().filter(|slice| slice.address_type == address_type);
        let slice: &Arc<EndpointSlice> = match (holding.next(), holding.next()) {
            (None, _) if wanted.is_none() => continue,
            (Some(slice), None) if as_planned(slice) => slice,
            _ => return None,
        };
        let wanted = wanted?;
        let endpoints = slice.endpoints.as_deref().unwrap_or_default();
        let at = endpoints.iter().position(|has| wanted.compare_identity(has).is_eq())?;
        if wanted.says_same(&endpoints[at]) && !hinting.outdated(slice) {
            continue;
        }
        let mut slice = (**slice).clone();
        for (place, has) in slice.endpoints.iter_mut().flatten().enumerate() {
            if place == at {
                *has = wanted.make();
            } else if !is_ready(has) {
                // As where the whole slice is made anew.
                has.hints = None;
            }
        }
        hinting.apply(&mut slice);
        annotate(&mut slice, input.trigger_time);
        plan.update.push(slice);
    }
    plan.update.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
    Some(plan)
}
