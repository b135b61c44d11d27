//! Variables of the environment, and the fields of a pod that a container may read.

use crate::error::{FieldError, FieldPath};
use crate::kinds::core::v1::{
    EnvFromSource, EnvVar, EnvVarSource, FileKeySelector, ObjectFieldSelector, ResourceFieldSelector,
};
use crate::names::{is_config_map_key, is_relaxed_env_var_name, name_is_dns_subdomain};
use crate::quantity::Quantity;
use crate::validate::fields::{Text, invalid, qualified_name};

/// What is wrong with variables.
///
/// Source: `ValidateEnv`.
pub(super) fn validate_env(variables: &[EnvVar], path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (index, variable) in variables.iter().enumerate() {
        let path = path.index(index);
        if variable.name.is_empty() {
            errors.push(FieldError::required(&path.child("name"), ""));
        } else {
            let complaints = is_relaxed_env_var_name(&variable.name);
            errors.extend(invalid(&path.child("name"), &variable.name, complaints));
        }
        if let Some(source) = &variable.value_from {
            errors.extend(validate_source(source, variable.value.text(), &path.child("valueFrom")));
        }
    }
    errors
}

/// Source: `validateEnvVarValueFrom`.
fn validate_source(source: &EnvVarSource, value: &str, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut sources = 0;
    if let Some(field) = &source.field_ref {
        sources += 1;
        errors.extend(validate_field_ref(field, ENV_FIELDS, &path.child("fieldRef")));
    }
    if let Some(field) = &source.resource_field_ref {
        sources += 1;
        errors.extend(validate_resource_field_ref(field, false, &path.child("resourceFieldRef")));
    }
    if let Some(key) = &source.config_map_key_ref {
        sources += 1;
        errors.extend(validate_key_ref(&key.name, &key.key, &path.child("configMapKeyRef")));
    }
    if let Some(key) = &source.secret_key_ref {
        sources += 1;
        errors.extend(validate_key_ref(&key.name, &key.key, &path.child("secretKeyRef")));
    }
    if let Some(file) = &source.file_key_ref {
        sources += 1;
        errors.extend(validate_file_ref(file, &path.child("fileKeyRef")));
    }
    let detail = match sources {
        0 => NO_SOURCE,
        _ if !value.is_empty() => "may not be specified when `value` is not empty",
        1 => return errors,
        _ => "may not have more than one field specified at a time",
    };
    errors.push(FieldError::invalid(path, "", detail));
    errors
}

/// What is wrong with sources of several variables.
///
/// Source: `ValidateEnvFrom`.
pub(super) fn validate_env_from(sources: &[EnvFromSource], path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        let item = path.index(index);
        let prefix = source.prefix.text();
        if !prefix.is_empty() {
            errors.extend(invalid(&item.child("prefix"), prefix, is_relaxed_env_var_name(prefix)));
        }
        let names = [
            ("configMapRef", source.config_map_ref.as_ref().map(|map| map.name.as_str())),
            ("secretRef", source.secret_ref.as_ref().map(|secret| secret.name.as_str())),
        ];
        for (field, name) in names {
            let Some(name) = name else { continue };
            let path = item.child(field).child("name");
            if name.is_empty() {
                errors.push(FieldError::required(&path, ""));
            } else {
                errors.extend(invalid(&path, name, name_is_dns_subdomain(name, true)));
            }
        }
        let detail = match names.iter().filter(|(_, name)| name.is_some()).count() {
            0 => "must specify one of: `configMapRef` or `secretRef`",
            1 => continue,
            _ => "may not have more than one field specified at a time",
        };
        errors.push(FieldError::invalid(path, "", detail));
    }
    errors
}

/// Source: `validateConfigMapKeySelector`, `validateSecretKeySelector`.
fn validate_key_ref(name: &str, key: &str, path: &FieldPath) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> =
        invalid(&path.child("name"), name, name_is_dns_subdomain(name, false)).collect();
    if key.is_empty() {
        errors.push(FieldError::required(&path.child("key"), ""));
    } else {
        errors.extend(invalid(&path.child("key"), key, is_config_map_key(key)));
    }
    errors
}

/// Source: `validateFileKeySelector` (KEP-3721).
fn validate_file_ref(file: &FileKeySelector, path: &FieldPath) -> Vec<FieldError> {
    let fields = [("volumeName", &file.volume_name), ("path", &file.path), ("key", &file.key)];
    let missing = fields.into_iter().filter(|(_, value)| value.is_empty());
    missing.map(|(field, _)| FieldError::required(&path.child(field), "")).collect()
}

