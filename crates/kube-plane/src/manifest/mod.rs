//! Manifests: multi-document YAML, applied as a whole or not at all.

mod error;
#[cfg(test)]
mod tests;

pub use error::ManifestError;

use kube_core::error::{ApiError, Cause, FieldError, FieldErrorKind, FieldPath};
use kube_core::resource::{KindInfo, ObjectKey};
use kube_core::wire::{Document, documents};
use kube_store::service::{FieldValidation, ObjectService, Warnings, Write, WriteOptions};
use serde_json::Value;
use std::sync::Arc;

/// Namespace of objects that name none.
const DEFAULT_NAMESPACE: &str = "default";

/// One object of a manifest.
#[derive(Clone, Debug)]
pub struct ManifestObject {
    /// Which document of the stream it was, from 1.
    pub document: usize,
    /// Its kind.
    pub kind: Arc<KindInfo>,
    /// Namespace (empty for cluster-scoped kinds) and name.
    pub key: ObjectKey,
    /// The object.
    pub object: Value,
    /// What the control plane tells of it: fields that are deprecated, or do not what they seem to do. Filled by
    /// [`apply`].
    pub warnings: Vec<String>,
}

/// Reads the objects of a YAML stream. `source` names it in errors; `List` kinds are not unpacked.
///
/// # Errors
/// The first document that is not YAML, has no kind or name, or is of a kind that `service` does not serve.
pub fn read(
    source: &str,
    stream: &str,
    service: &dyn ObjectService,
) -> Result<Vec<ManifestObject>, ManifestError> {
    let found = documents(stream).map_err(|error| {
        let message = format!("from line {}: {}", error.line, error.message);
        ManifestError::new(source, error.number, "", ApiError::bad_request(message))
    })?;
    found
        .into_iter()
        .map(|document| {
            let (number, what) = (document.number, describe(&document.value));
            object(document, service).map_err(|error| ManifestError::new(source, number, &what, error))
        })
        .collect()
}

/// Creates or merges every object of all streams (name and text) at one revision, or stores nothing. Later documents
/// see earlier ones, also those of other streams. A field that the kind does not know is refused, as kubectl does: it
/// is a typing error more often than not.
///
/// # Errors
/// The first document that is refused, and why; nothing was stored then.
pub async fn apply(
    streams: &[(&str, &str)],
    service: &dyn ObjectService,
) -> Result<Vec<ManifestObject>, ManifestError> {
    let mut objects = Vec::new();
    let mut sources = Vec::new();
    for (source, stream) in streams {
        objects.extend(read(source, stream, service)?);
        sources.resize(objects.len(), *source);
    }
    let writes = objects.iter().map(|object| Write::Apply {
        kind: object.kind.clone(),
        namespace: object.key.namespace.to_string(),
        object: object.object.clone(),
    });
    let warnings = Warnings::default();
    let options = WriteOptions::default().validated(FieldValidation::Strict).warned(&warnings);
    match service.transact(writes.collect(), &options).await {
        Ok(_) => {
            for warning in warnings.take() {
                if let Some(object) = objects.get_mut(warning.write) {
                    object.warnings.push(warning.text);
                }
            }
            Ok(objects)
        }
        Err(failed) => {
            let object = failed.write.and_then(|index| objects.get(index));
            let source = failed.write.and_then(|index| sources.get(index)).or_else(|| sources.first());
            let (number, what) = object.map_or((0, String::new()), |o| (o.document, describe(&o.object)));
            Err(ManifestError::new(source.copied().unwrap_or_default(), number, &what, failed.error))
        }
    }
}

fn object(document: Document, service: &dyn ObjectService) -> Result<ManifestObject, ApiError> {
    let Document { number, mut value, .. } = document;
    let api_version = text(&value, &["apiVersion"]).unwrap_or_default().to_owned();
    let kind_name = text(&value, &["kind"]).unwrap_or_default().to_owned();
    let mut missing = Vec::new();
    for (field, found) in [("apiVersion", &api_version), ("kind", &kind_name)] {
        if found.is_empty() {
            missing.push(FieldError::required(&FieldPath::new(field), ""));
        }
    }
    if !missing.is_empty() {
        return Err(ApiError::invalid("", &kind_name, "", &missing));
    }
    let kind =
        service.find_kind(&api_version, &kind_name).ok_or_else(|| unknown_kind(&api_version, &kind_name))?;
    let name = text(&value, &["metadata", "name"]).unwrap_or_default().to_owned();
    if name.is_empty() {
        let path = FieldPath::new("metadata").child("name");
        let error = FieldError::required(&path, "name is required");
        return Err(ApiError::invalid(&kind.group, &kind.kind, "", &[error]));
    }
    let namespace = if kind.is_namespaced() {
        text(&value, &["metadata", "namespace"]).unwrap_or(DEFAULT_NAMESPACE).to_owned()
    } else {
        String::new()
    };
    if kind.is_namespaced() {
        value["metadata"]["namespace"] = namespace.clone().into();
    }
    let key = ObjectKey::new(namespace, name);
    Ok(ManifestObject { document: number, kind, key, object: value, warnings: Vec::new() })
}

/// In kubectl's words, with the field that is to be looked at.
fn unknown_kind(api_version: &str, kind: &str) -> ApiError {
    let message = format!("no matches for kind \"{kind}\" in version \"{api_version}\"");
    let cause = Cause {
        reason: FieldErrorKind::NotSupported.reason().to_owned(),
        message: message.clone(),
        field: "kind".to_owned(),
    };
    ApiError::bad_request(message).with_cause(cause)
}

/// `apps/v1 Deployment default/web`, as far as the document tells.
fn describe(value: &Value) -> String {
    let part = |path: &[&str]| text(value, path).unwrap_or_default().to_owned();
    let (namespace, name) = (part(&["metadata", "namespace"]), part(&["metadata", "name"]));
    let key = if namespace.is_empty() { name } else { format!("{namespace}/{name}") };
    let parts = [part(&["apiVersion"]), part(&["kind"]), key];
    parts.iter().filter(|p| !p.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" ")
}

fn text<'a>(value: &'a Value, path: &[&str]) -> Option<&'a str> {
    path.iter().try_fold(value, |value, field| value.get(field))?.as_str()
}
