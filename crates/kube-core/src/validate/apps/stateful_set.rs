//! Stateful sets.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/apps/v1` (`SetDefaults_StatefulSet`), `pkg/apis/apps/validation`
//! (`ValidateStatefulSet`, `ValidateStatefulSetUpdate`).

use super::rollout::{is_zero, more_than_all, validate_count};
use super::template::{
    decode_with_selector, given_selector, set_template_defaults, unselected, validate_endless,
    validate_pod_selector, validate_template_metadata, with_selector_that_reads,
};
use crate::error::{FieldError, FieldPath, ShownAsJson};
use crate::kinds::apps::v1::{StatefulSet, StatefulSetSpec, StatefulSetUpdateStrategy};
use crate::names::{NameRule, name_is_dns_label};
use crate::validate::Kind;
use crate::validate::core::set_claim_defaults;
use crate::validate::counts::{OF_REPLICAS, decremented, none_above, none_negative};
use crate::validate::fields::{Items, Text, dns_label, given, nonnegative, supported};
use crate::validate::warn;

impl Kind for StatefulSet {
    const AS_IT_IS: bool = true;

    fn drop_status(&mut self) {
        self.status = None;
    }

    fn append_status(&self, json: &mut Vec<u8>) -> Result<bool, serde_json::Error> {
        serde_json::to_writer(json, &self.status).map(|()| true)
    }

    fn name_rule() -> NameRule {
        name_is_dns_label
    }

    fn decode(object: &serde_json::Value) -> Result<Self, serde_json::Error> {
        decode_with_selector(object, |set: &mut Self| Some(&mut set.spec.as_mut()?.selector))
    }

    fn set_defaults(&mut self) {
        if let Some(spec) = &mut self.spec {
            set_spec_defaults(spec);
        }
    }

    fn prepare_create(&mut self) {
        self.status.get_or_insert_default().available_replicas.get_or_insert(0);
    }

    const JUDGES_STATUS: bool = true;

    /// Source: `ValidateStatefulSetStatusUpdate`.
    fn validate_status_update(&self, old: &Self) -> Vec<FieldError> {
        let Some(status) = &self.status else { return Vec::new() };
        let path = FieldPath::new("status");
        let mut errors = none_negative(
            &path,
            &[
                ("replicas", Some(status.replicas.into())),
                ("readyReplicas", status.ready_replicas.map(Into::into)),
                ("currentReplicas", status.current_replicas.map(Into::into)),
                ("updatedReplicas", status.updated_replicas.map(Into::into)),
                ("availableReplicas", status.available_replicas.map(Into::into)),
                ("observedGeneration", status.observed_generation),
                ("collisionCount", status.collision_count.map(Into::into)),
            ],
        );
        let available = ("availableReplicas", status.available_replicas);
        let parts = [
            ("readyReplicas", status.ready_replicas),
            ("currentReplicas", status.current_replicas),
            ("updatedReplicas", status.updated_replicas),
            available,
        ];
        errors.extend(none_above(&path, &parts, Some(status.replicas), OF_REPLICAS));
        let detail = "cannot be greater than status.readyReplicas";
        errors.extend(none_above(&path, &[available], status.ready_replicas, detail));
        let before = old.status.as_ref().and_then(|status| status.collision_count);
        errors.extend(decremented(status.collision_count, before));
        errors
    }

    fn warnings(&self, old: Option<&Self>) -> Vec<String> {
        let template = self.spec.as_ref().map(|spec| &spec.template);
        let old = old.map(|old| &old.metadata);
        let mut warnings = warn::of_replicated(&self.metadata, old, template);
        if !warn::wants_anew(&self.metadata, old) {
            return warnings;
        }
        let claims = self.spec.iter().flat_map(|spec| spec.volume_claim_templates.iter().flatten());
        for (index, claim) in claims.enumerate() {
            let path = FieldPath::new("spec").child("volumeClaimTemplates").index(index).child("Spec");
            warnings.extend(claim.spec.as_ref().and_then(|spec| warn::of_claim_spec(spec, &path)));
        }
        if self.spec.as_ref().and_then(|spec| spec.revision_history_limit).is_some_and(|limit| limit < 0) {
            let text = "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended";
            warnings.push(text.to_owned());
        }
        warnings
    }

    fn validate(&self) -> Vec<FieldError> {
        given(self.spec.as_ref(), |spec| validate_stateful_set_spec(spec, &FieldPath::new("spec")))
    }

    fn validate_update(&self, old: &Self) -> Vec<FieldError> {
        let mut errors = self.validate();
        if let (Some(new), Some(old)) = (&self.spec, &old.spec)
            && changes_forbidden(new, old)
        {
            errors.push(FieldError::forbidden(&FieldPath::new("spec"), ONLY));
        }
        errors
    }
}

