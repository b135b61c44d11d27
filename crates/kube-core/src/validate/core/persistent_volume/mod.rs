//! Volumes of the cluster.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/v1` (`SetDefaults_PersistentVolume`), `pkg/apis/core/validation`
//! (`ValidatePersistentVolume`, `ValidatePersistentVolumeUpdate`), `pkg/registry/core/persistentvolume`.

mod sources;
#[cfg(test)]
mod tests;

use crate::error::{FieldError, FieldPath, ShownAsJson};
use crate::kinds::core::v1::{
    PersistentVolume, PersistentVolumeSpec, PersistentVolumeStatus, VolumeNodeAffinity,
};
use crate::kinds::meta::v1::Time;
use crate::names::name_is_dns_subdomain;
use crate::validate::Kind;
use crate::validate::fields::{Items, Text, given, name, supported};
use crate::validate::meta::FIELD_IMMUTABLE;
use crate::validate::resources::{canonicalize, validate_basic, validate_positive};
use crate::validate::warn;
use jiff::Timestamp;

use super::persistent_volume_claim::{VOLUME_MODES, validate_access_modes};
use super::pod::validate_node_selector;

impl Kind for PersistentVolume {
    fn set_defaults(&mut self) {
        self.status.get_or_insert_default().phase.fill(PENDING);
        let spec = self.spec.get_or_insert_default();
        spec.persistent_volume_reclaim_policy.fill("Retain");
        spec.volume_mode.get_or_insert_with(|| "Filesystem".to_owned());
        canonicalize(&mut spec.capacity);
        sources::set_defaults(spec);
    }

    /// Source: `persistentvolumeStrategy.PrepareForCreate`.
    fn prepare_create(&mut self) {
        self.status = Some(PersistentVolumeStatus {
            phase: Some(PENDING.to_owned()),
            last_phase_transition_time: self.metadata.creation_timestamp.clone(),
            ..PersistentVolumeStatus::default()
        });
    }

    const JUDGES_STATUS: bool = true;

    /// Source: `persistentvolumeStatusStrategy.PrepareForUpdate`.
    fn prepare_status_update(&mut self, old: &Self, now: Timestamp) {
        let before = old.status.as_ref();
        let Some(status) = &mut self.status else { return };
        let since = before.and_then(|before| before.last_phase_transition_time.clone());
        if status.phase.text() == before.map_or("", |before| before.phase.text()) {
            if status.last_phase_transition_time.is_none() {
                status.last_phase_transition_time = since;
            }
        } else if status.last_phase_transition_time.is_none() || status.last_phase_transition_time == since {
            // Whoever changes the phase may say since when.
            status.last_phase_transition_time = Some(Time(now));
        }
    }

    fn warnings(&self, _old: Option<&Self>) -> Vec<String> {
        warn::of_volume(self)
    }

    fn validate(&self) -> Vec<FieldError> {
        let volume = self.metadata.name.text();
        given(self.spec.as_ref(), |spec| validate_volume_spec(spec, volume, &FieldPath::new("spec")))
    }

    fn validate_update(&self, old: &Self) -> Vec<FieldError> {
        let mut errors = self.validate();
        errors.extend(given(self.spec.as_ref(), |new| given(old.spec.as_ref(), |old| changed(new, old))));
        errors
    }
}

const PENDING: &str = "Pending";

fn changed(new: &PersistentVolumeSpec, old: &PersistentVolumeSpec) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let path = FieldPath::new("spec");
    if source_after(new, old) != source_of(old) {
        let detail = "spec.persistentvolumesource is immutable after creation";
        errors.push(FieldError::forbidden(&path.child("persistentvolumesource"), detail));
    }
    if new.volume_mode != old.volume_mode {
        let path = FieldPath::new("volumeMode");
        errors.push(FieldError::invalid(&path, new.volume_mode.text(), FIELD_IMMUTABLE));
    }
    if old.node_affinity.is_some() && new.node_affinity != affinity_after(new, old) {
        let path = FieldPath::new("nodeAffinity");
        errors.push(FieldError::invalid(&path, ShownAsJson(&new.node_affinity), FIELD_IMMUTABLE));
    }
    if old.volume_attributes_class_name.is_some() && new.volume_attributes_class_name.is_none() {
        let path = path.child("volumeAttributesClassName");
        errors.push(FieldError::forbidden(&path, "update from non-nil value to nil is forbidden"));
    }
    errors
}

/// What the affinity of `old` may have become: labels may have got their stable names.
///
/// Source: `validatePvNodeAffinity`.
fn affinity_after(new: &PersistentVolumeSpec, old: &PersistentVolumeSpec) -> Option<VolumeNodeAffinity> {
    let mut affinity = old.node_affinity.clone();
    let terms = |affinity: &VolumeNodeAffinity| {
        affinity.required.as_ref().map(|selector| selector.node_selector_terms.clone()).unwrap_or_default()
    };
    let wanted = new.node_affinity.as_ref().map(terms).unwrap_or_default();
    let required = affinity.as_mut().and_then(|affinity| affinity.required.as_mut());
    let terms = required.map(|selector| &mut selector.node_selector_terms);
    for (term, wanted) in terms.into_iter().flatten().zip(&wanted) {
        let wanted = wanted.match_expressions.items();
        for (expression, wanted) in term.match_expressions.items_mut().iter_mut().zip(wanted) {
            if STABLE_LABELS.contains(&(&*expression.key, &*wanted.key)) {
                expression.key.clone_from(&wanted.key);
            }
        }
    }
    affinity
}

