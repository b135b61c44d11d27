//! Leases.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/coordination/validation` (`ValidateLease`).

use crate::error::{FieldError, FieldPath};
use crate::kinds::coordination::v1::{Lease, LeaseSpec};
use crate::validate::Kind;
use crate::validate::fields::{NEGATIVE, given};

impl Kind for Lease {
    const AS_IT_IS: bool = true;

    /// Without the gate `CoordinatedLeaderElection`, which is closed by default, its fields are dropped.
    fn set_defaults(&mut self) {
        let spec = self.spec.get_or_insert_default();
        spec.strategy = None;
        spec.preferred_holder = None;
    }

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
    errors
}
