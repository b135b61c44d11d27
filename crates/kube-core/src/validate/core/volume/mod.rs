//! The volumes of a pod: defaults and rules.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/v1/defaults.go` and `pkg/apis/core/validation` (`ValidateVolumes`).

mod defaults;
mod files;
mod sources;

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{FieldError, FieldPath};
use crate::kinds::core::v1::Volume;
use crate::validate::fields::dns_label;

pub(super) use defaults::set_volume_defaults;

/// The volumes that are right, by name, and what is wrong with the others. `pod` is the name of the pod, of which
/// the names of its ephemeral claims are made; empty in templates.
///
/// Source: `ValidateVolumes`.
pub(super) fn validate_volumes<'a>(
    volumes: &'a [Volume],
    pod: &str,
    path: &FieldPath,
) -> (BTreeMap<&'a str, &'a Volume>, Vec<FieldError>) {
    let mut errors = Vec::new();
    let mut right = BTreeMap::new();
    let created: BTreeSet<String> = volumes
        .iter()
        .filter(|volume| volume.ephemeral.is_some() && !pod.is_empty())
        .map(|volume| format!("{pod}-{}", volume.name))
        .collect();
    for (index, volume) in volumes.iter().enumerate() {
        let path = path.index(index);
        let mut wrong = sources::validate_source(volume, pod, &path);
        if volume.name.is_empty() {
            wrong.push(FieldError::required(&path.child("name"), ""));
        } else {
            wrong.extend(dns_label(&volume.name, &path.child("name")));
        }
        if right.contains_key(volume.name.as_str()) {
            wrong.push(FieldError::duplicate(&path.child("name"), &volume.name));
        }
        if wrong.is_empty() {
            right.insert(volume.name.as_str(), volume);
        }
        errors.extend(wrong);
        if let Some(claim) = &volume.persistent_volume_claim
            && created.contains(&claim.claim_name)
        {
            let detail = "must not reference a PVC that gets created for an ephemeral volume";
            let path = path.child("persistentVolumeClaim").child("claimName");
            errors.push(FieldError::invalid(&path, &claim.claim_name, detail));
        }
    }
    (right, errors)
}
