//! Which part of an object a write may change: everything else is that of the stored object.

use super::candidate::{Candidate, Stored};
use super::metadata;
use super::plan::Act;
use super::registry::Served;
use crate::service::Subresource;
use kube_core::error::ApiError;
use kube_core::kinds::meta::v1::ObjectMeta;
use kube_core::wire::fields;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The object that a write of `act.part` asks for by `given`.
///
/// # Errors
/// 400 when it does not decode, and what its metadata contradicts.
pub(super) fn candidate(
    served: &Served,
    act: Act<'_>,
    old: &Stored,
    given: Cow<'_, Value>,
    version: Option<u64>,
) -> Result<Candidate, ApiError> {
    let kind = &*served.info;
    let strategy = &served.strategy;
    let mut new = match act.part {
        Subresource::Main if kind.has_status() => strategy.read(&with_status_of(old, given.into_owned())?)?,
        Subresource::Status => match strategy.codec().filter(|_| !served.custom) {
            Some(codec) => {
                let head = head(&given);
                Candidate::status(&head, old.bytes(), codec)
                    .map_err(|error| strategy.refuse(&head, &error))?
            }
            None => strategy.read(&grafted(old, &given, &["status"])?)?,
        },
        Subresource::Finalize => strategy.read(&grafted(old, &given, &["spec"])?)?,
        Subresource::EphemeralContainers => {
            strategy.read(&grafted(old, &given, &["spec", "ephemeralContainers"])?)?
        }
        Subresource::Resize => strategy.read(&resized(old, &given)?)?,
        _ => strategy.read(&given)?,
    };
    metadata::begin_update(kind, act.key, new.meta_mut(), old.meta(), version)?;
    match act.part {
        Subresource::Status => {
            // Kubernetes' own kinds let a status write change metadata, save for owners; custom kinds do not.
            let labels = !(kind.kind == "Deployment" && kind.group == "apps");
            keep_metadata(new.meta_mut(), old.meta(), !served.custom, labels && !served.custom);
        }
        Subresource::Finalize => keep_metadata(new.meta_mut(), old.meta(), false, false),
        Subresource::EphemeralContainers | Subresource::Resize => {
            keep_metadata(new.meta_mut(), old.meta(), false, false);
        }
        _ => {}
    }
    Ok(new)
}

fn keep_metadata(new: &mut ObjectMeta, old: &ObjectMeta, marks: bool, labels: bool) {
    let given = std::mem::replace(new, old.clone());
    if marks {
        new.annotations = given.annotations;
        new.finalizers = given.finalizers;
    }
    if labels {
        new.labels = given.labels;
    }
}

/// Type, metadata and status of what a status write brings.
fn head(given: &Value) -> Value {
    let fields = ["apiVersion", "kind", "metadata", "status"];
    let known = fields.into_iter().filter_map(|name| Some((name.to_owned(), given.get(name)?.clone())));
    Value::Object(known.collect())
}

/// Type, metadata and status of the stored object.
pub(super) fn status_of(old: &Stored) -> Result<Value, ApiError> {
    let mut head = Map::new();
    for field in fields(old.bytes()) {
        if matches!(field.name, "apiVersion" | "kind" | "metadata" | "status") {
            let value = serde_json::from_slice(field.value).map_err(ApiError::internal)?;
            head.insert(field.name.to_owned(), value);
        }
    }
    Ok(Value::Object(head))
}

fn with_status_of(old: &Stored, mut given: Value) -> Result<Value, ApiError> {
    let Some(object) = given.as_object_mut() else { return Ok(given) };
    match kube_core::wire::field(old.bytes(), "status") {
        Some(status) => {
            let status = serde_json::from_slice(status).map_err(ApiError::internal)?;
            object.insert("status".to_owned(), status);
        }
        None => drop(object.remove("status")),
    }
    Ok(given)
}

/// The stored object with the metadata of `given` and what stands in it at `path`.
fn grafted(old: &Stored, given: &Value, path: &[&str]) -> Result<Value, ApiError> {
    let mut object = old.value()?.clone();
    copy(given, &mut object, &["metadata"]);
    copy(given, &mut object, path);
    Ok(object)
}

fn copy(from: &Value, to: &mut Value, path: &[&str]) {
    let Some((last, parents)) = path.split_last() else { return };
    let source = parents.iter().try_fold(from, |value, name| value.get(name)).and_then(|v| v.get(last));
    let target = parents.iter().try_fold(to, |value, name| value.get_mut(name));
    let Some(target) = target.and_then(Value::as_object_mut) else { return };
    match source {
        Some(value) => drop(target.insert((*last).to_owned(), value.clone())),
        None => drop(target.remove(*last)),
    }
}

/// The stored pod with the resources of `given`, unless containers were added, removed or renamed: then all of
/// `given`, which validation refuses.
///
/// Source: `dropNonResizeUpdates`.
fn resized(old: &Stored, given: &Value) -> Result<Value, ApiError> {
    let mut object = old.value()?.clone();
    copy(given, &mut object, &["metadata"]);
    for list in ["containers", "initContainers"] {
        let containers = |pod: &Value| {
            pod.pointer(&format!("/spec/{list}")).and_then(Value::as_array).cloned().unwrap_or_default()
        };
        let (new, mut kept) = (containers(given), containers(&object));
        if new.len() != kept.len() || new.iter().zip(&kept).any(|(a, b)| a["name"] != b["name"]) {
            return Ok(given.clone());
        }
        if kept.is_empty() {
            continue;
        }
        for (from, to) in new.iter().zip(&mut kept) {
            copy(from, to, &["resources"]);
            copy(from, to, &["resizePolicy"]);
        }
        object["spec"][list] = kept.into();
    }
    copy(given, &mut object, &["spec", "resources"]);
    Ok(object)
}
