//! Pods.

use super::{Coded, SelectableField, Stored, Strategy};
use crate::service::Subresource;
use kube_core::error::{ApiError, FieldError};
use kube_core::names::NameRule;
use kube_core::pod_resources::{PodResources, qos_class};
use serde::Deserialize;
use serde_json::{Value, json};

/// The strategy of pods: typed rules, grace, the fields that the scheduler and nodes select by.
///
/// Source: `k8s.io/kubernetes/pkg/registry/core/pod` (`podStrategy`).
#[derive(Debug)]
pub struct PodStrategy(Coded);

impl PodStrategy {
    /// Pods with these rules of their type.
    pub fn new(coded: Coded) -> Self {
        Self(coded.selectable(FIELDS))
    }
}

/// Seconds of grace of a pod that asks for none.
const DEFAULT_GRACE: i64 = 30;

const FIELDS: &[SelectableField] = &[
    SelectableField::new("spec.nodeName"),
    SelectableField::new("spec.restartPolicy"),
    SelectableField::new("spec.schedulerName"),
    SelectableField::new("spec.serviceAccountName"),
    SelectableField::new("spec.hostNetwork").or("false"),
    SelectableField::new("status.phase"),
    SelectableField::new("status.podIP"),
    SelectableField::new("status.nominatedNodeName"),
];

fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

impl Strategy for PodStrategy {
    fn set_defaults(&self, object: &mut Value) -> Result<(), ApiError> {
        self.0.set_defaults(object)
    }

    fn prepare_create(&self, object: &mut Value) {
        // What does not read as resources has been refused before.
        let resources = PodResources::deserialize(&*object).unwrap_or_default();
        object["status"] = json!({"phase": "Pending", "qosClass": qos_class(&resources).as_str()});
    }

    fn validate(&self, object: &Value) -> Result<Vec<FieldError>, ApiError> {
        self.0.validate(object)
    }

    fn validate_update(
        &self,
        old: Stored<'_>,
        new: &Value,
        subresource: Subresource,
    ) -> Result<Vec<FieldError>, ApiError> {
        self.0.validate_update(old, new, subresource)
    }

    fn admit_create(&self, object: &mut Value) -> Result<Vec<FieldError>, ApiError> {
        let errors = self.0.admit_create(object)?;
        self.prepare_create(object);
        Ok(errors)
    }

    fn admit_update(
        &self,
        old: Stored<'_>,
        new: &mut Value,
        subresource: Subresource,
    ) -> Result<Vec<FieldError>, ApiError> {
        self.0.admit_update(old, new, subresource)
    }

    fn name_rule(&self) -> NameRule {
        self.0.name_rule()
    }

    fn selectable_fields(&self) -> &[SelectableField] {
        self.0.selectable_fields()
    }

    /// Source: `podStrategy.CheckGracefulDelete`.
    fn grace(&self, pod: &Value, asked: Option<i64>) -> Option<i64> {
        let wanted = pod.pointer("/spec/terminationGracePeriodSeconds").and_then(Value::as_i64);
        let seconds = match asked.or(wanted).unwrap_or(DEFAULT_GRACE) {
            negative if negative < 0 => 1,
            seconds => seconds,
        };
        let idle = text(pod, "/spec/nodeName").is_empty()
            || matches!(text(pod, "/status/phase"), "Failed" | "Succeeded");
        Some(if idle { 0 } else { seconds })
    }
}
