//! Creating and deleting pods that an object manages, which is told at that object.

use super::refusal::is_namespace_terminating;
use crate::runtime::Context;
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::Pod;
use kube_core::resource::{ObjectKey, Resource, Uid};
use kube_store::client::events::EventType;
use kube_store::service::DeleteOptions;

/// Tells what became of the creation of a pod, which gave its name. A namespace that takes no more is not told of.
pub(super) fn tell_creation<K: Resource>(
    cx: &Context,
    owner: &K,
    created: Result<String, ApiError>,
) -> Result<(), ApiError> {
    match created {
        Ok(name) => {
            cx.event(owner, EventType::Normal, "SuccessfulCreate", &format!("Created pod: {name}"));
            Ok(())
        }
        Err(error) => {
            if !is_namespace_terminating(&error) {
                cx.event(owner, EventType::Warning, "FailedCreate", &format!("Error creating: {error}"));
            }
            Err(error)
        }
    }
}

/// The same, where nothing has to be created in a namespace that takes no more.
pub(super) fn tell_wanted<K: Resource>(
    cx: &Context,
    owner: &K,
    created: Result<String, ApiError>,
) -> Result<(), ApiError> {
    tell_creation(cx, owner, created).or_else(|error| match error {
        error if is_namespace_terminating(&error) => Ok(()),
        error => Err(error),
    })
}

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
