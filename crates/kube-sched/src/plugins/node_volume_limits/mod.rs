//! `NodeVolumeLimits`: a node takes only so many volumes of a CSI driver.
//!
//! Source: `pkg/scheduler/framework/plugins/nodevolumelimits` (`csi.go`).

#[cfg(test)]
mod tests;

use crate::framework::{
    ClusterEvent, EnqueueHints, EventSet, Hint, NodeRef, Nodes, Plugin, PodInfo, Points, PreFilter,
    PreFiltered, Reads, Reason, Reasons, Remedy, Verdict,
};
use crate::snapshot::Table;
use crate::volumes::{
    claims_of, class_of, driver_of_class, driver_of_inline, driver_of_volume, is_migrated, not_found,
    volume_name,
};
use kube_core::kinds::core::v1::{PersistentVolume, PersistentVolumeClaim};
use kube_core::kinds::storage::v1::{CSINode, StorageClass, VolumeAttachment};
use kube_core::resource::{ObjectKey, ResourceExt};
use kube_core::view::PodView;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Rejects nodes that would have more volumes of a driver than it can attach there.
#[derive(Clone, Copy, Debug, Default)]
pub struct NodeVolumeLimits;

/// What is needed to tell whose volume a claim is.
#[derive(Clone, Debug)]
pub struct Drivers {
    claims: Table<PersistentVolumeClaim>,
    volumes: Table<PersistentVolume>,
    classes: Table<StorageClass>,
    nodes: Table<CSINode>,
    /// By node, driver and handle.
    attached: Arc<BTreeMap<String, BTreeSet<Attached>>>,
}

/// Driver and handle of a volume.
type Attached = (String, String);

impl Plugin for NodeVolumeLimits {
    fn name(&self) -> &'static str {
        "NodeVolumeLimits"
    }

    fn reads(&self) -> Reads {
        Reads::NODE_PODS
            | Reads::kind::<PersistentVolume>()
            | Reads::kind::<PersistentVolumeClaim>()
            | Reads::kind::<StorageClass>()
            | Reads::kind::<CSINode>()
            | Reads::kind::<VolumeAttachment>()
    }

    fn points(self: Arc<Self>, points: &mut Points) {
        points.pre_filter(self.clone()).hints(self);
    }
}

impl Drivers {
    fn new(nodes: Nodes<'_>) -> Self {
        let volumes = nodes.objects::<PersistentVolume>().clone();
        let mut attached: BTreeMap<String, BTreeSet<Attached>> = BTreeMap::new();
        for attachment in nodes.objects::<VolumeAttachment>().values() {
            let volume = attachment.spec.source.persistent_volume_name.as_ref();
            let volume = volume.and_then(|name| volumes.get(&ObjectKey::cluster(name.as_str())));
            if let Some(volume) = volume.and_then(|volume| driver_of_volume(volume)) {
                attached.entry(attachment.spec.node_name.clone()).or_default().insert(volume);
            }
        }
        Self {
            claims: nodes.objects::<PersistentVolumeClaim>().clone(),
            classes: nodes.objects::<StorageClass>().clone(),
            nodes: nodes.objects::<CSINode>().clone(),
            attached: Arc::new(attached),
            volumes,
        }
    }

    /// The volumes of a pod that are attached through CSI on such a node.
    fn volumes_of(&self, pod: &PodView, node: Option<&CSINode>) -> BTreeSet<Attached> {
        let claims = claims_of(pod).filter_map(|claim| self.of_claim(self.claims.get(&claim.key)?, node));
        let inline = pod.spec.volumes.iter().filter(|_| node.is_some()).filter_map(driver_of_inline);
        claims.chain(inline).collect()
    }

    fn of_claim(&self, claim: &PersistentVolumeClaim, node: Option<&CSINode>) -> Option<Attached> {
        let volume = volume_name(claim).and_then(|name| self.volumes.get(&ObjectKey::cluster(name)));
        let Some(volume) = volume else { return self.of_class(claim, node) };
        // What another driver took over is attached through it only where there is one.
        if is_migrated(volume) && node.is_none() {
            return None;
        }
        driver_of_volume(volume)
    }