/// What is wrong with a field of the pod that is to be read; `fields` are those that may be.
///
/// Source: `validateObjectFieldSelector`.
pub(in super::super) fn validate_field_ref(
    field: &ObjectFieldSelector,
    fields: &[&str],
    path: &FieldPath,
) -> Vec<FieldError> {
    let version = field.api_version.text();
    if version.is_empty() {
        return vec![FieldError::required(&path.child("apiVersion"), "")];
    }
    let wanted = field.field_path.as_str();
    if wanted.is_empty() {
        return vec![FieldError::required(&path.child("fieldPath"), "")];
    }
    let here = path.child("fieldPath");
    let no_label = |reason: String| {
        vec![FieldError::invalid(&here, wanted, format!("error converting fieldPath: {reason}"))]
    };
    if version != "v1" {
        return no_label(format!("unsupported pod version: {version}"));
    }
    if let Some((map, key)) = subscripted(wanted) {
        return match map {
            "metadata.annotations" => qualified_name(&key.to_lowercase(), path),
            "metadata.labels" => qualified_name(key, path),
            _ => no_label(format!("field label does not support subscript: {wanted}")),
        };
    }
    // A pod on its host's name is asked for by its address.
    let internal = if wanted == "spec.host" { "spec.nodeName" } else { wanted };
    if !LABELS.contains(&internal) {
        return no_label(format!("field label not supported: {wanted}"));
    }
    if !fields.contains(&internal) {
        return vec![FieldError::not_supported(&here, internal, fields)];
    }
    Vec::new()
}

/// `metadata.labels['key']` as its two parts.
///
/// Source: `SplitMaybeSubscriptedPath` of `k8s.io/kubernetes/pkg/fieldpath`.
fn subscripted(path: &str) -> Option<(&str, &str)> {
    let (map, key) = path.strip_suffix("']")?.split_once("['")?;
    (!map.is_empty()).then_some((map, key))
}

/// What is wrong with an amount of a container that is to be read.
///
/// Source: `validateContainerResourceFieldSelector`.
pub(in super::super) fn validate_resource_field_ref(
    field: &ResourceFieldSelector,
    in_volume: bool,
    path: &FieldPath,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let resource = field.resource.as_str();
    if in_volume && field.container_name.text().is_empty() {
        errors.push(FieldError::required(&path.child("containerName"), ""));
    } else if resource.is_empty() {
        errors.push(FieldError::required(&path.child("resource"), ""));
    } else if !AMOUNTS.contains(&resource) && !is_huge_pages(resource) {
        errors.push(FieldError::not_supported(&path.child("resource"), resource, AMOUNTS));
    }
    errors.extend(wrong_divisor(field, path));
    errors
}

/// Source: `validateContainerResourceDivisor`.
fn wrong_divisor(field: &ResourceFieldSelector, path: &FieldPath) -> Option<FieldError> {
    let divisor = Quantity::parse(&field.divisor.as_ref()?.0).ok().filter(|divisor| !divisor.is_zero())?;
    let divisor = divisor.to_string();
    let resource = field.resource.as_str();
    let (valid, sort): (&[&str], &str) = match resource {
        "limits.cpu" | "requests.cpu" => (&["1m", "1"], "cpu resource"),
        "limits.memory" | "requests.memory" => (SIZES, "memory resource"),
        "limits.ephemeral-storage" | "requests.ephemeral-storage" => {
            (SIZES, "local ephemeral storage resource")
        }
        _ if is_huge_pages(resource) => (SIZES, "hugepages resource"),
        _ => return None,
    };
    if valid.contains(&divisor.as_str()) {
        return None;
    }
    let shown = if valid.len() == 2 { "1m and 1".to_owned() } else { valid.join(", ") };
    let detail = format!("only divisor's values {shown} are supported with the {sort}");
    Some(FieldError::invalid(&path.child("divisor"), resource, detail))
}

fn is_huge_pages(resource: &str) -> bool {
    resource.starts_with("requests.hugepages-") || resource.starts_with("limits.hugepages-")
}

const NO_SOURCE: &str =
    "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`";

/// The fields of a pod that a variable may hold.
const ENV_FIELDS: &[&str] = &[
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

/// The fields of a pod that a file may hold.
pub(in super::super) const VOLUME_FIELDS: &[&str] =
    &["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];

/// Source: `ConvertDownwardAPIFieldLabel` of `k8s.io/kubernetes/pkg/apis/core/pods`.
const LABELS: &[&str] = &[
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.serviceAccountName",
    "spec.schedulerName",
    "status.phase",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

const AMOUNTS: &[&str] = &[
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];

const SIZES: &[&str] = &["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];
