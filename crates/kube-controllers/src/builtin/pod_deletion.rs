//! Deleting a pod that an object manages, which is told at that object.

use crate::runtime::Context;
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::Pod;
use kube_core::resource::{ObjectKey, Resource, Uid};
use kube_store::client::events::EventType;
use kube_store::service::DeleteOptions;

/// Deletes the pod of that name and uid. One that is gone already is not told of.
pub(super) async fn delete_pod<K: Resource>(
    cx: &Context,
    owner: &K,
    key: &ObjectKey,
    uid: &Uid,
) -> Result<(), ApiError> {
    let options = DeleteOptions::default().uid(uid.clone());
    match cx.delete_object(Pod::kind_info(), key, &options).await {
        Ok(_) => {
            cx.event(owner, EventType::Normal, "SuccessfulDelete", &format!("Deleted pod: {}", key.name));
            Ok(())
        }
        Err(error) if error.is_not_found() => Ok(()),
        Err(error) => {
            cx.event(owner, EventType::Warning, "FailedDelete", &format!("Error deleting: {error}"));
            Err(error)
        }
    }
}
