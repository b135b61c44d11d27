//! The pod's condition that says why it has no node.

use kube_core::condition;
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::{Pod, PodCondition};
use kube_core::kinds::meta::v1::Time;
use kube_core::view::PodView;
use kube_store::api::Api;
use kube_store::service::ObjectService;
use std::sync::Arc;

/// No node fits.
///
/// Source: `k8s.io/api/core/v1` (`PodReasonUnschedulable`).
pub(super) const UNSCHEDULABLE: &str = "Unschedulable";
/// Something broke.
///
/// Source: `k8s.io/api/core/v1` (`PodReasonSchedulerError`).
pub(super) const SCHEDULER_ERROR: &str = "SchedulerError";

/// Why a pod has no node.
pub(super) struct Cause {
    pub(super) reason: &'static str,
    pub(super) message: String,
    pub(super) nominated: Nominated,
}

/// What becomes of the pod's `nominatedNodeName`.
pub(super) enum Nominated {
    /// It stays.
    Unchanged,
    /// Room is being made there.
    On(Arc<str>),
    /// No room can be made anywhere.
    Nowhere,
}

/// Sets `PodScheduled` to `False`, unless it says so already.
///
/// # Errors
/// The status could not be written.
pub(super) async fn write(
    service: &Arc<dyn ObjectService>,
    pod: &PodView,
    cause: &Cause,
) -> Result<(), ApiError> {
    let Cause { reason, message, nominated } = cause;
    let stated = pod.status.nominated_node_name.as_ref().filter(|name| !name.is_empty());
    let same_node = match nominated {
        Nominated::Unchanged => true,
        Nominated::On(node) => stated == Some(node),
        Nominated::Nowhere => stated.is_none(),
    };
    let told = pod.condition(POD_SCHEDULED).is_some_and(|known| {
        &*known.status == condition::FALSE
            && known.reason.as_deref() == Some(*reason)
            && known.message.as_deref() == Some(message.as_str())
    });
    if told && same_node {
        return Ok(());
    }
    let now = Time(service.env().wall_seconds());
    let api: Api<Pod> = Api::namespaced(service.clone(), &pod.meta.namespace);
    let uid = pod.meta.uid.as_str();
    api.edit_status(&pod.meta.name, |stored| {
        let bound = stored.spec.as_ref().is_some_and(|spec| spec.node_name.is_some());
        if bound || stored.metadata.uid.as_deref() != Some(uid) {
            return;
        }
        let wanted = PodCondition {
            type_: POD_SCHEDULED.to_owned(),
            status: condition::FALSE.to_owned(),
            reason: Some((*reason).to_owned()),
            message: Some(message.clone()),
            ..PodCondition::default()
        };
        match nominated {
            Nominated::Unchanged => {}
            Nominated::On(node) => {
                stored.status.get_or_insert_default().nominated_node_name = Some(node.to_string());
            }
            Nominated::Nowhere => stored.status.get_or_insert_default().nominated_node_name = None,
        }
        let conditions = stored.status.get_or_insert_default().conditions.get_or_insert_default();
        condition::set(conditions, wanted, &now);
    })
    .await?;
    Ok(())
}

/// Takes the pod's `nominatedNodeName` back.
///
/// # Errors
/// The status could not be written.
pub(super) async fn withdraw(service: &Arc<dyn ObjectService>, pod: &PodView) -> Result<(), ApiError> {
    let api: Api<Pod> = Api::namespaced(service.clone(), &pod.meta.namespace);
    let uid = pod.meta.uid.as_str();
    let edited = api.edit_status(&pod.meta.name, |stored| {
        if stored.metadata.uid.as_deref() == Some(uid)
            && let Some(status) = &mut stored.status
        {
            status.nominated_node_name = None;
        }
    });
    edited.await.map(drop)
}

pub(super) const POD_SCHEDULED: &str = "PodScheduled";
