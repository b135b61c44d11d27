//! What a claim is to be filled with: named in a field for claims and snapshots, and in one for anything (KEP-1495).
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/validation` (`validateDataSource`), `pkg/api/persistentvolumeclaim`.

use crate::error::{FieldError, FieldPath};
use crate::kinds::core::v1::{PersistentVolumeClaimSpec, TypedLocalObjectReference, TypedObjectReference};
use crate::names::validate_namespace_name;
use crate::validate::fields::{Text, dns_subdomain, name, required};

const CLAIM: &str = "PersistentVolumeClaim";

/// Drops what the older field may not name, and lets each field say what the other says. The gate for sources in other
/// namespaces is closed by default.
///
/// Source: `DropDisabledFields`, `EnforceDataSourceBackwardsCompatibility`, `NormalizeDataSources`.
pub(super) fn prepare(spec: &mut PersistentVolumeClaimSpec, old: Option<&PersistentVolumeClaimSpec>) {
    let elsewhere = spec.data_source_ref.as_ref().is_some_and(|source| !source.namespace.text().is_empty());
    if elsewhere && old.is_none_or(|old| old.data_source_ref.is_none()) {
        spec.data_source_ref = None;
    }
    if old.is_none_or(|old| old.data_source.is_none()) && !is_claim_or_snapshot(spec.data_source.as_ref()) {
        spec.data_source = None;
    }
    match (&spec.data_source, &spec.data_source_ref) {
        (Some(source), None) => {
            spec.data_source_ref = Some(TypedObjectReference {
                api_group: source.api_group.clone(),
                kind: source.kind.clone(),
                name: source.name.clone(),
                namespace: None,
            });
        }
        (None, Some(source)) if source.namespace.text().is_empty() => {
            spec.data_source = Some(TypedLocalObjectReference {
                api_group: source.api_group.clone(),
                kind: source.kind.clone(),
                name: source.name.clone(),
            });
        }
        _ => {}
    }
}

fn is_claim_or_snapshot(source: Option<&TypedLocalObjectReference>) -> bool {
    let known = |source: &TypedLocalObjectReference| {
        matches!(
            (source.kind.as_str(), source.api_group.text()),
            (CLAIM, "") | ("VolumeSnapshot", "snapshot.storage.k8s.io")
        )
    };
    source.is_some_and(known)
}

/// Whether a source names a group, right or wrong.
///
/// Source: `allowInvalidAPIGroupInDataSourceOrRef`.
pub(super) fn has_group(spec: &PersistentVolumeClaimSpec) -> bool {
    spec.data_source.as_ref().is_some_and(|source| source.api_group.is_some())
        || spec.data_source_ref.as_ref().is_some_and(|source| source.api_group.is_some())
}

/// What is wrong with the sources; `kept` lets their groups pass.
pub(super) fn validate(spec: &PersistentVolumeClaimSpec, kept: bool, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let (plain, any) = (spec.data_source.as_ref(), spec.data_source_ref.as_ref());
    if let Some(source) = plain {
        let group = source.api_group.text();
        errors.extend(judge(&source.name, &source.kind, group, kept, &path.child("dataSource")));
    }
    if let Some(source) = any {
        let path = path.child("dataSourceRef");
        errors.extend(judge(&source.name, &source.kind, source.api_group.text(), kept, &path));
        let namespace = source.namespace.text();
        if !namespace.is_empty() {
            errors.extend(name(namespace, validate_namespace_name, &path.child("namespace")));
        }
    }
    let (Some(plain), Some(any)) = (plain, any) else { return errors };
    let same = (&plain.api_group, &plain.kind, &plain.name) == (&any.api_group, &any.kind, &any.name);
    let detail = if !any.namespace.text().is_empty() {
        "may not be specified when dataSourceRef.namespace is specified"
    } else if same {
        return errors;
    } else {
        "must match dataSourceRef"
    };
    errors.push(FieldError::invalid(path, path.child("dataSource").as_str(), detail));
    errors
}

/// Source: `validateDataSource`, `validateDataSourceRef`.
fn judge(source: &str, kind: &str, group: &str, kept: bool, path: &FieldPath) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> = required(source, path, "name").into_iter().collect();
    errors.extend(required(kind, path, "kind"));
    if group.is_empty() && kind != CLAIM {
        let detail = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
        errors.push(FieldError::invalid(path, kind, detail));
    }
    if !group.is_empty() && !kept {
        errors.extend(dns_subdomain(group, &path.child("apiGroup")));
    }
    errors
}
