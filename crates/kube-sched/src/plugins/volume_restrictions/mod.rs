//! `VolumeRestrictions`: disks and claims that only one pod may use at a time.
//!
//! Source: `pkg/scheduler/framework/plugins/volumerestrictions`.

mod conflict;
#[cfg(test)]
mod tests;

use crate::framework::{
    ClusterEvent, EnqueueHints, EventSet, Hint, NodeRef, Nodes, Plugin, PodInfo, Points, PreFilter,
    PreFiltered, Reads, Reason, Reasons, Verdict,
};
use crate::snapshot::BoundPod;
use crate::volumes::not_found;
use conflict::{conflicts, is_restricted};
use kube_core::kinds::core::v1::PersistentVolumeClaim;
use kube_core::resource::ObjectKey;
use kube_core::view::PodView;
use std::sync::Arc;

/// Rejects nodes where a pod uses a disk that cannot be shared, and every node while another pod uses a claim that only
/// one pod may use.
#[derive(Clone, Copy, Debug, Default)]
pub struct VolumeRestrictions;

/// The pod's claims that only one pod may use.
#[derive(Clone, Debug)]
pub struct Exclusive {
    claims: Arc<[Arc<str>]>,
    /// How many uses of them there are.
    uses: i64,
}

impl Plugin for VolumeRestrictions {
    fn name(&self) -> &'static str {
        "VolumeRestrictions"
    }

    fn reads(&self) -> Reads {
        Reads::NODE_PODS | Reads::SHAPES | Reads::kind::<PersistentVolumeClaim>()
    }

    fn monotone(&self) -> bool {
        true
    }

    fn points(self: Arc<Self>, points: &mut Points) {
        points.pre_filter(self.clone()).hints(self);
    }
}

impl PreFilter for VolumeRestrictions {
    type State = Exclusive;

    const ADJUSTS: bool = true;

    fn pre_filter(&self, pod: &PodInfo, nodes: Nodes<'_>) -> PreFiltered<Exclusive> {
        let claims = match exclusive(pod, nodes) {
            Ok(claims) => claims,
            Err(wrong) => return PreFiltered::RejectForGood(Reasons::from(Reason::from(wrong))),
        };
        let in_use = claims.iter().filter(|claim| nodes.claim_uses(&pod.key().namespace, claim) > 0);
        let uses = i64::try_from(in_use.count()).unwrap_or(i64::MAX);
        if uses == 0 && !pod.view().spec.volumes.iter().any(is_restricted) {
            return PreFiltered::Skip;
        }
        PreFiltered::All(Exclusive { claims: claims.into(), uses })
    }

    fn filter(&self, exclusive: &Exclusive, pod: &PodInfo, node: NodeRef<'_>) -> Verdict {
        let volumes = || pod.view().spec.volumes.iter().filter(|volume| is_restricted(volume));
        let taken = volumes().any(|volume| {
            let others = node.pods().iter().flat_map(|other| &other.view().spec.volumes);
            others.into_iter().any(|other| conflicts(volume, other))
        });
        if taken {
            Verdict::no(DISK)
        } else if exclusive.uses > 0 {
            Verdict::no(CLAIM)
        } else {
            Verdict::Fits
        }
    }

    fn adjust(
        &self,
        exclusive: &mut Exclusive,
        pod: &PodInfo,
        other: &BoundPod,
        (_, by): (NodeRef<'_>, i64),
    ) {
        if other.key().namespace == pod.key().namespace {
            let claims = other.view().spec.volumes.iter().filter_map(|v| v.persistent_volume_claim.as_ref());
            for _ in claims.filter(|claim| exclusive.claims.contains(&claim.claim_name)) {
                exclusive.uses += by;
            }
        }
    }
}

impl EnqueueHints for VolumeRestrictions {
    fn events(&self) -> EventSet {
        EventSet::POD_DELETE | EventSet::NODE_ADD | EventSet::OTHER
    }

    fn hint(&self, pod: &PodInfo, event: &ClusterEvent) -> Hint {
        match event {
            ClusterEvent::PodDeleted(gone) => Hint::when(shares(pod.view(), gone)),
            ClusterEvent::Other { key, .. } => Hint::when(key.namespace == pod.key().namespace),
            _ => Hint::Queue,
        }
    }
}

/// Whether the two name a disk or a claim in common.
fn shares(pod: &PodView, other: &PodView) -> bool {
    let same_claim = pod.meta.namespace == other.meta.namespace
        && pod.spec.volumes.iter().filter_map(|volume| volume.persistent_volume_claim.as_ref()).any(
            |claim| {
                other.spec.volumes.iter().any(|volume| volume.persistent_volume_claim.as_ref() == Some(claim))
            },
        );
    same_claim || pod.spec.volumes.iter().any(|a| other.spec.volumes.iter().any(|b| conflicts(a, b)))
}

/// The pod's claims with the access mode `ReadWriteOncePod`.
fn exclusive(pod: &PodInfo, nodes: Nodes<'_>) -> Result<Vec<Arc<str>>, String> {
    let claims = nodes.objects::<PersistentVolumeClaim>();
    let mut exclusive = Vec::new();
    for named in pod.view().spec.volumes.iter().filter_map(|volume| volume.persistent_volume_claim.as_ref()) {
        let name = &named.claim_name;
        let key = ObjectKey::new(pod.key().namespace.clone(), name.clone());
        let claim = claims.get(&key).ok_or_else(|| not_found("persistentvolumeclaim", name))?;
        let modes = claim.spec.as_ref().and_then(|spec| spec.access_modes.as_ref());
        if modes.is_some_and(|modes| modes.iter().any(|mode| mode == "ReadWriteOncePod")) {
            exclusive.push(name.clone());
        }
    }
    Ok(exclusive)
}

const DISK: &str = "node(s) had no available disk";
const CLAIM: &str = "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod";
