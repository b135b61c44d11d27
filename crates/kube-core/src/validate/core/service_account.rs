//! Service accounts.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/validation` (`ValidateServiceAccount`).

use crate::kinds::core::v1::{ObjectReference, ServiceAccount};
use crate::names::{NameRule, validate_service_account_name};
use crate::validate::{Kind, warn};

impl Kind for ServiceAccount {
    const AS_IT_IS: bool = true;

    fn name_rule() -> NameRule {
        validate_service_account_name
    }

    fn prepare_create(&mut self) {
        keep_names(self);
    }

    fn prepare_update(&mut self, _old: &Self) {
        keep_names(self);
    }

    fn warnings(&self, old: Option<&Self>) -> Vec<String> {
        warn::of_service_account(self, old).into_iter().collect()
    }
}

/// An account names its secrets: nothing else of the references is kept.
///
/// Source: `cleanSecretReferences` of `k8s.io/kubernetes/pkg/registry/core/serviceaccount`.
fn keep_names(account: &mut ServiceAccount) {
    for secret in account.secrets.iter_mut().flatten() {
        *secret = ObjectReference { name: secret.name.take(), ..ObjectReference::default() };
    }
}