    /// A volume that is yet to be made.
    fn of_class(&self, claim: &PersistentVolumeClaim, node: Option<&CSINode>) -> Option<Attached> {
        let class = self.classes.get(&ObjectKey::cluster(class_of(claim)))?;
        let (driver, took_over) = driver_of_class(&class.provisioner);
        if driver.is_empty() || (took_over && node.is_none()) {
            return None;
        }
        Some((driver.to_owned(), format!("unmade {}", ResourceExt::key(claim))))
    }
}

impl PreFilter for NodeVolumeLimits {
    type State = Drivers;

    fn pre_filter(&self, pod: &PodInfo, nodes: Nodes<'_>) -> PreFiltered<Drivers> {
        let inline = pod.view().spec.volumes.iter().any(|volume| driver_of_inline(volume).is_some());
        if !inline && claims_of(pod.view()).next().is_none() {
            return PreFiltered::Skip;
        }
        PreFiltered::All(Drivers::new(nodes))
    }

    fn filter(&self, drivers: &Drivers, pod: &PodInfo, node: NodeRef<'_>) -> Verdict {
        if let Some(absent) = claims_of(pod.view()).find(|claim| !drivers.claims.contains_key(&claim.key)) {
            let said = format!(
                "looking up PVC {}: {}",
                absent.key,
                not_found("persistentvolumeclaim", &absent.key.name)
            );
            return Verdict::Never(Reasons::from(Reason::from(said)));
        }
        if drivers.exceeds(pod, node) { Verdict::no(REASON) } else { Verdict::Fits }
    }

    fn remedies(&self, _drivers: &Drivers, _pod: &PodInfo, node: NodeRef<'_>) -> Vec<Remedy> {
        vec![Remedy::new(format!("detach a volume from {}, or raise its driver's limit", node.name()))]
    }
}

impl Drivers {
    fn exceeds(&self, pod: &PodInfo, node: NodeRef<'_>) -> bool {
        let csi_node = self.nodes.get(&ObjectKey::cluster(node.name().clone())).map(|found| &**found);
        let limits: BTreeMap<&str, i32> = csi_node
            .iter()
            .flat_map(|node| &node.spec.drivers)
            .filter_map(|driver| Some((driver.name.as_str(), driver.allocatable.as_ref()?.count?)))
            .collect();
        if limits.is_empty() {
            return false;
        }
        let mut new = self.volumes_of(pod.view(), csi_node);
        if new.is_empty() {
            return false;
        }
        let pods = node.pods().iter().flat_map(|other| self.volumes_of(other.view(), csi_node));
        let mut there: BTreeSet<Attached> = pods.collect();
        there.extend(self.attached.get(&**node.name()).into_iter().flatten().cloned());
        new.retain(|volume| !there.contains(volume));
        limits.into_iter().any(|(driver, limit)| {
            let count = |set: &BTreeSet<Attached>| set.iter().filter(|(of, _)| of == driver).count();
            let added = count(&new);
            added > 0 && count(&there) + added > usize::try_from(limit).unwrap_or(0)
        })
    }
}

impl EnqueueHints for NodeVolumeLimits {
    fn events(&self) -> EventSet {
        EventSet::POD_DELETE | EventSet::NODE_ADD | EventSet::OTHER
    }

    fn hint(&self, _pod: &PodInfo, event: &ClusterEvent) -> Hint {
        match event {
            ClusterEvent::PodDeleted(gone) => {
                let inline = gone.spec.volumes.iter().any(|volume| driver_of_inline(volume).is_some());
                Hint::when(inline || claims_of(gone).next().is_some())
            }
            _ => Hint::Queue,
        }
    }
}

const REASON: &str = "node(s) exceed max volume count";
