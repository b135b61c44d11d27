//! Reporting.

use super::{Context, merge_diff};
use kube_core::custom::{CustomKind, Object};
use kube_core::error::ApiError;
use kube_core::kinds::apps::v1::{
    DaemonSet, DaemonSetStatus, Deployment, DeploymentStatus, ReplicaSet, ReplicaSetStatus, StatefulSet,
    StatefulSetStatus,
};
use kube_core::kinds::batch::v1::{CronJob, CronJobStatus, Job, JobStatus};
use kube_core::kinds::core::v1::{
    Namespace, NamespaceStatus, Node, NodeStatus, Pod, PodStatus, ReplicationController,
    ReplicationControllerStatus, Service, ServiceStatus,
};
use kube_core::kinds::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetStatus};
use kube_core::resource::{Part, Resource, ResourceExt};
use kube_core::view::DecodeError;
use kube_store::service::Subresource;
use serde::Serialize;
use serde_json::{Value, json};

/// A kind whose objects report a status.
pub trait HasStatus: Resource {
    /// What they report.
    type Status: Serialize + Clone + Default + Send + Sync;

    /// What the object reports, if anything yet.
    fn status(&self) -> Option<&Self::Status>;

    /// A status as JSON.
    ///
    /// # Errors
    /// A value in it has no JSON form.
    fn status_json(status: &Self::Status) -> Result<Value, DecodeError> {
        serde_json::to_value(status).map_err(DecodeError::new)
    }
}

impl<S: CustomKind> HasStatus for Object<S> {
    type Status = S::Status;

    fn status(&self) -> Option<&S::Status> {
        self.status.as_ref()
    }
}

macro_rules! impl_has_status {
    ($($kind:ty => $status:ty),+ $(,)?) => {$(
        impl HasStatus for $kind {
            type Status = $status;

            fn status(&self) -> Option<&$status> {
                self.status.as_ref()
            }

            fn status_json(status: &$status) -> Result<Value, DecodeError> {
                status.to_json_value()
            }
        }
    )+};
}

impl_has_status!(
    CronJob => CronJobStatus,
    DaemonSet => DaemonSetStatus,
    Deployment => DeploymentStatus,
    Job => JobStatus,
    Namespace => NamespaceStatus,
    Node => NodeStatus,
    Pod => PodStatus,
    PodDisruptionBudget => PodDisruptionBudgetStatus,
    ReplicaSet => ReplicaSetStatus,
    ReplicationController => ReplicationControllerStatus,
    Service => ServiceStatus,
    StatefulSet => StatefulSetStatus,
);

impl Context {
    /// Reports: `change` gets the status of `object` (or the default one) and makes it what it should be. Writes
    /// nothing when that is the same. `object` is as it was read; the write fails when the stored one has changed since.
    ///
    /// # Errors
    /// 409 when the object has changed, 404 when it is gone.
    pub async fn patch_status<K: HasStatus>(
        &self,
        object: &K,
        change: impl FnOnce(&mut K::Status) + Send,
    ) -> Result<(), ApiError> {
        let mut status = object.status().cloned().unwrap_or_default();
        change(&mut status);
        let old = object.status().map_or_else(|| Ok(json!({})), K::status_json);
        let new = K::status_json(&status);
        let (old, new) = (old.map_err(ApiError::internal)?, new.map_err(ApiError::internal)?);
        let Some(diff) = merge_diff(&old, &new) else { return Ok(()) };
        let version = &object.metadata().resource_version;
        let patch = json!({ "metadata": { "resourceVersion": version }, "status": diff });
        self.patch_value(K::kind_info(), &object.key(), Subresource::Status, patch).await?;
        Ok(())
    }
}
