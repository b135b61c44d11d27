//! Deployments.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/apps/v1` (`SetDefaults_Deployment`), `pkg/apis/apps/validation`
//! (`ValidateDeployment`, `ValidateDeploymentUpdate`).

use super::rollout::{invalid_count, is_zero, more_than_all, validate_count};
use super::template::{
    UNREADABLE_SELECTOR, decode_with_selector, given_selector, set_template_defaults, unselected,
    validate_pod_selector, validate_replicated_template, validate_selector_unchanged,
    with_selector_that_reads,
};
use crate::error::{FieldError, FieldPath, ShownAsJson};
use crate::kinds::IntOrString;
use crate::kinds::apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment};
use crate::validate::Kind;
use crate::validate::counts::{OF_REPLICAS, decremented, none_above, none_negative};
use crate::validate::fields::{Text, given, nonnegative};
use crate::validate::warn;

impl Kind for Deployment {
    const AS_IT_IS: bool = true;

    fn drop_status(&mut self) {
        self.status = None;
    }

    fn append_status(&self, json: &mut Vec<u8>) -> Result<bool, serde_json::Error> {
        serde_json::to_writer(json, &self.status).map(|()| true)
    }

    fn decode(object: &serde_json::Value) -> Result<Self, serde_json::Error> {
        decode_with_selector(object, |deployment: &mut Self| Some(&mut deployment.spec.as_mut()?.selector))
    }

    fn set_defaults(&mut self) {
        if let Some(spec) = &mut self.spec {
            set_spec_defaults(spec);
        }
    }

    const JUDGES_STATUS: bool = true;

    /// Source: `ValidateDeploymentStatusUpdate`.
    fn validate_status_update(&self, old: &Self) -> Vec<FieldError> {
        let Some(status) = &self.status else { return Vec::new() };
        let path = FieldPath::new("status");
        let mut errors = none_negative(
            &path,
            &[
                ("observedGeneration", status.observed_generation),
                ("replicas", status.replicas.map(Into::into)),
                ("updatedReplicas", status.updated_replicas.map(Into::into)),
                ("readyReplicas", status.ready_replicas.map(Into::into)),
                ("availableReplicas", status.available_replicas.map(Into::into)),
                ("unavailableReplicas", status.unavailable_replicas.map(Into::into)),
                ("terminatingReplicas", status.terminating_replicas.map(Into::into)),
                ("collisionCount", status.collision_count.map(Into::into)),
            ],
        );
        let available = ("availableReplicas", status.available_replicas);
        let parts = [
            ("updatedReplicas", status.updated_replicas),
            ("readyReplicas", status.ready_replicas),
            available,
        ];
        errors.extend(none_above(&path, &parts, status.replicas, OF_REPLICAS));
        let detail = "cannot be greater than readyReplicas";
        errors.extend(none_above(&path, &[available], status.ready_replicas, detail));
        let before = old.status.as_ref().and_then(|status| status.collision_count);
        errors.extend(decremented(status.collision_count, before));
        errors
    }

    fn warnings(&self, old: Option<&Self>) -> Vec<String> {
        let template = self.spec.as_ref().map(|spec| &spec.template);
        warn::of_replicated(&self.metadata, old.map(|old| &old.metadata), template)
    }

    fn validate(&self) -> Vec<FieldError> {
        given(self.spec.as_ref(), |spec| validate_deployment_spec(spec, &FieldPath::new("spec")))
    }

    fn validate_update(&self, old: &Self) -> Vec<FieldError> {
        let mut errors = self.validate();
        let (new, old) = (self.spec.as_ref(), old.spec.as_ref());
        errors.extend(validate_selector_unchanged(new.map(|s| &s.selector), old.map(|s| &s.selector)));
        errors
    }
}

fn set_spec_defaults(spec: &mut DeploymentSpec) {
    spec.replicas.get_or_insert(1);
    let strategy = spec.strategy.get_or_insert_default();
    strategy.type_.fill(ROLLING);
    if strategy.type_.text() == ROLLING {
        let rolling = strategy.rolling_update.get_or_insert_default();
        rolling.max_unavailable.get_or_insert_with(quarter);
        rolling.max_surge.get_or_insert_with(quarter);
    }
    spec.revision_history_limit.get_or_insert(10);
    spec.progress_deadline_seconds.get_or_insert(600);
    set_template_defaults(&mut spec.template);
}

fn quarter() -> IntOrString {
    IntOrString::String("25%".to_owned())
}

/// Source: `ValidateDeploymentSpec`.
fn validate_deployment_spec(spec: &DeploymentSpec, path: &FieldPath) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> = nonnegative(spec.replicas, path, "replicas").into_iter().collect();
    let selector = given_selector(&spec.selector);
    let empty = "empty selector is invalid for deployment";
    errors.extend(validate_pod_selector(selector, empty, &path.child("selector")));
    errors.extend(with_selector_that_reads(selector, UNREADABLE_SELECTOR, path, || {
        let (template, path) = (&spec.template, path.child("template"));
        let mut errors: Vec<FieldError> = unselected(template, selector, &path).into_iter().collect();
        errors.extend(validate_replicated_template(template, "ReplicaSet", &path));
        errors
    }));
    errors.extend(validate_strategy(spec.strategy.as_ref(), &path.child("strategy")));
    errors.extend(nonnegative(spec.min_ready_seconds, path, "minReadySeconds"));
    errors.extend(nonnegative(spec.revision_history_limit, path, "revisionHistoryLimit"));
    if let Some(deadline) = spec.progress_deadline_seconds {
        errors.extend(nonnegative(Some(deadline), path, "progressDeadlineSeconds"));
        if deadline <= spec.min_ready_seconds.unwrap_or_default() {
            let path = path.child("progressDeadlineSeconds");
            errors.push(FieldError::invalid(&path, deadline, "must be greater than minReadySeconds"));
        }
    }
    errors
}

/// Source: `ValidateDeploymentStrategy`.
fn validate_strategy(strategy: Option<&DeploymentStrategy>, path: &FieldPath) -> Vec<FieldError> {
    let default = DeploymentStrategy::default();
    let strategy = strategy.unwrap_or(&default);
    let here = path.child("rollingUpdate");
    match (strategy.type_.text(), &strategy.rolling_update) {
        ("Recreate", Some(_)) => {
            vec![FieldError::forbidden(&here, "may not be specified when strategy `type` is 'Recreate'")]
        }
        ("Recreate", None) => Vec::new(),
        (ROLLING, None) => vec![FieldError::required(&here, "this should be defaulted and never be nil")],
        (ROLLING, Some(rolling)) => validate_rolling(rolling, &here),
        _ => vec![FieldError::not_supported(path, ShownAsJson(strategy), &["Recreate", ROLLING])],
    }
}

/// Source: `ValidateRollingUpdateDeployment`.
fn validate_rolling(rolling: &RollingUpdateDeployment, path: &FieldPath) -> Vec<FieldError> {
    let (missing, surge) = (rolling.max_unavailable.as_ref(), rolling.max_surge.as_ref());
    let (here, there) = (path.child("maxUnavailable"), path.child("maxSurge"));
    let mut errors = Vec::new();
    errors.extend(missing.into_iter().flat_map(|count| validate_count(count, &here)));
    errors.extend(surge.into_iter().flat_map(|count| validate_count(count, &there)));
    if is_zero(missing) && is_zero(surge) {
        errors.push(invalid_count(&here, missing, "may not be 0 when `maxSurge` is 0"));
    }
    errors.extend(missing.and_then(|count| more_than_all(count, &here)));
    errors
}

const ROLLING: &str = "RollingUpdate";
