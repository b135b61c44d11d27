//! Ingress classes.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/networking/v1` (`SetDefaults_IngressClass`), `pkg/apis/networking/validation`
//! (`ValidateIngressClass`, `ValidateIngressClassUpdate`).

use crate::error::{FieldError, FieldPath};
use crate::kinds::networking::v1::{IngressClass, IngressClassParametersReference, IngressClassSpec};
use crate::names::{is_domain_prefixed_path, is_path_segment_name, validate_namespace_name};
use crate::validate::Kind;
use crate::validate::fields::{Text, dns_subdomain, given, invalid, name};
use crate::validate::meta::validate_immutable_field;

const CONTROLLER_MAX_LENGTH: usize = 250;
const CLUSTER: &str = "Cluster";
const NAMESPACE: &str = "Namespace";

impl Kind for IngressClass {
    fn set_defaults(&mut self) {
        if let Some(parameters) = self.spec.as_mut().and_then(|spec| spec.parameters.as_mut()) {
            parameters.scope.get_or_insert_with(|| CLUSTER.to_owned());
        }
    }

    fn validate(&self) -> Vec<FieldError> {
        given(self.spec.as_ref(), |spec| validate_spec(spec, &FieldPath::new("spec")))
    }

    fn validate_update(&self, old: &Self) -> Vec<FieldError> {
        let controller = |class: &Self| {
            class.spec.as_ref().map(|spec| spec.controller.text().to_owned()).unwrap_or_default()
        };
        let path = FieldPath::new("spec").child("controller");
        let mut errors: Vec<FieldError> =
            validate_immutable_field(&*controller(self), &&*controller(old), &path).into_iter().collect();
        errors.extend(self.validate());
        errors
    }
}

fn validate_spec(spec: &IngressClassSpec, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let (controller, here) = (spec.controller.text(), path.child("controller"));
    if controller.is_empty() {
        errors.push(FieldError::required(&here, ""));
    } else {
        if controller.len() > CONTROLLER_MAX_LENGTH {
            errors.push(FieldError::too_long(&here, CONTROLLER_MAX_LENGTH));
        }
        errors.extend(is_domain_prefixed_path(&here, controller));
    }
    if let Some(parameters) = &spec.parameters {
        errors.extend(validate_parameters(parameters, &path.child("parameters")));
    }
    errors
}

/// Source: `validateIngressClassParametersReference`.
fn validate_parameters(parameters: &IngressClassParametersReference, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Some(group) = &parameters.api_group {
        errors.extend(dns_subdomain(group, &path.child("apiGroup")));
    }
    errors.extend(required_segment(&parameters.kind, &path.child("kind")));
    errors.extend(required_segment(&parameters.name, &path.child("name")));
    let Some(scope) = parameters.scope.as_deref() else {
        errors.push(FieldError::required(&path.child("scope"), ""));
        return errors;
    };
    let here = path.child("namespace");
    match (scope, parameters.namespace.as_deref()) {
        (NAMESPACE, None) => {
            errors.push(FieldError::required(&here, "`parameters.scope` is set to 'Namespace'"));
        }
        (NAMESPACE, Some(namespace)) => errors.extend(name(namespace, validate_namespace_name, &here)),
        (CLUSTER, Some(_)) => {
            errors.push(FieldError::forbidden(&here, "`parameters.scope` is set to 'Cluster'"));
        }
        (CLUSTER, None) => {}
        _ => errors.push(FieldError::not_supported(&path.child("scope"), scope, &[CLUSTER, NAMESPACE])),
    }
    errors
}

/// What is wrong with a text that must be there and stand in a path.
pub(super) fn required_segment(value: &str, path: &FieldPath) -> Vec<FieldError> {
    if value.is_empty() {
        return vec![FieldError::required(path, "")];
    }
    invalid(path, value, is_path_segment_name(value)).collect()
}