fn set_spec_defaults(spec: &mut StatefulSetSpec) {
    spec.pod_management_policy.fill("OrderedReady");
    let strategy = spec.update_strategy.get_or_insert_default();
    let is_new = strategy.type_.text().is_empty();
    strategy.type_.fill(ROLLING);
    if strategy.type_.text() == ROLLING {
        if is_new {
            strategy.rolling_update.get_or_insert_default();
        }
        if let Some(rolling) = &mut strategy.rolling_update {
            rolling.partition.get_or_insert(0);
        }
    }
    let retention = spec.persistent_volume_claim_retention_policy.get_or_insert_default();
    retention.when_deleted.fill(RETAIN);
    retention.when_scaled.fill(RETAIN);
    spec.replicas.get_or_insert(1);
    spec.revision_history_limit.get_or_insert(10);
    spec.volume_claim_templates.items_mut().iter_mut().for_each(set_claim_defaults);
    set_template_defaults(&mut spec.template);
}

/// Pods get their volumes from the templates of claims, so theirs are judged when they are created.
///
/// Source: `ValidateStatefulSetSpec`.
fn validate_stateful_set_spec(spec: &StatefulSetSpec, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let here = path.child("podManagementPolicy");
    match spec.pod_management_policy.text() {
        "OrderedReady" | "Parallel" => {}
        "" => errors.push(FieldError::required(&here, "")),
        other => errors.push(FieldError::invalid(&here, other, "must be 'OrderedReady' or 'Parallel'")),
    }
    errors.extend(given(spec.update_strategy.as_ref(), |strategy| {
        validate_strategy(strategy, &path.child("updateStrategy"))
    }));
    if let Some(retention) = &spec.persistent_volume_claim_retention_policy {
        let path = path.child("persistentVolumeClaimRetentionPolicy");
        let policies = [("whenDeleted", &retention.when_deleted), ("whenScaled", &retention.when_scaled)];
        for (field, policy) in policies {
            errors.extend(supported(policy.text(), &[RETAIN, "Delete"], &path.child(field)));
        }
    }
    errors.extend(nonnegative(spec.replicas, path, "replicas"));
    errors.extend(nonnegative(spec.min_ready_seconds, path, "minReadySeconds"));
    if let Some(ordinals) = &spec.ordinals {
        errors.extend(nonnegative(ordinals.start, &path.child("ordinals"), "start"));
    }
    let service = spec.service_name.text();
    if !service.is_empty() {
        errors.extend(dns_label(service, &path.child("serviceName")));
    }
    let selector = given_selector(&spec.selector);
    let empty = "empty selector is invalid for statefulset";
    errors.extend(validate_pod_selector(selector, empty, &path.child("selector")));
    let here = path;
    let path = path.child("template");
    errors.extend(with_selector_that_reads(selector, "", here, || {
        let mut errors: Vec<FieldError> = unselected(&spec.template, selector, &path).into_iter().collect();
        errors.extend(validate_template_metadata(&spec.template, &path));
        errors
    }));
    errors.extend(validate_endless(&spec.template, "StatefulSet", &path));
    errors
}

fn validate_strategy(strategy: &StatefulSetUpdateStrategy, path: &FieldPath) -> Vec<FieldError> {
    let here = path.child("rollingUpdate");
    let mut errors = Vec::new();
    match (strategy.type_.text(), &strategy.rolling_update) {
        ("", _) => errors.push(FieldError::required(path, "")),
        ("OnDelete", Some(rolling)) => {
            let detail = "only allowed for updateStrategy 'RollingUpdate'";
            errors.push(FieldError::invalid(&here, ShownAsJson(rolling), detail));
        }
        ("OnDelete" | ROLLING, None) => {}
        (ROLLING, Some(rolling)) => {
            errors.extend(nonnegative(rolling.partition, &here, "partition"));
            if let Some(count) = &rolling.max_unavailable {
                let here = here.child("maxUnavailable");
                errors.extend(validate_count(count, &here));
                if is_zero(Some(count)) {
                    errors.push(super::rollout::invalid_count(&here, Some(count), "cannot be 0"));
                }
                errors.extend(more_than_all(count, &here));
            }
        }
        _ => {
            let detail = "must be 'RollingUpdate' or 'OnDelete'";
            errors.push(FieldError::invalid(path, ShownAsJson(strategy), detail));
        }
    }
    errors
}

/// Whether more changes than may change.
fn changes_forbidden(new: &StatefulSetSpec, old: &StatefulSetSpec) -> bool {
    let allowed = StatefulSetSpec {
        min_ready_seconds: new.min_ready_seconds,
        ordinals: new.ordinals.clone(),
        persistent_volume_claim_retention_policy: new.persistent_volume_claim_retention_policy.clone(),
        replicas: new.replicas,
        revision_history_limit: new.revision_history_limit,
        template: new.template.clone(),
        update_strategy: new.update_strategy.clone(),
        ..old.clone()
    };
    allowed != *new
}

const ROLLING: &str = "RollingUpdate";
const RETAIN: &str = "Retain";
const ONLY: &str = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
