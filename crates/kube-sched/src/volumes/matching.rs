//! Which volume suits a claim.

use super::claim::{class_of, class_of_volume};
use super::topology::admits;
use kube_core::kinds::core::v1::{PersistentVolume, PersistentVolumeClaim};
use kube_core::quantity::Quantity;
use kube_core::resource::ResourceExt;
use kube_core::selector::{LabelSet, Selector};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The volume made for the claim by name, or else the smallest that suits it; among equals the first by name.
///
/// Source: `FindMatchingVolume`.
pub(crate) fn find_matching<'v>(
    claim: &PersistentVolumeClaim,
    volumes: impl Iterator<Item = &'v Arc<PersistentVolume>>,
    node: &LabelSet,
    taken: &BTreeSet<String>,
) -> Option<&'v Arc<PersistentVolume>> {
    let wanted = requested(claim);
    let spec = claim.spec.as_ref();
    let selector = spec.and_then(|spec| spec.selector.as_ref());
    let selector = selector.map(|selector| Selector::from_label_selector(Some(selector)));
    let selector = match selector {
        Some(Err(_)) => return None,
        Some(Ok(selector)) => Some(selector),
        None => None,
    };
    let mut smallest: Option<(&Arc<PersistentVolume>, Quantity)> = None;
    for volume in volumes {
        let bound = is_bound_to(volume, claim);
        let taken_by_other = volume.spec.as_ref().is_some_and(|spec| spec.claim_ref.is_some()) && !bound;
        let size = capacity(volume);
        if taken.contains(volume.name())
            || taken_by_other
            || size < wanted.unwrap_or_default()
            || !same_mode_and_attributes(claim, volume)
            || volume.is_terminating()
        {
            continue;
        }
        if bound {
            return admits(volume, node).then_some(volume);
        }
        let available =
            volume.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Available");
        let labels = volume.metadata.labels.clone().unwrap_or_default();
        let suits = available
            && selector.as_ref().is_none_or(|selector| selector.matches(&labels))
            && class_of_volume(volume) == class_of(claim)
            && admits(volume, node)
            && has_access_modes(claim, volume);
        if suits && smallest.is_none_or(|(_, least)| size < least) {
            smallest = Some((volume, size));
        }
    }
    smallest.map(|(volume, _)| volume)
}

/// Whether the volume is for this claim.
///
/// Source: `IsVolumeBoundToClaim`.
pub(crate) fn is_bound_to(volume: &PersistentVolume, claim: &PersistentVolumeClaim) -> bool {
    let Some(of) = volume.spec.as_ref().and_then(|spec| spec.claim_ref.as_ref()) else { return false };
    let same_uid = of.uid.as_deref().is_none_or(|uid| uid.is_empty() || uid == claim.uid().as_str());
    of.name.as_deref() == Some(claim.name()) && of.namespace.as_deref() == Some(claim.namespace()) && same_uid
}

/// How much storage the claim asks for.
pub(crate) fn requested(claim: &PersistentVolumeClaim) -> Option<Quantity> {
    let requests = claim.spec.as_ref()?.resources.as_ref()?.requests.as_ref()?;
    Quantity::parse(&requests.get("storage")?.0).ok()
}

fn capacity(volume: &PersistentVolume) -> Quantity {
    let capacity = volume.spec.as_ref().and_then(|spec| spec.capacity.as_ref()?.get("storage"));
    capacity.and_then(|quantity| Quantity::parse(&quantity.0).ok()).unwrap_or_default()
}

fn same_mode_and_attributes(claim: &PersistentVolumeClaim, volume: &PersistentVolume) -> bool {
    let (claim, volume) = (claim.spec.as_ref(), volume.spec.as_ref());
    let mode = |mode: Option<&String>| mode.map_or("Filesystem", String::as_str).to_owned();
    let attributes = |class: Option<&String>| class.map_or("", String::as_str).to_owned();
    mode(claim.and_then(|spec| spec.volume_mode.as_ref()))
        == mode(volume.and_then(|spec| spec.volume_mode.as_ref()))
        && attributes(claim.and_then(|spec| spec.volume_attributes_class_name.as_ref()))
            == attributes(volume.and_then(|spec| spec.volume_attributes_class_name.as_ref()))
}

fn has_access_modes(claim: &PersistentVolumeClaim, volume: &PersistentVolume) -> bool {
    let has = volume.spec.as_ref().and_then(|spec| spec.access_modes.as_ref());
    let wanted = claim.spec.as_ref().and_then(|spec| spec.access_modes.as_ref());
    wanted.into_iter().flatten().all(|mode| has.is_some_and(|has| has.contains(mode)))
}
