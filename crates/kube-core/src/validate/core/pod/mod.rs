//! Pods: defaults, rules, and what may change.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/v1/defaults.go`, `pkg/apis/core/validation` (`ValidatePodCreate`,
//! `ValidatePodUpdate`).

mod affinity;
mod allocated;
mod annotations;
mod defaults;
mod dns;
mod prepare;
#[cfg(test)]
mod profile_tests;
mod profiles;
mod resources;
mod scheduling;
mod spec;
mod status;
#[cfg(test)]
mod tests;
mod times;
mod update;
mod windows;

use crate::error::{FieldError, FieldPath};
use crate::kinds::core::v1::{Pod, PodSpec};
use crate::validate::Kind;
use crate::validate::fields::{Items, Text, given};
use crate::validate::warn;
use crate::wire::Scanned;
use jiff::Timestamp;

use super::container::validate_image_spaces;

pub(in super::super) use affinity::validate_node_selector;
pub(in super::super) use annotations::validate_pod_annotations;
pub(in super::super) use defaults::set_pod_spec_defaults;
pub(in super::super) use profiles::validate_both as validate_both_profiles;
pub(in super::super) use scheduling::validate_taint_effect;
pub(in super::super) use spec::{PodRules, validate_pod_spec};

impl Kind for Pod {
    const AS_IT_IS: bool = true;

    fn drop_status(&mut self) {
        self.status = None;
    }

    fn copy_status(&self) -> Option<Self> {
        let status = self.status.as_ref().map(times::in_whole_seconds);
        Some(Self { status, ..Self::default() })
    }

    fn append_status(&self, json: &mut Vec<u8>) -> Result<bool, serde_json::Error> {
        serde_json::to_writer(json, &self.status).map(|()| true)
    }

    fn set_defaults(&mut self) {
        if let Some(spec) = &mut self.spec {
            defaults::set_pod_defaults(spec);
        }
    }

    fn prepare_create(&mut self) {
        prepare::begin(self);
    }

    const JUDGES_STATUS: bool = true;

    fn decode_for_status(stored: &Scanned, new: &Self) -> Result<Self, serde_json::Error> {
        status::decode(stored, new)
    }

    fn prepare_status_update(&mut self, old: &Self, _now: Timestamp) {
        status::fill(self, old);
    }

    fn validate_status_update(&self, old: &Self) -> Vec<FieldError> {
        status::validate_status(self, old)
    }

    fn warnings(&self, old: Option<&Self>) -> Vec<String> {
        if old.is_some() { Vec::new() } else { warn::of_pod(self) }
    }

    fn validate(&self) -> Vec<FieldError> {
        let mut errors = validate_metadata_and_spec(self);
        let Some(spec) = &self.spec else { return errors };
        let path = FieldPath::new("spec");
        if !spec.ephemeral_containers.items().is_empty() {
            errors.push(FieldError::forbidden(&path.child("ephemeralContainers"), "cannot be set on create"));
        }
        if !spec.node_name.text().is_empty() && !spec.scheduling_gates.items().is_empty() {
            let detail = "cannot be set until all schedulingGates have been cleared";
            errors.push(FieldError::forbidden(&path.child("nodeName"), detail));
        }
        errors.extend(profiles::validate_both(self.metadata.annotations.as_ref(), spec, &path));
        errors
    }

    fn validate_update(&self, old: &Self) -> Vec<FieldError> {
        let mut errors = validate_metadata_and_spec(self);
        errors.extend(annotations::validate_annotation_updates(self, old));
        errors.extend(given(self.spec.as_ref(), |new| {
            given(old.spec.as_ref(), |old| update::validate_spec_update(new, old))
        }));
        errors
    }
}

/// Source: `validatePodMetadataAndSpec`.
fn validate_metadata_and_spec(pod: &Pod) -> Vec<FieldError> {
    given(pod.spec.as_ref(), |spec| validate_parts(pod, spec))
}

fn validate_parts(pod: &Pod, spec: &PodSpec) -> Vec<FieldError> {
    let path = FieldPath::new("spec");
    let annotations = FieldPath::new("metadata").child("annotations");
    let mut errors = validate_pod_annotations(&pod.metadata, spec, &annotations);
    let rules = PodRules { is_pod: true, name: pod.metadata.name.text() };
    errors.extend(validate_pod_spec(spec, rules, &path));
    if spec.service_account_name.text().is_empty() {
        errors.extend(forbid_tokens(spec, &path));
    }
    errors.extend(validate_image_spaces(&spec.containers, &path.child("containers")));
    errors.extend(validate_image_spaces(spec.init_containers.items(), &path.child("initContainers")));
    errors
}

/// A token is that of a service account.
fn forbid_tokens(spec: &PodSpec, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (index, volume) in spec.volumes.items().iter().enumerate() {
        let Some(projected) = &volume.projected else { continue };
        for (source, projection) in projected.sources.items().iter().enumerate() {
            if projection.service_account_token.is_some() {
                let list = path.child("volumes").index(index).child("projected").child("sources");
                let path = list.index(source).child("serviceAccountToken");
                let detail = "must not be specified when serviceAccountName is not set";
                errors.push(FieldError::forbidden(&path, detail));
            }
        }
    }
    errors
}
