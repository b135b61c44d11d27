//! Templates of pods that stand alone.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/validation` (`ValidatePodTemplate`).

use crate::error::{FieldError, FieldPath};
use crate::kinds::core::v1::PodTemplate;
use crate::validate::Kind;
use crate::validate::apps::{set_template_defaults, validate_pod_template};
use crate::validate::fields::given;

impl Kind for PodTemplate {
    fn set_defaults(&mut self) {
        if let Some(template) = &mut self.template {
            set_template_defaults(template);
        }
    }

    fn validate(&self) -> Vec<FieldError> {
        given(self.template.as_ref(), |template| validate_pod_template(template, &FieldPath::new("template")))
    }
}