/// Labels of nodes, and the names that they have now.
const STABLE_LABELS: [(&str, &str); 5] = [
    ("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"),
    ("failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"),
    ("beta.kubernetes.io/instance-type", "node.kubernetes.io/instance-type"),
    ("beta.kubernetes.io/os", "kubernetes.io/os"),
    ("beta.kubernetes.io/arch", "kubernetes.io/arch"),
];

fn validate_volume_spec(spec: &PersistentVolumeSpec, volume: &str, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let here = path.child("accessModes");
    if spec.access_modes.items().is_empty() {
        errors.push(FieldError::required(&here, ""));
    }
    errors.extend(validate_access_modes(spec.access_modes.items(), &here));
    errors.extend(validate_capacity(spec, &path.child("capacity")));
    let policy = spec.persistent_volume_reclaim_policy.text();
    let here = path.child("persistentVolumeReclaimPolicy");
    if !policy.is_empty() {
        errors.extend(supported(policy, &["Delete", "Recycle", "Retain"], &here));
    }
    if let Some(affinity) = &spec.node_affinity {
        let path = path.child("nodeAffinity").child("required");
        match &affinity.required {
            Some(selector) => errors.extend(validate_node_selector(selector, &path)),
            None => errors.push(FieldError::required(&path, "must specify required node constraints")),
        }
    }
    errors.extend(sources::validate_source(spec, volume, path));
    let of_root = spec.host_path.as_ref().is_some_and(|host| is_root(&host.path));
    if of_root && policy == "Recycle" {
        let detail = "may not be 'recycle' for a hostPath mount of '/'";
        errors.push(FieldError::forbidden(&here, detail));
    }
    let class = spec.storage_class_name.text();
    if !class.is_empty() {
        errors.extend(name(class, name_is_dns_subdomain, &path.child("storageClassName")));
    }
    if let Some(mode) = spec.volume_mode.as_deref() {
        errors.extend(supported(mode, VOLUME_MODES, &path.child("volumeMode")));
    }
    errors.extend(validate_attributes_class(spec, path));
    errors
}

fn validate_capacity(spec: &PersistentVolumeSpec, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let capacity = spec.capacity.clone().unwrap_or_default();
    if capacity.is_empty() {
        errors.push(FieldError::required(path, ""));
    }
    if !capacity.contains_key("storage") || capacity.len() > 1 {
        errors.push(FieldError::not_supported(path, ShownAsJson(&capacity), &["storage"]));
    }
    for (resource, amount) in &capacity {
        errors.extend(validate_basic(amount, &path.key(resource)));
        errors.extend(validate_positive(amount, &path.key(resource)));
    }
    errors
}

fn validate_attributes_class(spec: &PersistentVolumeSpec, path: &FieldPath) -> Vec<FieldError> {
    let Some(class) = spec.volume_attributes_class_name.as_deref() else { return Vec::new() };
    let here = path.child("volumeAttributesClassName");
    let mut errors = Vec::new();
    if class.is_empty() {
        errors.push(FieldError::required(&here, "an empty string is disallowed"));
    } else {
        errors.extend(name(class, name_is_dns_subdomain, &here));
    }
    if spec.csi.is_none() {
        let detail = "has to be specified when using volumeAttributesClassName";
        errors.push(FieldError::required(&path.child("csi"), detail));
    }
    errors
}

/// Whether a path means the root, however it is written (Go's `path.Clean`).
fn is_root(path: &str) -> bool {
    let mut depth = 0_usize;
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => depth = depth.saturating_sub(1),
            _ => depth += 1,
        }
    }
    path.starts_with('/') && depth == 0
}

/// As [`source_of`]; a secret for growing may be added to a volume that has none.
fn source_after(new: &PersistentVolumeSpec, old: &PersistentVolumeSpec) -> serde_json::Value {
    let added = old.csi.as_ref().is_some_and(|csi| csi.controller_expand_secret_ref.is_none());
    match &new.csi {
        Some(csi) if added && csi.controller_expand_secret_ref.is_some() => {
            let mut before = new.clone();
            if let Some(csi) = &mut before.csi {
                csi.controller_expand_secret_ref = None;
            }
            source_of(&before)
        }
        _ => source_of(new),
    }
}

/// What the volume is made of: every field that is not about the volume as such.
fn source_of(spec: &PersistentVolumeSpec) -> serde_json::Value {
    let bare = PersistentVolumeSpec {
        access_modes: None,
        capacity: None,
        claim_ref: None,
        mount_options: None,
        node_affinity: None,
        persistent_volume_reclaim_policy: None,
        storage_class_name: None,
        volume_attributes_class_name: None,
        volume_mode: None,
        ..spec.clone()
    };
    serde_json::to_value(bare).unwrap_or_default()
}
