//! Revisions of controllers.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/apps/validation` (`ValidateControllerRevision`,
//! `ValidateControllerRevisionUpdate`).

use crate::error::{FieldError, FieldPath, ShownAsJson};
use crate::kinds::apps::v1::ControllerRevision;
use crate::validate::Kind;
use crate::validate::meta::{FIELD_IMMUTABLE, validate_nonnegative_field};

impl Kind for ControllerRevision {
    fn validate(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if self.data.is_none() {
            errors.push(FieldError::required(&FieldPath::new("data"), "data is mandatory"));
        }
        errors.extend(validate_nonnegative_field(self.revision, &FieldPath::new("revision")));
        errors
    }

    fn validate_update(&self, old: &Self) -> Vec<FieldError> {
        let mut errors = self.validate();
        if self.data != old.data {
            let path = FieldPath::new("data");
            errors.push(FieldError::invalid(&path, ShownAsJson(&self.data), FIELD_IMMUTABLE));
        }
        errors
    }
}
