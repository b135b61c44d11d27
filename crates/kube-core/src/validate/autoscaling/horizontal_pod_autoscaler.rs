//! Horizontal pod autoscalers.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/autoscaling/v2` (`SetDefaults_HorizontalPodAutoscaler`),
//! `pkg/apis/autoscaling/validation` (`ValidateHorizontalPodAutoscaler`, `ValidateHorizontalPodAutoscalerUpdate`),
//! `pkg/registry/autoscaling/horizontalpodautoscaler`.

use super::behavior::{set_behavior_defaults, validate_behavior};
use super::metrics::{OBJECT, default_metric, validate_metrics};
use super::reference::{ApiVersion, validate_reference, wrong_api_version};
use crate::error::{FieldError, FieldPath};
use crate::kinds::autoscaling::v2::{HorizontalPodAutoscaler, HorizontalPodAutoscalerSpec};
use crate::validate::Kind;
use crate::validate::counts::none_negative;
use crate::validate::fields::Items;

impl Kind for HorizontalPodAutoscaler {
    fn set_defaults(&mut self) {
        let spec = &mut self.spec;
        spec.min_replicas.get_or_insert(1);
        if spec.metrics.items().is_empty() {
            spec.metrics = Some(vec![default_metric()]);
        }
        if let Some(behavior) = &mut spec.behavior {
            set_behavior_defaults(behavior);
        }
    }

    fn prepare_create(&mut self) {
        self.status.get_or_insert_default();
    }

    const JUDGES_STATUS: bool = true;

    /// Source: `ValidateHorizontalPodAutoscalerStatusUpdate`.
    fn validate_status_update(&self, _old: &Self) -> Vec<FieldError> {
        let Some(status) = &self.status else { return Vec::new() };
        let counts = [
            ("currentReplicas", status.current_replicas.map(Into::into)),
            ("desiredReplicas", Some(status.desired_replicas.into())),
        ];
        none_negative(&FieldPath::new("status"), &counts)
    }

    fn validate(&self) -> Vec<FieldError> {
        validate_spec(&self.spec, None)
    }

    fn validate_update(&self, old: &Self) -> Vec<FieldError> {
        validate_spec(&self.spec, Some(&old.spec))
    }
}

/// What is let pass: scaling to zero where it was wanted before, versions that have not changed.
///
/// Source: `validationOptionsForHorizontalPodAutoscaler`.
fn validate_spec(
    spec: &HorizontalPodAutoscalerSpec,
    old: Option<&HorizontalPodAutoscalerSpec>,
) -> Vec<FieldError> {
    let path = FieldPath::new("spec");
    let least = i32::from(old.is_none_or(|old| old.min_replicas != Some(0)));
    let (target, max) = (&spec.scale_target_ref, spec.max_replicas);
    let mut errors = Vec::new();
    if let Some(min) = spec.min_replicas.filter(|&min| min < least) {
        let detail = format!("must be greater than or equal to {least}");
        errors.push(FieldError::invalid(&path.child("minReplicas"), min, detail));
    }
    if max < 1 {
        errors.push(FieldError::required(&path.child("maxReplicas"), "must be set and greater than 0"));
    }
    if spec.min_replicas.is_some_and(|min| max < min) {
        let detail = "must be greater than or equal to `minReplicas`";
        errors.push(FieldError::invalid(&path.child("maxReplicas"), max, detail));
    }
    let kept = |old: &HorizontalPodAutoscalerSpec| {
        (&old.scale_target_ref.api_version, &old.scale_target_ref.kind) == (&target.api_version, &target.kind)
    };
    let version = match target.kind.as_str() {
        _ if old.is_some_and(kept) => ApiVersion::Any,
        "ReplicationController" => ApiVersion::Valid,
        _ => ApiVersion::WithGroup,
    };
    errors.extend(validate_reference(target, version, &path.child("scaleTargetRef")));
    let version = if old.is_some_and(has_wrong_object) { ApiVersion::Any } else { ApiVersion::Valid };
    errors.extend(validate_metrics(
        spec.metrics.items(),
        version,
        spec.min_replicas == Some(0),
        &path.child("metrics"),
    ));
    if let Some(behavior) = &spec.behavior {
        errors.extend(validate_behavior(behavior, &path.child("behavior")));
    }
    errors
}

/// Whether a metric of a stored autoscaler is about an object of a version that cannot be.
fn has_wrong_object(spec: &HorizontalPodAutoscalerSpec) -> bool {
    let metrics = spec.metrics.items().iter().filter(|metric| metric.type_ == OBJECT);
    metrics
        .filter_map(|metric| metric.object.as_ref())
        .any(|object| wrong_api_version(&object.described_object, ApiVersion::Valid).is_some())
}
