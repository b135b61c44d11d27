//! How many pods use each claim.

use super::BoundPod;
use imbl::OrdMap;
use kube_core::resource::ObjectKey;

#[derive(Clone, Debug, Default)]
pub(super) struct ClaimUses(OrdMap<ObjectKey, u32>);

impl ClaimUses {
    pub(super) fn count(&self, namespace: &str, claim: &str) -> usize {
        self.0.get(&ObjectKey::new(namespace, claim)).map_or(0, |count| *count as usize)
    }

    pub(super) fn add(&mut self, pod: &BoundPod, by: i32) {
        let view = pod.view();
        for claim in view.spec.volumes.iter().filter_map(|volume| volume.persistent_volume_claim.as_ref()) {
            let key = ObjectKey::new(view.meta.namespace.clone(), claim.claim_name.clone());
            let count = self.0.get(&key).copied().unwrap_or(0).saturating_add_signed(by);
            if count == 0 {
                self.0.remove(&key);
            } else {
                self.0.insert(key, count);
            }
        }
    }
}
