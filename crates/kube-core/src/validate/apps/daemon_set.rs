//! Daemon sets.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/apps/v1` (`SetDefaults_DaemonSet`), `pkg/apis/apps/validation`
//! (`ValidateDaemonSet`, `ValidateDaemonSetUpdate`), `pkg/registry/apps/daemonset`.

use super::rollout::{invalid_count, is_zero, more_than_all, validate_count};
use super::template::{
    decode_with_selector, given_selector, set_template_defaults, unselected, validate_endless,
    validate_pod_template, validate_selector_unchanged,
};
use crate::error::{FieldError, FieldPath, ShownAsJson};
use crate::kinds::IntOrString;
use crate::kinds::apps::v1::{DaemonSet, DaemonSetSpec, DaemonSetUpdateStrategy, RollingUpdateDaemonSet};
use crate::validate::Kind;
use crate::validate::counts::{decremented, none_negative};
use crate::validate::fields::{Text, given, nonnegative};
use crate::validate::label_selector::{is_empty, validate_label_selector};
use crate::validate::warn;

impl Kind for DaemonSet {
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
        let annotations = self.metadata.annotations.get_or_insert_default();
        annotations.entry(TEMPLATE_GENERATION.to_owned()).or_insert_with(|| "1".to_owned());
        if let Some(spec) = &mut self.spec {
            set_spec_defaults(spec);
        }
    }

    /// Every change of the template counts up a generation of its own.
    fn prepare_update(&mut self, old: &Self) {
        let annotations = old.metadata.annotations.as_ref();
        let generation = annotations.and_then(|annotations| annotations.get(TEMPLATE_GENERATION));
        let generation = generation.and_then(|text| text.parse::<i64>().ok()).unwrap_or(1);
        let template = |set: &Self| set.spec.as_ref().map(|spec| spec.template.clone());
        let generation =
            if template(self) == template(old) { generation } else { generation.saturating_add(1) };
        let annotations = self.metadata.annotations.get_or_insert_default();
        annotations.insert(TEMPLATE_GENERATION.to_owned(), generation.to_string());
    }

    fn prepare_create(&mut self) {
        self.status.get_or_insert_default();
    }

    const JUDGES_STATUS: bool = true;

    /// Source: `ValidateDaemonSetStatusUpdate`.
    fn validate_status_update(&self, old: &Self) -> Vec<FieldError> {
        let Some(status) = &self.status else { return Vec::new() };
        let mut errors = none_negative(
            &FieldPath::new("status"),
            &[
                ("currentNumberScheduled", Some(status.current_number_scheduled.into())),
                ("numberMisscheduled", Some(status.number_misscheduled.into())),
                ("desiredNumberScheduled", Some(status.desired_number_scheduled.into())),
                ("numberReady", Some(status.number_ready.into())),
                ("observedGeneration", status.observed_generation),
                ("updatedNumberScheduled", status.updated_number_scheduled.map(Into::into)),
                ("numberAvailable", status.number_available.map(Into::into)),
                ("numberUnavailable", status.number_unavailable.map(Into::into)),
                ("collisionCount", status.collision_count.map(Into::into)),
            ],
        );
        let before = old.status.as_ref().and_then(|status| status.collision_count);
        errors.extend(decremented(status.collision_count, before));
        errors
    }

    fn warnings(&self, old: Option<&Self>) -> Vec<String> {
        let template = self.spec.as_ref().map(|spec| &spec.template);
        warn::of_wanted(&self.metadata, old.map(|old| &old.metadata), template)
    }

    fn validate(&self) -> Vec<FieldError> {
        given(self.spec.as_ref(), |spec| validate_daemon_set_spec(spec, &FieldPath::new("spec")))
    }

    fn validate_update(&self, old: &Self) -> Vec<FieldError> {
        let mut errors = self.validate();
        let (new, old) = (self.spec.as_ref(), old.spec.as_ref());
        errors.extend(validate_selector_unchanged(new.map(|s| &s.selector), old.map(|s| &s.selector)));
        errors
    }
}

fn set_spec_defaults(spec: &mut DaemonSetSpec) {
    let strategy = spec.update_strategy.get_or_insert_default();
    strategy.type_.fill(ROLLING);
    if strategy.type_.text() == ROLLING {
        let rolling = strategy.rolling_update.get_or_insert_default();
        rolling.max_unavailable.get_or_insert(IntOrString::Int(1));
        rolling.max_surge.get_or_insert(IntOrString::Int(0));
    }
    spec.revision_history_limit.get_or_insert(10);
    set_template_defaults(&mut spec.template);
}

/// Source: `ValidateDaemonSetSpec`.
fn validate_daemon_set_spec(spec: &DaemonSetSpec, path: &FieldPath) -> Vec<FieldError> {
    let selector = given_selector(&spec.selector);
    let here = path.child("selector");
    let mut errors = validate_label_selector(selector, &here);
    let template = path.child("template");
    errors.extend(unselected(&spec.template, selector, &template));
    if let Some(selector) = selector
        && is_empty(selector)
    {
        let detail = "empty selector is invalid for daemonset";
        errors.push(FieldError::invalid(&here, ShownAsJson(selector), detail));
    }
    errors.extend(validate_pod_template(&spec.template, &template));
    errors.extend(validate_endless(&spec.template, "DaemonSet", &template));
    errors.extend(nonnegative(spec.min_ready_seconds, path, "minReadySeconds"));
    errors.extend(given(spec.update_strategy.as_ref(), |strategy| {
        validate_strategy(strategy, &path.child("updateStrategy"))
    }));
    errors.extend(nonnegative(spec.revision_history_limit, path, "revisionHistoryLimit"));
    errors
}

/// Source: `ValidateDaemonSetUpdateStrategy`.
fn validate_strategy(strategy: &DaemonSetUpdateStrategy, path: &FieldPath) -> Vec<FieldError> {
    match (strategy.type_.text(), &strategy.rolling_update) {
        ("OnDelete", _) => Vec::new(),
        (ROLLING, None) => vec![FieldError::required(&path.child("rollingUpdate"), "")],
        (ROLLING, Some(rolling)) => validate_rolling(rolling, &path.child("rollingUpdate")),
        _ => vec![FieldError::not_supported(path, ShownAsJson(strategy), &[ROLLING, "OnDelete"])],
    }
}

/// Source: `ValidateRollingUpdateDaemonSet`.
fn validate_rolling(rolling: &RollingUpdateDaemonSet, path: &FieldPath) -> Vec<FieldError> {
    let (missing, surge) = (rolling.max_unavailable.as_ref(), rolling.max_surge.as_ref());
    let mut errors = Vec::new();
    for (field, count) in [("maxUnavailable", missing), ("maxSurge", surge)] {
        let Some(count) = count else { continue };
        errors.extend(validate_count(count, &path.child(field)));
        errors.extend(more_than_all(count, &path.child(field)));
    }
    match (is_zero(missing), is_zero(surge)) {
        (false, false) => {
            let detail = "may not be set when maxUnavailable is non-zero";
            errors.push(invalid_count(&path.child("maxSurge"), surge, detail));
        }
        (true, true) => {
            let detail = "cannot be 0 when maxSurge is 0";
            errors.push(FieldError::required(&path.child("maxUnavailable"), detail));
        }
        _ => {}
    }
    errors
}

const ROLLING: &str = "RollingUpdate";
/// How often the template has changed, counted from 1.
const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";
