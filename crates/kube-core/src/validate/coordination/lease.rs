//! Leases.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/coordination/validation` (`ValidateLease`).

use crate::error::{FieldError, FieldPath};
use crate::kinds::coordination::v1::{Lease, LeaseSpec};
use crate::validate::Kind;
use crate::validate::fields::{NEGATIVE, Text, given, qualified_name};

impl Kind for Lease {
    fn validate(&self) -> Vec<FieldError> {
        given(self.spec.as_ref(), |spec| validate_lease_spec(spec, &FieldPath::new("spec")))
    }
}

fn validate_lease_spec(spec: &LeaseSpec, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Some(seconds) = spec.lease_duration_seconds.filter(|&seconds| seconds <= 0) {
        let path = path.child("leaseDurationSeconds");
        errors.push(FieldError::invalid(&path, seconds, "must be greater than 0"));
    }
    if let Some(count) = spec.lease_transitions.filter(|&count| count < 0) {
        errors.push(FieldError::invalid(&path.child("leaseTransitions"), count, NEGATIVE));
    }
    if let Some(strategy) = spec.strategy.as_deref() {
        let here = path.child("strategy");
        if !strategy.contains('/') && strategy != "OldestEmulationVersion" {
            let supported = &["OldestEmulationVersion"];
            errors.push(FieldError::not_supported(&here, strategy, supported));
        } else {
            errors.extend(qualified_name(strategy, &here));
        }
    }
    if !spec.preferred_holder.text().is_empty() && spec.strategy.text().is_empty() {
        let detail = "may only be specified if `strategy` is defined";
        errors.push(FieldError::forbidden(&path.child("preferredHolder"), detail));
    }
    errors
}
