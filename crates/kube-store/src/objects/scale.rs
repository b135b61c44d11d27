//! The replica count of an object as a resource of its own.
//!
//! Source: `autoscaling/v1` (`Scale`), `k8s.io/kubernetes/pkg/registry/apps/deployment/storage` (`ScaleREST`).

use super::plan::Found;
use super::{metadata, update};
use crate::service::Subresource;
use kube_core::error::{ApiError, FieldError, FieldPath};
use kube_core::resource::{KindInfo, ObjectKey};
use kube_core::selector::{LabelSelector, LabelSet};
use serde::Deserialize;
use serde_json::{Value, json};

/// The scale of `object`.
pub(crate) fn of(
    kind: &KindInfo,
    key: &ObjectKey,
    object: &Value,
    version: Option<u64>,
) -> Result<Value, ApiError> {
    if !kind.subresources.contains("scale") {
        return Err(update::no_such_part(kind, Subresource::Scale));
    }
    let count = |pointer: &str| object.pointer(pointer).and_then(Value::as_i64).unwrap_or(0);
    let mut scale = json!({
        "apiVersion": "autoscaling/v1",
        "kind": "Scale",
        "metadata": {
            "name": &*key.name,
            "namespace": &*key.namespace,
            "uid": metadata::text(object, "uid"),
            "creationTimestamp": metadata::text(object, "creationTimestamp"),
        },
        "spec": {"replicas": count("/spec/replicas")},
        "status": {"replicas": count("/status/replicas"), "selector": selector(object)},
    });
    if let Some(version) = version {
        scale["metadata"]["resourceVersion"] = version.to_string().into();
    }
    Ok(scale)
}

/// The selector as text; replication controllers have a map of labels.
fn selector(object: &Value) -> String {
    let Some(selector) = object.pointer("/spec/selector") else { return String::new() };
    if selector.get("matchLabels").is_some() || selector.get("matchExpressions").is_some() {
        let parsed = LabelSelector::deserialize(selector).ok();
        return parsed.and_then(|s| s.to_selector().ok()).map(|s| s.to_string()).unwrap_or_default();
    }
    LabelSet::deserialize(selector).map(|labels| labels.to_string()).unwrap_or_default()
}

/// The object with the replica count that `scale` asks for.
pub(crate) fn scaled(
    kind: &KindInfo,
    key: &ObjectKey,
    found: &Found,
    scale: &Value,
) -> Result<Value, ApiError> {
    let (object, version) = (found.stored.value()?, found.version());
    metadata::expect_uid(kind, key, metadata::text(scale, "uid"), metadata::text(object, "uid"))?;
    metadata::expect_version(kind, key, metadata::text(scale, "resourceVersion"), version)?;
    let path = FieldPath::new("spec").child("replicas");
    let replicas = match scale.pointer("/spec/replicas") {
        None | Some(Value::Null) => 0,
        Some(value) => value
            .as_i64()
            .filter(|n| i32::try_from(*n).is_ok())
            .ok_or_else(|| ApiError::bad_request("spec.replicas must be a 32-bit integer"))?,
    };
    if replicas < 0 {
        let errors = [FieldError::invalid(&path, replicas, "must be greater than or equal to 0")];
        return Err(ApiError::invalid("autoscaling", "Scale", &key.name, &errors));
    }
    let mut object = object.clone();
    object["spec"]["replicas"] = replicas.into();
    Ok(object)
}
