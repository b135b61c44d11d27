//! Fields of a pod that containers may read.

use crate::error::quoted;
use crate::kinds::core::v1::Pod;
use crate::kinds::meta::v1::ObjectMeta;
use crate::names::is_qualified_name;
use std::collections::BTreeMap;

/// A field path that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldPathError {
    /// No field of that path may be read.
    #[error("unsupported fieldPath: {0}")]
    Unsupported(String),
    /// The field is not a map.
    #[error("fieldPath {} does not support subscript", quoted(.0))]
    NoSubscript(String),
    /// The key of a label or annotation cannot be one.
    #[error("invalid key subscript in {path}: {complaints}")]
    Key {
        /// The path.
        path: String,
        /// What is wrong with the key.
        complaints: String,
    },
}

/// The value of a field of the pod: metadata, its node, service account and addresses.
///
/// Source: `podFieldSelectorRuntimeValue`.
///
/// # Errors
/// The path names nothing that may be read.
///
/// ```
/// use kube_core::kinds::core::v1::Pod;
/// use kube_core::pod_env::field_value;
/// use serde_json::{from_value, json};
///
/// let pod: Pod = from_value(json!({
///     "metadata": {"name": "web", "labels": {"app": "shop"}}, "status": {"podIP": "10.1.0.7"},
/// }))?;
/// assert_eq!(field_value(&pod, "metadata.labels['app']")?, "shop");
/// assert_eq!(field_value(&pod, "status.podIP")?, "10.1.0.7");
/// assert!(field_value(&pod, "spec.schedulerName").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn field_value(pod: &Pod, path: &str) -> Result<String, FieldPathError> {
    let (spec, status) = (pod.spec.as_ref(), pod.status.as_ref());
    let text = |value: Option<&String>| Ok(value.cloned().unwrap_or_default());
    match path {
        "spec.nodeName" => text(spec.and_then(|spec| spec.node_name.as_ref())),
        "spec.serviceAccountName" => text(spec.and_then(|spec| spec.service_account_name.as_ref())),
        "status.hostIP" => text(status.and_then(|status| status.host_ip.as_ref())),
        "status.podIP" => text(status.and_then(|status| status.pod_ip.as_ref())),
        "status.hostIPs" => {
            let ips = status.and_then(|status| status.host_ips.as_ref()).into_iter().flatten();
            Ok(ips.map(|ip| ip.ip.as_str()).collect::<Vec<_>>().join(","))
        }
        "status.podIPs" => {
            let ips = status.and_then(|status| status.pod_ips.as_ref()).into_iter().flatten();
            Ok(ips.map(|ip| ip.ip.as_str()).collect::<Vec<_>>().join(","))
        }
        path => metadata_value(&pod.metadata, path),
    }
}

/// The value of a field of an object's metadata: `metadata.name`, `metadata.labels['app']`, or all labels or
/// annotations, one a line.
///
/// Source: `ExtractFieldPathAsString`.
///
/// # Errors
/// The path names nothing that may be read.
pub fn metadata_value(meta: &ObjectMeta, path: &str) -> Result<String, FieldPathError> {
    if let Some((of, key)) = split_subscript(path) {
        let (map, complaints) = match of {
            "metadata.annotations" => (&meta.annotations, is_qualified_name(&key.to_lowercase())),
            "metadata.labels" => (&meta.labels, is_qualified_name(key)),
            _ => return Err(FieldPathError::NoSubscript(path.to_owned())),
        };
        if !complaints.is_empty() {
            return Err(FieldPathError::Key { path: path.to_owned(), complaints: complaints.join(";") });
        }
        return Ok(map.as_ref().and_then(|map| map.get(key)).cloned().unwrap_or_default());
    }
    let text = |value: &Option<String>| Ok(value.clone().unwrap_or_default());
    match path {
        "metadata.annotations" => Ok(lines(meta.annotations.as_ref())),
        "metadata.labels" => Ok(lines(meta.labels.as_ref())),
        "metadata.name" => text(&meta.name),
        "metadata.namespace" => text(&meta.namespace),
        "metadata.uid" => text(&meta.uid),
        _ => Err(FieldPathError::Unsupported(path.to_owned())),
    }
}

/// A path and the key in it: `metadata.labels['app']` is `metadata.labels` and `app`.
///
/// Source: `SplitMaybeSubscriptedPath`.
pub fn split_subscript(path: &str) -> Option<(&str, &str)> {
    path.strip_suffix("']")?.split_once("['").filter(|(of, _)| !of.is_empty())
}

/// Source: `FormatMap`.
fn lines(map: Option<&BTreeMap<String, String>>) -> String {
    let entries = map.into_iter().flatten();
    entries.map(|(key, value)| format!("{key}={}", quoted(value))).collect::<Vec<_>>().join("\n")
}
