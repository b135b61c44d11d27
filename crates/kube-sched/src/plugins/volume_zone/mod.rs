//! `VolumeZone`: a pod goes to the zone of its volumes, where their labels say one.
//!
//! Source: `pkg/scheduler/framework/plugins/volumezone`.

#[cfg(test)]
mod tests;

use crate::framework::{
    ClusterEvent, EnqueueHints, EventSet, Hint, NodeRef, Nodes, Plugin, PodInfo, Points, PreFilter,
    PreFiltered, Reads, Reason, Reasons, Remedy, Verdict,
};
use crate::volumes::{class_of, not_found, volume_name, waits_for_consumer};
use kube_core::kinds::core::v1::{PersistentVolume, PersistentVolumeClaim};
use kube_core::kinds::storage::v1::StorageClass;
use kube_core::resource::ObjectKey;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Rejects nodes of other zones or regions than the labels of the pod's volumes name.
#[derive(Clone, Copy, Debug, Default)]
pub struct VolumeZone;

/// The labels that the node must have: the key, and the values that will do.
pub type Zones = Arc<[(&'static str, BTreeSet<String>)]>;

impl Plugin for VolumeZone {
    fn name(&self) -> &'static str {
        "VolumeZone"
    }

    fn reads(&self) -> Reads {
        Reads::NODE_LABELS
            | Reads::kind::<PersistentVolume>()
            | Reads::kind::<PersistentVolumeClaim>()
            | Reads::kind::<StorageClass>()
    }

    fn monotone(&self) -> bool {
        true
    }

    fn points(self: Arc<Self>, points: &mut Points) {
        points.pre_filter(self.clone()).hints(self);
    }
}

impl PreFilter for VolumeZone {
    type State = Zones;

    fn pre_filter(&self, pod: &PodInfo, nodes: Nodes<'_>) -> PreFiltered<Zones> {
        match zones_of(pod, nodes) {
            Err(wrong) => PreFiltered::RejectForGood(Reasons::from(Reason::from(wrong))),
            Ok(zones) if zones.is_empty() => PreFiltered::Skip,
            Ok(zones) => PreFiltered::All(zones.into()),
        }
    }

    fn filter(&self, zones: &Zones, _pod: &PodInfo, node: NodeRef<'_>) -> Verdict {
        let labels = node.labels();
        // A node without any zone is in all of them: clusters of one zone need no labels.
        if !KEYS.iter().any(|(key, _)| labels.contains_key(key)) {
            return Verdict::Fits;
        }
        let fits = zones.iter().all(|(key, values)| {
            labels.get(key).or_else(|| labels.get(current(key))).is_some_and(|zone| values.contains(&**zone))
        });
        if fits { Verdict::Fits } else { Verdict::never(REASON) }
    }

    fn remedies(&self, zones: &Zones, _pod: &PodInfo, node: NodeRef<'_>) -> Vec<Remedy> {
        let wanted = zones.iter().map(|(key, values)| {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            format!("{key} {}", values.join(" or "))
        });
        let wanted: Vec<String> = wanted.collect();
        vec![Remedy::new(format!(
            "move the pod's volumes: {} is not in {}",
            node.name(),
            wanted.join(" and ")
        ))]
    }
}

impl EnqueueHints for VolumeZone {
    fn events(&self) -> EventSet {
        EventSet::NODE_ADD | EventSet::NODE_LABEL | EventSet::OTHER
    }

    fn hint(&self, _pod: &PodInfo, _event: &ClusterEvent) -> Hint {
        Hint::Queue
    }
}

fn zones_of(pod: &PodInfo, nodes: Nodes<'_>) -> Result<Vec<(&'static str, BTreeSet<String>)>, String> {
    let mut zones = Vec::new();
    let volumes = pod.view().spec.volumes.iter();
    for named in volumes.filter_map(|volume| volume.persistent_volume_claim.as_ref()) {
        let name = &named.claim_name;
        if name.is_empty() {
            return Err("PersistentVolumeClaim had no name".to_owned());
        }
        let key = ObjectKey::new(pod.key().namespace.clone(), name.clone());
        let claims = nodes.objects::<PersistentVolumeClaim>();
        let claim = claims.get(&key).ok_or_else(|| not_found("persistentvolumeclaim", name))?;
        let Some(volume) = volume_name(claim) else {
            if class_of(claim).is_empty() {
                return Err("PersistentVolumeClaim had no pv name and storageClass name".to_owned());
            }
            if waits_for_consumer(claim, nodes.objects::<StorageClass>())? {
                continue;
            }
            return Err("PersistentVolume had no name".to_owned());
        };
        let volumes = nodes.objects::<PersistentVolume>();
        let found = volumes.get(&ObjectKey::cluster(volume));
        let found = found.ok_or_else(|| not_found("persistentvolume", volume))?;
        let labels = found.metadata.labels.iter().flatten();
        zones.extend(labels.filter_map(|(key, value)| {
            let (key, _) = KEYS.iter().find(|(known, _)| known == key)?;
            Some((*key, set_of(value)?))
        }));
    }
    Ok(zones)
}

/// The zones of a label; `None` where one of them is empty.
///
/// Source: `k8s.io/cloud-provider/volume/helpers` (`LabelZonesToSet`).
fn set_of(label: &str) -> Option<BTreeSet<String>> {
    label.split("__").map(|zone| Some(zone.trim().to_owned()).filter(|zone| !zone.is_empty())).collect()
}

fn current(key: &str) -> &'static str {
    KEYS.iter().find(|(known, _)| *known == key).map(|(_, current)| *current).unwrap_or_default()
}

/// The labels that name zones and regions, and what they are called today.
const KEYS: [(&str, &str); 4] = [
    ("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"),
    ("failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"),
    ("topology.kubernetes.io/zone", "topology.kubernetes.io/zone"),
    ("topology.kubernetes.io/region", "topology.kubernetes.io/region"),
];
const REASON: &str = "node(s) had no available volume zone";
