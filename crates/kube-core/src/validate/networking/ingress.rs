//! Ingresses.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/networking/validation` (`ValidateIngressCreate`, `ValidateIngressUpdate`),
//! `pkg/registry/networking/ingress`.

use super::ingress_class::required_segment;
use crate::error::{FieldError, FieldPath, ShownAsJson};
use crate::kinds::core::v1::TypedLocalObjectReference;
use crate::kinds::networking::v1::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressLoadBalancerIngress, IngressRule,
    IngressServiceBackend, IngressSpec, IngressTLS,
};
use crate::names::{
    is_dns1123_subdomain, is_legacy_ip, is_valid_port_name, is_valid_port_num, is_wildcard_dns1123_subdomain,
    name_is_dns_label, name_is_dns_subdomain,
};
use crate::validate::Kind;
use crate::validate::core::{validate_hostname, validate_ip};
use crate::validate::fields::{Items, Text, dns_subdomain, given, invalid, name};

const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";
const BAD_SEQUENCES: [&str; 5] = ["//", "/./", "/../", "%2f", "%2F"];
const BAD_SUFFIXES: [&str; 2] = ["/..", "/."];

impl Kind for Ingress {
    fn prepare_create(&mut self) {
        self.status.get_or_insert_default().load_balancer.get_or_insert_default();
    }

    const JUDGES_STATUS: bool = true;

    /// Source: `ValidateIngressStatusUpdate`.
    fn validate_status_update(&self, old: &Self) -> Vec<FieldError> {
        let known: Vec<&str> = addresses(old).iter().map(|address| address.ip.text()).collect();
        let path = FieldPath::new("status").child("loadBalancer").child("ingress");
        let mut errors = Vec::new();
        for (index, address) in addresses(self).iter().enumerate() {
            let path = path.index(index);
            errors.extend(validate_ip(address.ip.text(), &known, &path));
            errors.extend(validate_hostname(address.hostname.text(), &path));
        }
        errors
    }

    fn warnings(&self, old: Option<&Self>) -> Vec<String> {
        let there = self.metadata.annotations.as_ref().is_some_and(|a| a.contains_key(CLASS_ANNOTATION));
        let text = || {
            format!(
                "annotation {CLASS_ANNOTATION:?} is deprecated, please use 'spec.ingressClassName' instead"
            )
        };
        (there && old.is_none()).then(text).into_iter().collect()
    }

    fn validate(&self) -> Vec<FieldError> {
        let path = FieldPath::new("spec");
        let mut errors = given(self.spec.as_ref(), |spec| validate_spec(spec, Tolerated::default(), &path));
        errors.extend(other_class(self));
        errors
    }

    fn validate_update(&self, old: &Self) -> Vec<FieldError> {
        let tolerated = given(old.spec.as_ref(), Tolerated::of);
        given(self.spec.as_ref(), |spec| validate_spec(spec, tolerated, &FieldPath::new("spec")))
    }
}

/// What is let pass because the stored object has it.
#[derive(Clone, Copy, Default)]
struct Tolerated {
    secret_names: bool,
    wildcard_rules: bool,
}

impl Tolerated {
    fn of(old: &IngressSpec) -> Self {
        let root = FieldPath::root();
        let wrong_rule = |rule: &IngressRule| {
            rule.host.text().contains('*')
                && rule.http.as_ref().is_some_and(|http| !validate_http(http, &root).is_empty())
        };
        Self {
            secret_names: old.tls.items().iter().any(|tls| !validate_secret_name(tls, &root).is_empty()),
            wildcard_rules: old.rules.items().iter().any(wrong_rule),
        }
    }
}

/// Two names of a class must be the same.
fn other_class(ingress: &Ingress) -> Option<FieldError> {
    let annotation = ingress.metadata.annotations.as_ref()?.get(CLASS_ANNOTATION)?;
    let class = ingress.spec.as_ref()?.ingress_class_name.as_ref()?;
    let path = FieldPath::new("annotations").child(CLASS_ANNOTATION);
    let detail = "must match `ingressClassName` when both are specified";
    (annotation != class).then(|| FieldError::invalid(&path, annotation, detail))
}

fn validate_spec(spec: &IngressSpec, tolerated: Tolerated, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let rules = spec.rules.items();
    if rules.is_empty() && spec.default_backend.is_none() {
        let detail = "either `defaultBackend` or `rules` must be specified";
        errors.push(FieldError::invalid(path, ShownAsJson(&spec.rules), detail));
    }
    if let Some(backend) = &spec.default_backend {
        errors.extend(validate_backend(backend, &path.child("defaultBackend")));
    }
    for (index, rule) in rules.iter().enumerate() {
        errors.extend(validate_rule(rule, tolerated, &path.child("rules").index(index)));
    }
    for (index, tls) in spec.tls.items().iter().enumerate() {
        errors.extend(validate_tls(tls, tolerated, &path.child("tls").index(index)));
    }
    if let Some(class) = &spec.ingress_class_name {
        errors.extend(name(class, name_is_dns_subdomain, &path.child("ingressClassName")));
    }
    errors
}

