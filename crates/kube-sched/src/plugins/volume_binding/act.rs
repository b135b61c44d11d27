//! Binding what was planned: set aside at once, written before the pod is bound.

use super::VolumeBinding;
use super::plan::{Bindings, Plan};
use crate::framework::{BindContext, Nodes, Plugin, PodInfo, PreBind, Reasons, Reserve, Verdict};
use crate::snapshot::Snapshot;
use crate::volumes::{SELECTED_NODE, is_bound_to, is_fully_bound};
use async_trait::async_trait;
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::{ObjectReference, PersistentVolume, PersistentVolumeClaim};
use kube_core::resource::{ObjectKey, ResourceExt};
use kube_store::api::Api;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What is set aside for pods that have their node.
#[derive(Debug, Default)]
pub(super) struct Reserved(Mutex<BTreeMap<ObjectKey, Arc<Bindings>>>);

impl Reserved {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<ObjectKey, Arc<Bindings>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reserve for VolumeBinding {
    fn reserve(&self, cluster: &mut Snapshot, pod: &PodInfo, node: &str) -> Verdict {
        let reads = self.reads();
        let bindings = {
            let Ok(Some(plan)) = Plan::new(pod, Nodes::all(cluster, &reads)) else { return Verdict::Fits };
            let Some(found) = cluster.node(node) else { return Verdict::Fits };
            match plan.on(found.name(), found.labels()) {
                Ok(bindings) => bindings,
                Err(reasons) => return Reasons::collect(reasons).map_or(Verdict::Fits, Verdict::Never),
            }
        };
        for (claim, volume) in &bindings.found {
            cluster.upsert(Arc::new(claimed(volume, claim)));
        }
        for claim in &bindings.to_make {
            cluster.upsert(Arc::new(selected(claim, node)));
        }
        if bindings != Bindings::default() {
            self.reserved.lock().insert(pod.key().clone(), Arc::new(bindings));
        }
        Verdict::Fits
    }

    fn unreserve(&self, cluster: &mut Snapshot, pod: &PodInfo, _node: &str) {
        let Some(bindings) = self.reserved.lock().remove(pod.key()) else { return };
        // What came from the store meanwhile is newer and stays.
        for (claim, volume) in &bindings.found {
            let now = cluster.objects().get::<PersistentVolume>(&ResourceExt::key(&**volume));
            if now.is_some_and(|now| **now == claimed(volume, claim)) {
                cluster.upsert(volume.clone());
            }
        }
        for claim in &bindings.to_make {
            let now = cluster.objects().get::<PersistentVolumeClaim>(&ResourceExt::key(&**claim));
            if now.is_some_and(|now| now.metadata.resource_version == claim.metadata.resource_version) {
                cluster.upsert(claim.clone());
            }
        }
    }
}

#[async_trait]
impl PreBind for VolumeBinding {
    async fn pre_bind(&self, cx: &BindContext, pod: &PodInfo, node: &str) -> Result<(), ApiError> {
        let Some(bindings) = self.reserved.lock().get(pod.key()).cloned() else { return Ok(()) };
        let volumes: Api<PersistentVolume> = Api::all(cx.service.clone());
        let claims: Api<PersistentVolumeClaim> = Api::namespaced(cx.service.clone(), &pod.key().namespace);
        for (claim, volume) in &bindings.found {
            volumes.edit(volume.name(), |stored| *stored = claimed(stored, claim)).await?;
        }
        for claim in &bindings.to_make {
            claims.edit(claim.name(), |stored| *stored = selected(stored, node)).await?;
        }
        let env = cx.service.env();
        let deadline = env.now() + self.timeout;
        while !all_bound(&claims, &volumes, &bindings, node).await? {
            if env.now() >= deadline {
                return Err(ApiError::timeout("timed out waiting for the condition: binding volumes"));
            }
            env.sleep(POLL).await;
        }
        self.reserved.lock().remove(pod.key());
        Ok(())
    }
}

/// Whether every claim has its volume by now.
///
/// # Errors
/// A claim will not get it: somebody else has the volume, or it could not be made.
async fn all_bound(
    claims: &Api<PersistentVolumeClaim>,
    volumes: &Api<PersistentVolume>,
    bindings: &Bindings,
    node: &str,
) -> Result<bool, ApiError> {
    for (claim, volume) in &bindings.found {
        if !is_bound_to(&volumes.get(volume.name()).await?, claim) {
            return Err(ApiError::internal(format!("ClaimRef got reset for pv {:?}", volume.name())));
        }
        if !is_fully_bound(&claims.get(claim.name()).await?) {
            return Ok(false);
        }
    }
    for claim in &bindings.to_make {
        let now = claims.get(claim.name()).await?;
        let chosen = now.metadata.annotations.as_ref().and_then(|all| all.get(SELECTED_NODE));
        if chosen.map(String::as_str) != Some(node) {
            return Err(ApiError::internal(format!("provisioning failed for PVC {:?}", claim.name())));
        }
        if !is_fully_bound(&now) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The volume, for the claim.
///
/// Source: `GetBindVolumeToClaim`.
fn claimed(volume: &PersistentVolume, claim: &PersistentVolumeClaim) -> PersistentVolume {
    let mut volume = volume.clone();
    let already = is_bound_to(&volume, claim);
    let spec = volume.spec.get_or_insert_default();
    spec.claim_ref = Some(ObjectReference {
        api_version: Some("v1".to_owned()),
        kind: Some("PersistentVolumeClaim".to_owned()),
        namespace: Some(claim.namespace().to_owned()),
        name: Some(claim.name().to_owned()),
        uid: Some(claim.uid().to_string()),
        ..ObjectReference::default()
    });
    if !already {
        let annotations = volume.metadata.annotations.get_or_insert_default();
        annotations.insert(BOUND_BY_CONTROLLER.to_owned(), "yes".to_owned());
    }
    volume
}

fn selected(claim: &PersistentVolumeClaim, node: &str) -> PersistentVolumeClaim {
    let mut claim = claim.clone();
    let annotations = claim.metadata.annotations.get_or_insert_default();
    annotations.insert(SELECTED_NODE.to_owned(), node.to_owned());
    claim
}

const BOUND_BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";
/// How often the store is asked whether the claims are bound.
const POLL: Duration = Duration::from_millis(200);
