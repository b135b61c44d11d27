//! Addresses that are taken, each named by itself.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/networking/validation` (`ValidateIPAddress`).

use crate::error::{FieldError, FieldPath, ShownAsJson};
use crate::kinds::networking::v1::{IPAddress, ParentReference};
use crate::names::{NameRule, is_path_segment_name, is_valid_ip};
use crate::validate::Kind;
use crate::validate::fields::{Text, dns_subdomain};
use crate::validate::meta::FIELD_IMMUTABLE;

impl Kind for IPAddress {
    fn name_rule() -> NameRule {
        |name, _prefix| is_valid_ip(&FieldPath::root(), name).into_iter().map(|error| error.detail).collect()
    }

    fn validate(&self) -> Vec<FieldError> {
        let path = FieldPath::new("spec").child("parentRef");
        validate_parent(&self.spec.parent_ref, &path)
    }

    fn validate_update(&self, old: &Self) -> Vec<FieldError> {
        let (new, old) = (&self.spec.parent_ref, &old.spec.parent_ref);
        if new == old {
            return Vec::new();
        }
        let path = FieldPath::new("spec").child("parentRef");
        vec![FieldError::invalid(&path, ShownAsJson(new), FIELD_IMMUTABLE)]
    }
}

fn validate_parent(parent: &ParentReference, path: &FieldPath) -> Vec<FieldError> {
    if parent.name.is_empty() && parent.resource.is_empty() {
        return vec![FieldError::required(path, "")];
    }
    let mut errors = Vec::new();
    if !parent.group.text().is_empty() {
        errors.extend(dns_subdomain(parent.group.text(), &path.child("group")));
    }
    let parts = [("resource", parent.resource.as_str()), ("name", parent.name.as_str())];
    for (field, value) in parts {
        let path = path.child(field);
        if value.is_empty() {
            errors.push(FieldError::required(&path, ""));
        }
        for detail in is_path_segment_name(value) {
            errors.push(FieldError::invalid(&path, value, detail));
        }
    }
    for detail in is_path_segment_name(parent.namespace.text()) {
        errors.push(FieldError::invalid(&path.child("namespace"), parent.namespace.text(), detail));
    }
    errors
}
