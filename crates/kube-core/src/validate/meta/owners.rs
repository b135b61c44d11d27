//! The references of an object to its owners.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use serde::Serialize;

use crate::error::{FieldError, FieldPath, ShownAsJson};

/// What is wrong with the references to owners: each for itself, and that only one may be the controller.
///
/// Source: `ValidateOwnerReferences` of `k8s.io/apimachinery/pkg/api/validation`.
pub fn validate_owner_references(owners: &[OwnerReference], path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut first: Option<String> = None;
    for owner in owners {
        errors.extend(validate_owner_reference(owner, path));
        if owner.controller != Some(true) {
            continue;
        }
        let controller = format!("{}/{}", owner.kind, owner.name);
        match &first {
            None => first = Some(controller),
            Some(first) => errors.push(second_controller(owners, first, &controller, path)),
        }
    }
    errors
}

fn second_controller(owners: &[OwnerReference], first: &str, second: &str, path: &FieldPath) -> FieldError {
    let shown: Vec<ShownOwner<'_>> = owners.iter().map(ShownOwner::from).collect();
    let detail = format!(
        "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {second}"
    );
    FieldError::invalid(path, ShownAsJson(&shown), detail)
}

fn validate_owner_reference(owner: &OwnerReference, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let (group, version) = group_version(&owner.api_version);
    if version.is_empty() {
        let path = path.child("apiVersion");
        errors.push(FieldError::invalid(&path, &owner.api_version, "version must not be empty"));
    }
    for (field, value) in [("kind", &owner.kind), ("name", &owner.name), ("uid", &owner.uid)] {
        if value.is_empty() {
            errors.push(FieldError::invalid(&path.child(field), value, "must not be empty"));
        }
    }
    // Events are too many to be waited for by garbage collection.
    if (group, version, owner.kind.as_str()) == ("", "v1", "Event") {
        let detail = format!("{group}/{version}, Kind={} is disallowed from being an owner", owner.kind);
        errors.push(FieldError::invalid(path, ShownAsJson(&ShownOwner::from(owner)), detail));
    }
    errors
}

/// The group and version of an API version; both empty if it cannot be read (`FromAPIVersionAndKind`).
fn group_version(api_version: &str) -> (&str, &str) {
    match api_version.split_once('/') {
        None => ("", api_version),
        Some((_, version)) if version.contains('/') => ("", ""),
        Some(parts) => parts,
    }
}

/// An owner reference with its fields in the order of Go's type, in which messages show them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownOwner<'a> {
    api_version: &'a str,
    kind: &'a str,
    name: &'a str,
    uid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    controller: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    block_owner_deletion: Option<bool>,
}

impl<'a> From<&'a OwnerReference> for ShownOwner<'a> {
    fn from(owner: &'a OwnerReference) -> Self {
        Self {
            api_version: &owner.api_version,
            kind: &owner.kind,
            name: &owner.name,
            uid: &owner.uid,
            controller: owner.controller,
            block_owner_deletion: owner.block_owner_deletion,
        }
    }
}
