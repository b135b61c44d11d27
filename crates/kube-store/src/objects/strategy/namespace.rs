//! Namespaces.

use super::{Coded, SelectableField, Stored, Strategy};
use crate::service::Subresource;
use kube_core::error::{ApiError, FieldError};
use kube_core::names::NameRule;
use serde_json::{Value, json};

/// The strategy of namespaces: a phase, and finalizers in the spec.
///
/// Source: `k8s.io/kubernetes/pkg/registry/core/namespace` (`namespaceStrategy`).
#[derive(Debug)]
pub struct NamespaceStrategy(Coded);

impl NamespaceStrategy {
    /// Namespaces with these rules of their type.
    pub fn new(coded: Coded) -> Self {
        Self(coded.selectable(FIELDS))
    }
}

const FIELDS: &[SelectableField] = &[SelectableField::new("status.phase")];

impl Strategy for NamespaceStrategy {
    fn set_defaults(&self, object: &mut Value) -> Result<(), ApiError> {
        self.0.set_defaults(object)
    }

    fn prepare_create(&self, object: &mut Value) {
        object["status"] = json!({"phase": "Active"});
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
        if subresource == Subresource::Main {
            // Finalizers are given up through `finalize` only.
            new["spec"] = old.value.get("spec").cloned().unwrap_or_default();
        }
        self.0.admit_update(old, new, subresource)
    }

    fn name_rule(&self) -> NameRule {
        self.0.name_rule()
    }

    fn selectable_fields(&self) -> &[SelectableField] {
        self.0.selectable_fields()
    }

    fn begin_deletion(&self, object: &mut Value) {
        object["status"]["phase"] = "Terminating".into();
    }

    fn holds(&self, object: &Value) -> bool {
        let finalizers = object.pointer("/spec/finalizers").and_then(Value::as_array);
        finalizers.is_some_and(|names| !names.is_empty())
    }
}
