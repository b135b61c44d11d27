//! Events of the core group.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/validation` (`events.go`, `legacyValidateEvent`).

use crate::error::{FieldError, FieldPath};
use crate::kinds::core::v1::Event;
use crate::validate::Kind;
use crate::validate::fields::{Text, qualified_name};

impl Kind for Event {
    const AS_IT_IS: bool = true;

    fn validate(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let path = FieldPath::new("involvedObject").child("namespace");
        let (own, of_object) = (self.metadata.namespace.text(), self.involved_object.namespace.text());
        // What has no namespace is told of in the default one.
        let right = if of_object.is_empty() {
            matches!(own, "default" | "kube-system" | "")
        } else {
            own == of_object
        };
        if !right {
            errors.push(FieldError::invalid(&path, of_object, "does not match event.namespace"));
        }
        if self.event_time.is_none() {
            return errors;
        }
        let controller = self.reporting_component.text();
        let path = FieldPath::new("reportingController");
        if controller.is_empty() {
            errors.push(FieldError::required(&path, ""));
        }
        errors.extend(qualified_name(controller, &path));
        for (field, value) in [
            ("reportingInstance", &self.reporting_instance),
            ("action", &self.action),
            ("reason", &self.reason),
        ] {
            if value.text().is_empty() {
                errors.push(FieldError::required(&FieldPath::new(field), ""));
            }
        }
        errors
    }
}
