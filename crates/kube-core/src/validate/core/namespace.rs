//! Namespaces. Only `finalize` changes their finalizers, which is the business of what stores them.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/v1` (`SetDefaults_Namespace`), `pkg/apis/core/validation`
//! (`ValidateNamespace`).

use crate::error::{FieldError, FieldPath};
use crate::kinds::core::v1::{Namespace, NamespaceStatus};
use crate::names::{NameRule, validate_finalizer_name, validate_namespace_name};
use crate::validate::Kind;
use crate::validate::fields::{Items, Text};
use crate::validate::finalizers::validate_kube_finalizer;

impl Kind for Namespace {
    const AS_IT_IS: bool = true;

    fn drop_status(&mut self) {
        self.status = None;
    }

    fn append_status(&self, json: &mut Vec<u8>) -> Result<bool, serde_json::Error> {
        serde_json::to_writer(json, &self.status).map(|()| true)
    }

    fn name_rule() -> NameRule {
        validate_namespace_name
    }

    fn set_defaults(&mut self) {
        // One that is yet to be named is labelled later.
        if let Some(name) = self.metadata.name.clone().filter(|name| !name.is_empty()) {
            self.metadata.labels.get_or_insert_default().insert(NAME_LABEL.to_owned(), name);
        }
    }

    /// Source: `namespaceStrategy.PrepareForCreate`.
    fn prepare_create(&mut self) {
        self.status =
            Some(NamespaceStatus { phase: Some("Active".to_owned()), ..NamespaceStatus::default() });
        let finalizers = self.spec.get_or_insert_default().finalizers.get_or_insert_default();
        if !finalizers.iter().any(|name| name == KUBERNETES) {
            finalizers.push(KUBERNETES.to_owned());
        }
    }

    /// Finalizers are given up through the subresource `finalize` only.
    ///
    /// Source: `namespaceStrategy.PrepareForUpdate`.
    fn prepare_update(&mut self, old: &Self) {
        self.spec.clone_from(&old.spec);
    }

    const JUDGES_STATUS: bool = true;

    /// Source: `ValidateNamespaceStatusUpdate`.
    fn validate_status_update(&self, _old: &Self) -> Vec<FieldError> {
        let phase = self.status.as_ref().map_or("", |status| status.phase.text());
        let (expected, state) = match self.metadata.deletion_timestamp {
            None => ("Active", "empty"),
            Some(_) => ("Terminating", "not empty"),
        };
        if phase == expected {
            return Vec::new();
        }
        let detail = format!("may only be '{expected}' if `deletionTimestamp` is {state}");
        vec![FieldError::invalid(&FieldPath::new("status").child("Phase"), phase, detail)]
    }

    fn validate(&self) -> Vec<FieldError> {
        let path = FieldPath::new("spec").child("finalizers");
        let names = self.spec.as_ref().map_or(&[][..], |spec| spec.finalizers.items());
        let judge = |name: &String| {
            let mut errors = validate_finalizer_name(name, &path);
            errors.extend(validate_kube_finalizer(name, || path.clone()));
            errors
        };
        names.iter().flat_map(judge).collect()
    }

    fn validate_update(&self, _old: &Self) -> Vec<FieldError> {
        Vec::new()
    }
}

/// The finalizer of whoever empties a namespace before it goes.
const KUBERNETES: &str = "kubernetes";
/// The label that every namespace has: its own name.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";
