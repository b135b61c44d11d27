//! Replica sets.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/apps/v1` (`SetDefaults_ReplicaSet`), `pkg/apis/apps/validation`
//! (`ValidateReplicaSet`, `ValidateReplicaSetUpdate`).

use super::template::{
    UNREADABLE_SELECTOR, decode_with_selector, given_selector, set_template_defaults, unselected,
    validate_pod_selector, validate_replicated_template, validate_selector_unchanged,
    with_selector_that_reads,
};
use crate::error::{FieldError, FieldPath};
use crate::kinds::apps::v1::{ReplicaSet, ReplicaSetSpec};
use crate::validate::Kind;
use crate::validate::counts::{OF_REPLICAS, none_above, none_negative};
use crate::validate::fields::{given, nonnegative};
use crate::validate::warn;

impl Kind for ReplicaSet {
    const AS_IT_IS: bool = true;

    fn drop_status(&mut self) {
        self.status = None;
    }

    fn append_status(&self, json: &mut Vec<u8>) -> Result<bool, serde_json::Error> {
        serde_json::to_writer(json, &self.status).map(|()| true)
    }

    fn decode(object: &serde_json::Value) -> Result<Self, serde_json::Error> {
        decode_with_selector(object, |set: &mut Self| Some(&mut set.spec.as_mut()?.selector))
    }

    fn set_defaults(&mut self) {
        if let Some(spec) = &mut self.spec {
            spec.replicas.get_or_insert(1);
            set_template_defaults(spec.template.get_or_insert_default());
        }
    }

    fn prepare_create(&mut self) {
        self.status.get_or_insert_default();
    }

    const JUDGES_STATUS: bool = true;

    /// Source: `ValidateReplicaSetStatus`.
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
                ("terminatingReplicas", status.terminating_replicas.map(Into::into)),
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
        given(self.spec.as_ref(), |spec| validate_replica_set_spec(spec, &FieldPath::new("spec")))
    }

    fn validate_update(&self, old: &Self) -> Vec<FieldError> {
        let mut errors = self.validate();
        let (new, old) = (self.spec.as_ref(), old.spec.as_ref());
        errors.extend(validate_selector_unchanged(new.map(|s| &s.selector), old.map(|s| &s.selector)));
        errors
    }
}

/// Source: `ValidateReplicaSetSpec`.
fn validate_replica_set_spec(spec: &ReplicaSetSpec, path: &FieldPath) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> = nonnegative(spec.replicas, path, "replicas").into_iter().collect();
    errors.extend(nonnegative(spec.min_ready_seconds, path, "minReadySeconds"));
    let selector = given_selector(&spec.selector);
    // The word is Kubernetes'.
    let empty = "empty selector is invalid for deployment";
    errors.extend(validate_pod_selector(selector, empty, &path.child("selector")));
    errors.extend(with_selector_that_reads(selector, UNREADABLE_SELECTOR, path, || {
        let path = path.child("template");
        given(spec.template.as_ref(), |template| {
            let mut errors: Vec<FieldError> = unselected(template, selector, &path).into_iter().collect();
            errors.extend(validate_replicated_template(template, "ReplicaSet", &path));
            errors
        })
    }));
    errors
}
