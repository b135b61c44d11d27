//! The kinds of the group `admissionregistration.k8s.io`.

use super::Kind;
use crate::kinds::admissionregistration::v1::{
    MutatingWebhookConfiguration, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
    ValidatingWebhookConfiguration,
};

impl Kind for MutatingWebhookConfiguration {}
impl Kind for ValidatingAdmissionPolicy {}
impl Kind for ValidatingAdmissionPolicyBinding {}
impl Kind for ValidatingWebhookConfiguration {}