fn validate_rule(rule: &IngressRule, tolerated: Tolerated, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let (host, here) = (rule.host.text(), path.child("host"));
    if !host.is_empty() {
        if is_legacy_ip(host) {
            errors.push(FieldError::invalid(&here, host, "must be a DNS name, not an IP address"));
        }
        errors.extend(validate_host(host, &here));
    }
    if !(tolerated.wildcard_rules && host.contains('*'))
        && let Some(http) = &rule.http
    {
        errors.extend(validate_http(http, &path.child("http")));
    }
    errors
}

fn validate_host(host: &str, path: &FieldPath) -> impl Iterator<Item = FieldError> {
    let complaints =
        if host.contains('*') { is_wildcard_dns1123_subdomain(host) } else { is_dns1123_subdomain(host) };
    invalid(path, host, complaints)
}

fn validate_tls(tls: &IngressTLS, tolerated: Tolerated, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (index, host) in tls.hosts.items().iter().enumerate() {
        errors.extend(validate_host(host, &path.child("hosts").index(index)));
    }
    if !tolerated.secret_names {
        errors.extend(validate_secret_name(tls, &path.child("secretName")));
    }
    errors
}

fn validate_secret_name(tls: &IngressTLS, path: &FieldPath) -> Vec<FieldError> {
    match tls.secret_name.text() {
        "" => Vec::new(),
        secret => name(secret, name_is_dns_subdomain, path),
    }
}

fn validate_http(http: &HTTPIngressRuleValue, path: &FieldPath) -> Vec<FieldError> {
    let path = path.child("paths");
    let mut errors = Vec::new();
    if http.paths.is_empty() {
        errors.push(FieldError::required(&path, ""));
    }
    for (index, http_path) in http.paths.iter().enumerate() {
        errors.extend(validate_path(http_path, &path.index(index)));
    }
    errors
}

/// Source: `validateHTTPIngressPath`.
fn validate_path(http: &HTTPIngressPath, path: &FieldPath) -> Vec<FieldError> {
    let (value, here) = (http.path.text(), path.child("path"));
    let wrong = |detail: String| FieldError::invalid(&here, value, detail);
    let mut errors = Vec::new();
    // The type has no word for a missing one.
    let is_exact = matches!(http.path_type.as_str(), "Exact" | "Prefix");
    match http.path_type.as_str() {
        "" => return vec![FieldError::required(&path.child("pathType"), "pathType must be specified")],
        "Exact" | "Prefix" | "ImplementationSpecific" => {
            if !value.starts_with('/') && (is_exact || !value.is_empty()) {
                errors.push(wrong("must be an absolute path".to_owned()));
            }
        }
        other => {
            let valid = ["Exact", "ImplementationSpecific", "Prefix"];
            errors.push(FieldError::not_supported(&path.child("pathType"), other, &valid));
        }
    }
    if is_exact {
        let inside = BAD_SEQUENCES.iter().filter(|bad| value.contains(**bad));
        errors.extend(inside.map(|bad| wrong(format!("must not contain '{bad}'"))));
        let at_end = BAD_SUFFIXES.iter().filter(|bad| value.ends_with(**bad));
        errors.extend(at_end.map(|bad| wrong(format!("cannot end with '{bad}'"))));
    }
    errors.extend(validate_backend(&http.backend, &path.child("backend")));
    errors
}

/// Source: `validateIngressBackend`.
fn validate_backend(backend: &IngressBackend, path: &FieldPath) -> Vec<FieldError> {
    let detail = match (&backend.resource, &backend.service) {
        (Some(resource), None) => return validate_resource(resource, &path.child("resource")),
        (None, Some(service)) => return validate_service(service, path),
        (Some(_), Some(_)) => "cannot set both resource and service backends",
        (None, None) => "resource or service backend is required",
    };
    vec![FieldError::invalid(path, "", detail)]
}

fn validate_service(service: &IngressServiceBackend, path: &FieldPath) -> Vec<FieldError> {
    let here = path.child("service");
    let mut errors = Vec::new();
    if service.name.is_empty() {
        errors.push(FieldError::required(&here.child("name"), ""));
    } else {
        errors.extend(name(&service.name, name_is_dns_label, &here.child("name")));
    }
    let port = service.port.clone().unwrap_or_default();
    let here = here.child("port");
    match (port.name.text(), port.number.unwrap_or_default()) {
        ("", 0) => errors.push(FieldError::required(path, "port name or number is required")),
        ("", number) => {
            errors.extend(invalid(&here.child("number"), number, is_valid_port_num(number.into())));
        }
        (port, 0) => errors.extend(invalid(&here.child("name"), port, is_valid_port_name(port))),
        _ => errors.push(FieldError::invalid(path, "", "cannot set both port name & port number")),
    }
    errors
}

/// Source: `validateIngressTypedLocalObjectReference`.
fn validate_resource(resource: &TypedLocalObjectReference, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Some(group) = &resource.api_group {
        errors.extend(dns_subdomain(group, &path.child("apiGroup")));
    }
    errors.extend(required_segment(&resource.kind, &path.child("kind")));
    errors.extend(required_segment(&resource.name, &path.child("name")));
    errors
}

/// Where the ingress is reached.
fn addresses(ingress: &Ingress) -> &[IngressLoadBalancerIngress] {
    let balancer = ingress.status.as_ref().and_then(|status| status.load_balancer.as_ref());
    balancer.map_or(&[], |balancer| balancer.ingress.items())
}
