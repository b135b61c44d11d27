//! Volumes whose files Kubernetes writes.

use std::collections::BTreeSet;

use crate::error::{FieldError, FieldPath};
use crate::kinds::core::v1::{
    ConfigMapVolumeSource, DownwardAPIVolumeFile, DownwardAPIVolumeSource, KeyToPath, ProjectedVolumeSource,
    SecretVolumeSource, ServiceAccountTokenProjection, VolumeProjection,
};
use crate::validate::core::container::{
    VOLUME_FIELDS, validate_field_ref, validate_local_descending_path, validate_resource_field_ref,
};
use crate::validate::fields::{Items, Text, required};

/// Source: `validateSecretVolumeSource`.
pub(super) fn validate_secret(secret: &SecretVolumeSource, path: &FieldPath) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> =
        required(secret.secret_name.text(), path, "secretName").into_iter().collect();
    errors.extend(wrong_mode(secret.default_mode, path, "defaultMode"));
    errors.extend(validate_items(secret.items.items(), path));
    errors
}

/// Source: `validateConfigMapVolumeSource`.
pub(super) fn validate_config_map(map: &ConfigMapVolumeSource, path: &FieldPath) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> = required(&map.name, path, "name").into_iter().collect();
    errors.extend(wrong_mode(map.default_mode, path, "defaultMode"));
    errors.extend(validate_items(map.items.items(), path));
    errors
}

/// Source: `validateDownwardAPIVolumeSource`.
pub(super) fn validate_downward_api(source: &DownwardAPIVolumeSource, path: &FieldPath) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> =
        wrong_mode(source.default_mode, path, "defaultMode").into_iter().collect();
    errors.extend(source.items.items().iter().flat_map(|file| validate_file(file, path)));
    errors
}

/// Source: `validateProjectedVolumeSource`, `validateProjectionSources`.
pub(super) fn validate_projected(projected: &ProjectedVolumeSource, path: &FieldPath) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> =
        wrong_mode(projected.default_mode, path, "defaultMode").into_iter().collect();
    let mut paths = BTreeSet::new();
    for (index, source) in projected.sources.items().iter().enumerate() {
        let item = path.child("sources").index(index);
        errors.extend(validate_projection(source, &item));
        for (name, target) in paths_of(source) {
            if !target.is_empty() && !paths.insert(target) {
                errors.push(FieldError::invalid(path, name, "conflicting duplicate paths"));
            }
        }
        let count = [
            source.secret.is_some(),
            source.config_map.is_some(),
            source.downward_api.is_some(),
            source.service_account_token.is_some(),
        ];
        if count.into_iter().filter(|set| *set).count() > 1 {
            errors.push(FieldError::forbidden(&item, "may not specify more than 1 volume type per source"));
        }
    }
    errors
}

fn validate_projection(source: &VolumeProjection, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Some(secret) = &source.secret {
        let path = path.child("secret");
        errors.extend(required(&secret.name, &path, "name"));
        errors.extend(validate_items(secret.items.items(), &path));
    }
    if let Some(map) = &source.config_map {
        let path = path.child("configMap");
        errors.extend(required(&map.name, &path, "name"));
        errors.extend(validate_items(map.items.items(), &path));
    }
    if let Some(downward) = &source.downward_api {
        let path = path.child("downwardAPI");
        errors.extend(downward.items.items().iter().flat_map(|file| validate_file(file, &path)));
    }
    if let Some(token) = &source.service_account_token {
        errors.extend(validate_token(token, &path.child("serviceAccountToken")));
    }
    errors
}

/// What each file of `source` comes from, and where it goes.
fn paths_of(source: &VolumeProjection) -> Vec<(&str, &str)> {
    let mut paths = Vec::new();
    if let Some(secret) = &source.secret {
        paths.extend(secret.items.items().iter().map(|item| (secret.name.as_str(), item.path.as_str())));
    }
    if let Some(map) = &source.config_map {
        paths.extend(map.items.items().iter().map(|item| (map.name.as_str(), item.path.as_str())));
    }
    if let Some(downward) = &source.downward_api {
        paths.extend(downward.items.items().iter().map(|file| (file.path.as_str(), file.path.as_str())));
    }
    if let Some(token) = &source.service_account_token {
        paths.push((token.path.as_str(), token.path.as_str()));
    }
    paths
}

fn validate_token(token: &ServiceAccountTokenProjection, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let seconds = token.expiration_seconds.unwrap_or_default();
    let detail = match seconds {
        ..TEN_MINUTES => "may not specify a duration less than 10 minutes",
        LONGEST.. => "may not specify a duration larger than 2^32 seconds",
        _ => "",
    };
    if !detail.is_empty() {
        errors.push(FieldError::invalid(&path.child("expirationSeconds"), seconds, detail));
    }
    if token.path.is_empty() {
        errors.push(FieldError::required(&path.child("path"), ""));
    } else {
        errors.extend(validate_local_path(&token.path, &path.child("path")));
    }
    errors
}

fn validate_items(items: &[KeyToPath], path: &FieldPath) -> Vec<FieldError> {
    let list = path.child("items");
    let items = items.iter().enumerate();
    items.flat_map(|(index, item)| validate_key_to_path(item, &list.index(index))).collect()
}

/// Source: `validateKeyToPath`.
fn validate_key_to_path(item: &KeyToPath, path: &FieldPath) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> = required(&item.key, path, "key").into_iter().collect();
    errors.extend(required(&item.path, path, "path"));
    errors.extend(validate_local_path(&item.path, &path.child("path")));
    errors.extend(wrong_mode(item.mode, path, "mode"));
    errors
}

/// Source: `validateDownwardAPIVolumeFile`.
fn validate_file(file: &DownwardAPIVolumeFile, path: &FieldPath) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> = required(&file.path, path, "path").into_iter().collect();
    errors.extend(validate_local_path(&file.path, &path.child("path")));
    match (&file.field_ref, &file.resource_field_ref) {
        (Some(field), resource) => {
            errors.extend(validate_field_ref(field, VOLUME_FIELDS, &path.child("fieldRef")));
            if resource.is_some() {
                let detail = "fieldRef and resourceFieldRef can not be specified simultaneously";
                errors.push(FieldError::invalid(path, "resource", detail));
            }
        }
        (None, Some(resource)) => {
            errors.extend(validate_resource_field_ref(resource, true, &path.child("resourceFieldRef")));
        }
        (None, None) => {
            errors.push(FieldError::required(path, "one of fieldRef and resourceFieldRef is required"));
        }
    }
    errors.extend(wrong_mode(file.mode, path, "mode"));
    errors
}

/// Names that start with two dots are how files are swapped at once.
///
/// Source: `ValidateLocalNonReservedPath`.
fn validate_local_path(target: &str, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = validate_local_descending_path(target, path);
    if target.starts_with("..") && !target.starts_with("../") {
        errors.push(FieldError::invalid(path, target, "must not start with '..'"));
    }
    errors
}

fn wrong_mode(mode: Option<i32>, path: &FieldPath, field: &str) -> Option<FieldError> {
    let mode = mode.filter(|mode| !(0..=0o777).contains(mode))?;
    let detail = "must be a number between 0 and 0777 (octal), both inclusive";
    Some(FieldError::invalid(&path.child(field), mode, detail))
}

/// Seconds.
const TEN_MINUTES: i64 = 600;
/// Seconds: the first that are too many.
const LONGEST: i64 = (1 << 32) + 1;
