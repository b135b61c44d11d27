//! Service accounts.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/validation` (`ValidateServiceAccount`).

use crate::kinds::core::v1::ServiceAccount;
use crate::names::{NameRule, validate_service_account_name};
use crate::validate::Kind;

impl Kind for ServiceAccount {
    fn name_rule() -> NameRule {
        validate_service_account_name
    }
}
