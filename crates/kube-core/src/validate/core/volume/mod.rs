//! The volumes of a pod: defaults and rules.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/v1/defaults.go` and `pkg/apis/core/validation` (`ValidateVolumes`).

mod defaults;
mod disks;
mod files;
mod sources;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{FieldError, FieldPath};
use crate::kinds::core::v1::Volume;
use crate::validate::fields::dns_label;

pub(super) use defaults::{
    ISCSI_INTERFACE, set_azure_disk_defaults, set_rbd_defaults, set_scale_io_defaults, set_volume_defaults,
};
pub(crate) use disks::validate_driver_name;
pub(super) use disks::{
    ISCSI_TOO_LONG, Iscsi, no_monitors, validate_aws, validate_azure_disk, validate_azure_file, validate_fc,
    validate_flex, validate_flocker, validate_gce, validate_glusterfs, validate_host_path, validate_nfs,
    validate_quobyte, validate_rbd, validate_scale_io, validate_secret_ref, validate_storage_os,
};

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
