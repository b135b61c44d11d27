//! Where a pod's volumes are, and which could be had where.

use super::capacity::Capacities;
use crate::framework::{Nodes, PodInfo, Reason};
use crate::snapshot::Table;
use crate::volumes::{
    CLAIM_LOST, ClaimRef, SELECTED_NODE, admits, allows, claims_of, class_of, find_matching, is_fully_bound,
    not_found, requested, volume_name, waits_for_consumer,
};
use kube_core::kinds::core::v1::{PersistentVolume, PersistentVolumeClaim};
use kube_core::kinds::storage::v1::StorageClass;
use kube_core::resource::{ObjectKey, ResourceExt};
use kube_core::selector::LabelSet;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The claims of a pod, sorted by what is to be done about them.
#[derive(Debug)]
pub struct Plan {
    /// The volumes of bound claims; `None` where one is not there.
    bound: Vec<Option<Arc<PersistentVolume>>>,
    /// Claims that are bound once a node is chosen, the smallest first.
    delayed: Vec<Arc<PersistentVolumeClaim>>,
    /// By class.
    volumes: BTreeMap<String, Vec<Arc<PersistentVolume>>>,
    classes: Table<StorageClass>,
    capacities: Capacities,
}

/// What binding the claims on one node takes.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Bindings {
    /// Claims, and the volumes found for them.
    pub(super) found: Vec<(Arc<PersistentVolumeClaim>, Arc<PersistentVolume>)>,
    /// Claims whose volumes are to be made.
    pub(super) to_make: Vec<Arc<PersistentVolumeClaim>>,
}

impl Plan {
    /// `None`: the pod uses no claims.
    ///
    /// # Errors
    /// Why no node will do.
    pub(super) fn new(pod: &PodInfo, nodes: Nodes<'_>) -> Result<Option<Self>, String> {
        let claims = claims_of(pod.view()).map(|claim| usable(pod, &claim, nodes));
        let claims: Vec<Arc<PersistentVolumeClaim>> = claims.collect::<Result<_, _>>()?;
        if claims.is_empty() {
            return Ok(None);
        }
        let (volumes, classes) = (nodes.objects::<PersistentVolume>(), nodes.objects::<StorageClass>());
        let mut plan = Self {
            bound: Vec::new(),
            delayed: Vec::new(),
            volumes: BTreeMap::new(),
            classes: classes.clone(),
            capacities: Capacities::new(nodes),
        };
        let mut immediate = false;
        for claim in claims {
            if is_fully_bound(&claim) {
                let name = volume_name(&claim).unwrap_or_default();
                plan.bound.push(volumes.get(&ObjectKey::cluster(name)).cloned());
            } else if waits_for_consumer(&claim, classes)? && volume_name(&claim).is_none() {
                plan.delayed.push(claim);
            } else {
                immediate = true;
            }
        }
        if immediate {
            return Err("pod has unbound immediate PersistentVolumeClaims".to_owned());
        }
        plan.delayed.sort_by_key(|claim| (requested(claim), ResourceExt::key(&**claim)));
        for claim in &plan.delayed {
            let class = class_of(claim);
            let of_class =
                || volumes.values().filter(|volume| crate::volumes::class_of_volume(volume) == class);
            plan.volumes.entry(class.to_owned()).or_insert_with(|| of_class().cloned().collect());
        }
        Ok(Some(plan))
    }

    /// What to bind if the pod goes to this node.
    ///
    /// # Errors
    /// Why it cannot.
    pub(super) fn on(&self, node: &str, labels: &LabelSet) -> Result<Bindings, Vec<Reason>> {
        let mut against = Vec::new();
        let first_wrong =
            self.bound.iter().find(|volume| !volume.as_ref().is_some_and(|v| admits(v, labels)));
        match first_wrong {
            Some(None) => against.push(Reason::from(LOST)),
            Some(Some(_)) => against.push(Reason::from(ELSEWHERE)),
            None => {}
        }
        match self.delayed_on(node, labels) {
            Err(reason) => {
                // Kubernetes' order.
                let at = if against.first().is_some_and(|first| first.as_str() == LOST) {
                    0
                } else {
                    against.len()
                };
                against.insert(at, reason);
                Err(against)
            }
            Ok(bindings) if against.is_empty() => Ok(bindings),
            Ok(_) => Err(against),
        }
    }

