//! Which pods on nodes are of which `PodGroup`.

use super::BoundPod;
use crate::framework::group_of;
use imbl::{OrdMap, OrdSet};
use kube_core::resource::ObjectKey;

#[derive(Clone, Debug, Default)]
pub(super) struct Members(OrdMap<ObjectKey, OrdSet<ObjectKey>>);

impl Members {
    pub(super) fn of(&self, group: &ObjectKey) -> OrdSet<ObjectKey> {
        self.0.get(group).cloned().unwrap_or_default()
    }

    pub(super) fn add(&mut self, pod: &BoundPod) {
        if let Some(group) = group_of(pod.view()) {
            self.0.entry(group).or_default().insert(pod.key().clone());
        }
    }

    pub(super) fn remove(&mut self, pod: &BoundPod) {
        let Some(group) = group_of(pod.view()) else { return };
        if let Some(members) = self.0.get_mut(&group) {
            members.remove(pod.key());
            if members.is_empty() {
                self.0.remove(&group);
            }
        }
    }
}
