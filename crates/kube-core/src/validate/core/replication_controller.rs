//! The first form of replica sets.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/v1` (`SetDefaults_ReplicationController`), `pkg/apis/core/validation`
//! (`ValidateReplicationController`).

use crate::error::{FieldError, FieldPath};
use crate::kinds::core::v1::{ReplicationController, ReplicationControllerSpec};
use crate::validate::Kind;
use crate::validate::apps::{set_template_defaults, validate_replicated_template, wrong_labels};
use crate::validate::counts::{OF_REPLICAS, none_above, none_negative};
use crate::validate::fields::{given, nonnegative};
use crate::validate::warn;

impl Kind for ReplicationController {
    const AS_IT_IS: bool = true;

    fn drop_status(&mut self) {
        self.status = None;
    }

    fn append_status(&self, json: &mut Vec<u8>) -> Result<bool, serde_json::Error> {
        serde_json::to_writer(json, &self.status).map(|()| true)
    }

    fn set_defaults(&mut self) {
        let spec = self.spec.get_or_insert_default();
        spec.replicas.get_or_insert(1);
        spec.min_ready_seconds.get_or_insert(0);
        let Some(template) = &mut spec.template else { return };
        if let Some(labels) = template.metadata.as_ref().and_then(|meta| meta.labels.as_ref()) {
            let empty = |map: &Option<_>| map.as_ref().is_none_or(std::collections::BTreeMap::is_empty);
            if empty(&spec.selector) {
                spec.selector = Some(labels.clone());
            }
            if empty(&self.metadata.labels) {
                self.metadata.labels = Some(labels.clone());
            }
        }
        set_template_defaults(template);
    }

    fn prepare_create(&mut self) {
        self.status.get_or_insert_default();
    }

    const JUDGES_STATUS: bool = true;

    /// Source: `ValidateReplicationControllerStatus`.
    fn validate_status_update(&self, _old: &Self) -> Vec<FieldError> {
        let Some(status) = &self.status else { return Vec::new() };
        let path = FieldPath::new("status");
        let mut errors = none_negative(
            &path,
            &[
                ("replicas", Some(status.replicas.into())),
                ("fullyLabeledReplicas", status.fully_labeled_replicas.map(Into::into)),
                ("readyReplicas", status.ready_replicas.map(Into::into)),
                ("availableReplicas", status.available_replicas.map(Into::into)),
                ("observedGeneration", status.observed_generation),
            ],
        );
        let available = ("availableReplicas", status.available_replicas);
        let parts = [
            ("fullyLabeledReplicas", status.fully_labeled_replicas),
            ("readyReplicas", status.ready_replicas),
            available,
        ];
        errors.extend(none_above(&path, &parts, Some(status.replicas), OF_REPLICAS));
        let detail = "cannot be greater than readyReplicas";
        errors.extend(none_above(&path, &[available], status.ready_replicas, detail));
        errors
    }

    fn warnings(&self, old: Option<&Self>) -> Vec<String> {
        let template = self.spec.as_ref().and_then(|spec| spec.template.as_ref());
        warn::of_replicated(&self.metadata, old.map(|old| &old.metadata), template)
    }

    fn validate(&self) -> Vec<FieldError> {
        given(self.spec.as_ref(), |spec| validate_controller_spec(spec, &FieldPath::new("spec")))
    }
}

fn validate_controller_spec(spec: &ReplicationControllerSpec, path: &FieldPath) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> =
        nonnegative(spec.min_ready_seconds, path, "minReadySeconds").into_iter().collect();
    let selector = spec.selector.clone().unwrap_or_default();
    if selector.is_empty() {
        errors.push(FieldError::required(&path.child("selector"), ""));
    }
    errors.extend(nonnegative(spec.replicas, path, "replicas"));
    let path = path.child("template");
    let Some(template) = &spec.template else {
        errors.push(FieldError::required(&path, ""));
        return errors;
    };
    let labels = template.metadata.as_ref().and_then(|meta| meta.labels.as_ref());
    let has = |(key, value): (&String, &String)| labels.and_then(|labels| labels.get(key)) == Some(value);
    if !selector.iter().all(has) {
        errors.push(wrong_labels(template, &path));
    }
    errors.extend(validate_replicated_template(template, "ReplicationController", &path));
    errors
}
