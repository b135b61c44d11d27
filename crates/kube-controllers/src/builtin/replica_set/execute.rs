//! Carrying out a plan: one write after the other, pods of one kind of write in batches.

use super::plan::Op;
use crate::builtin::adoption::{adopt, member, release};
use crate::builtin::batches::{IN_FLIGHT, in_batches};
use crate::builtin::pod_template::pod_from;
use crate::builtin::pod_writes::{delete_pod, tell_wanted};
use crate::runtime::Context;
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::{Pod, PodTemplateSpec};
use kube_core::resource::{KindInfo, ObjectKey, Resource, ResourceExt};
use kube_core::view::PodView;
use std::sync::Arc;

/// Plans of an owner of pods of one template: a ReplicaSet, or a ReplicationController.
pub(in crate::builtin) struct Execution<'a, K> {
    cx: &'a Context,
    set: &'a K,
    pods: &'a [Arc<PodView>],
    kind: &'static KindInfo,
    template: Pod,
}

impl<'a, K: Resource> Execution<'a, K> {
    pub(in crate::builtin) fn new(
        cx: &'a Context,
        set: &'a K,
        template: Option<&PodTemplateSpec>,
        pods: &'a [Arc<PodView>],
    ) -> Self {
        Self { cx, set, pods, kind: Pod::kind_info(), template: pod_of(set, template) }
    }

    /// Does all of `ops`, or up to the first failure. Batches begin with one write and double, so that what is refused
    /// for all pods is refused once.
    pub(in crate::builtin) async fn run(&self, ops: &[Op]) -> Result<(), ApiError> {
        let first = |op: &Op| if matches!(op, Op::Create) { 1 } else { IN_FLIGHT };
        in_batches(ops, first, IN_FLIGHT, |op| self.execute(op)).await
    }

    async fn execute(&self, op: &Op) -> Result<(), ApiError> {
        match op {
            Op::Create => self.create().await,
            Op::Delete(key, uid) => delete_pod(self.cx, self.set, key, uid).await,
            Op::Adopt(key, _) => match self.pod(key) {
                Some(pod) => adopt(self.cx, self.set, member(pod)).await,
                None => Ok(()),
            },
            Op::Release(key, _) => match self.pod(key) {
                Some(pod) => release(self.cx, self.set.uid().as_str(), member(pod)).await,
                None => Ok(()),
            },
        }
    }

    async fn create(&self) -> Result<(), ApiError> {
        let template = self.template.as_typed();
        let created = self.cx.create_typed(self.kind, self.set.namespace(), template).await;
        tell_wanted(self.cx, self.set, created.map(|pod| pod.meta.name.to_string()))
    }

    fn pod(&self, key: &ObjectKey) -> Option<&PodView> {
        self.pods.iter().find(|pod| pod.meta.name == key.name).map(|pod| &**pod)
    }
}

/// The pod to create.
fn pod_of<K: Resource>(set: &K, template: Option<&PodTemplateSpec>) -> Pod {
    let none = PodTemplateSpec::default();
    pod_from(set, template.unwrap_or(&none))
}