    fn delayed_on(&self, node: &str, labels: &LabelSet) -> Result<Bindings, Reason> {
        let mut bindings = Bindings::default();
        let mut taken = BTreeSet::new();
        let mut to_make = Vec::new();
        let selected = |claim: &PersistentVolumeClaim| {
            claim.metadata.annotations.as_ref().and_then(|all| all.get(SELECTED_NODE)).cloned()
        };
        for claim in &self.delayed {
            match selected(claim) {
                Some(other) if other != node => return Err(NO_VOLUME.into()),
                Some(_) => to_make.push(claim.clone()),
                None => {}
            }
        }
        for claim in self.delayed.iter().filter(|claim| selected(claim).is_none()) {
            let volumes = self.volumes.get(class_of(claim)).into_iter().flatten();
            match find_matching(claim, volumes, labels, &taken) {
                Some(volume) => {
                    taken.insert(volume.name().to_owned());
                    bindings.found.push((claim.clone(), volume.clone()));
                }
                None => to_make.push(claim.clone()),
            }
        }
        for claim in &to_make {
            self.can_make(claim, labels)?;
        }
        bindings.to_make = to_make;
        Ok(bindings)
    }

    fn can_make(&self, claim: &PersistentVolumeClaim, labels: &LabelSet) -> Result<(), Reason> {
        let class = self.classes.get(&ObjectKey::cluster(class_of(claim))).ok_or(NO_VOLUME)?;
        let topologies = class.allowed_topologies.as_deref().unwrap_or_default();
        if class.provisioner.is_empty() || class.provisioner == NO_PROVISIONER || !allows(topologies, labels)
        {
            return Err(NO_VOLUME.into());
        }
        if self.capacities.suffice(class, claim, labels) { Ok(()) } else { Err(NO_SPACE.into()) }
    }
}

/// The claim, if a pod can use it.
fn usable(pod: &PodInfo, claim: &ClaimRef, nodes: Nodes<'_>) -> Result<Arc<PersistentVolumeClaim>, String> {
    let name = &claim.key.name;
    let Some(found) = nodes.objects::<PersistentVolumeClaim>().get(&claim.key) else {
        return Err(if claim.ephemeral {
            format!("waiting for ephemeral volume controller to create the persistentvolumeclaim {name:?}")
        } else {
            not_found("persistentvolumeclaim", name)
        });
    };
    if found.status.as_ref().and_then(|status| status.phase.as_deref()) == Some(CLAIM_LOST) {
        let volume = volume_name(found).unwrap_or_default();
        return Err(format!(
            "persistentvolumeclaim {name:?} bound to non-existent persistentvolume {volume:?}"
        ));
    }
    if found.is_terminating() {
        return Err(format!("persistentvolumeclaim {name:?} is being deleted"));
    }
    let owners = found.metadata.owner_references.iter().flatten();
    let mut owners = owners.filter(|owner| owner.controller == Some(true));
    if claim.ephemeral && !owners.any(|owner| owner.uid == pod.uid().as_str()) {
        let key = &claim.key;
        return Err(format!("PVC {key} was not created for pod {} (pod is not owner)", pod.key()));
    }
    Ok(found.clone())
}

const ELSEWHERE: &str = "node(s) didn't match PersistentVolume's node affinity";
pub(super) const NO_VOLUME: &str = "node(s) didn't find available persistent volumes to bind";
pub(super) const NO_SPACE: &str = "node(s) did not have enough free storage";
const LOST: &str = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)";
const NO_PROVISIONER: &str = "kubernetes.io/no-provisioner";
