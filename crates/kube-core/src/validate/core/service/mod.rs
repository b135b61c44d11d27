//! Services: defaults, rules, what an update keeps and what it may not change.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/v1/defaults.go`, `pkg/apis/core/validation` (`ValidateService`),
//! `pkg/registry/core/service` (`strategy.go`, `storage`).

mod defaults;
mod ips;
mod ports;
mod prepare;
mod status;
#[cfg(test)]
mod tests;
mod traffic;
mod update;

use crate::error::{FieldError, FieldPath};
use crate::kinds::core::v1::{Service, ServiceSpec};
use crate::names::{NameRule, name_is_dns_label};
use crate::validate::Kind;
use crate::validate::fields::{Items, Text, dns_subdomain, given, one_of};
use crate::validate::meta::validate_labels;
use crate::validate::warn;
use jiff::Timestamp;

impl Kind for Service {
    const AS_IT_IS: bool = true;

    fn drop_status(&mut self) {
        self.status = None;
    }

    fn append_status(&self, json: &mut Vec<u8>) -> Result<bool, serde_json::Error> {
        serde_json::to_writer(json, &self.status).map(|()| true)
    }

    fn name_rule() -> NameRule {
        name_is_dns_label
    }

    fn set_defaults(&mut self) {
        defaults::set_service_defaults(self);
    }

    fn prepare_create(&mut self) {
        self.status.get_or_insert_default().load_balancer.get_or_insert_default();
    }

    fn prepare_update(&mut self, old: &Self) {
        if let (Some(new), Some(old)) = (&mut self.spec, &old.spec) {
            prepare::keep_allocated(new, old);
        }
    }

    const JUDGES_STATUS: bool = true;

    fn prepare_status_update(&mut self, old: &Self, _now: Timestamp) {
        status::fill(self, old);
    }

    fn validate_status_update(&self, old: &Self) -> Vec<FieldError> {
        status::validate_status(self, old)
    }

    fn warnings(&self, _old: Option<&Self>) -> Vec<String> {
        warn::of_service(self)
    }

    fn validate(&self) -> Vec<FieldError> {
        let mut errors: Vec<FieldError> = validate_topology_annotations(self).into_iter().collect();
        errors.extend(given(self.spec.as_ref(), |spec| validate_spec(spec, self)));
        errors
    }

    fn validate_update(&self, old: &Self) -> Vec<FieldError> {
        let mut errors = given(self.spec.as_ref(), |new| {
            given(old.spec.as_ref(), |old| update::validate_spec_update(new, old))
        });
        errors.extend(self.validate());
        errors
    }
}

/// The type, which is `ClusterIP` unless it is given.
fn service_type(spec: &ServiceSpec) -> &str {
    spec.type_.as_deref().unwrap_or("ClusterIP")
}

/// Whether clients find the endpoints themselves.
///
/// Source: `isHeadlessService`.
fn is_headless(spec: &ServiceSpec) -> bool {
    matches!(spec.cluster_ips.items(), [only] if only == NONE)
}

/// Whether it can be reached from outside.
///
/// Source: `ExternallyAccessible` of `k8s.io/kubernetes/pkg/api/service`.
fn is_external(spec: &ServiceSpec) -> bool {
    match service_type(spec) {
        "LoadBalancer" | "NodePort" => true,
        "ClusterIP" => !spec.external_ips.items().is_empty(),
        _ => false,
    }
}

/// Whether load balancers ask nodes if they have an endpoint.
///
/// Source: `NeedsHealthCheck` of `k8s.io/kubernetes/pkg/api/service`.
fn needs_health_check(spec: &ServiceSpec) -> bool {
    service_type(spec) == "LoadBalancer" && spec.external_traffic_policy.text() == "Local"
}

/// Source: `ValidateService`.
fn validate_topology_annotations(service: &Service) -> Option<FieldError> {
    let annotations = service.metadata.annotations.as_ref()?;
    let (mode, hints) = (annotations.get(TOPOLOGY_MODE)?, annotations.get(TOPOLOGY_HINTS)?);
    let path = FieldPath::new("metadata").child("annotations").key(TOPOLOGY_MODE);
    let detail = format!("must match annotations[{TOPOLOGY_HINTS}] when both are specified");
    (mode != hints).then(|| FieldError::invalid(&path, mode, detail))
}

fn validate_spec(spec: &ServiceSpec, service: &Service) -> Vec<FieldError> {
    let path = FieldPath::new("spec");
    let sort = service_type(spec);
    let mut errors = Vec::new();
    if spec.ports.items().is_empty() && !is_headless(spec) && sort != "ExternalName" {
        errors.push(FieldError::required(&path.child("ports"), ""));
    }
    errors.extend(validate_type(spec, &path));
    errors.extend(ports::validate_each(spec, &path));
    if let Some(selector) = &spec.selector {
        errors.extend(validate_labels(selector, &path.child("selector")));
    }
    errors.extend(traffic::validate_affinity(spec, &path));
    errors.extend(ips::validate_cluster_ips(spec, &path));
    errors.extend(ips::validate_external_ips(spec, &path));
    errors.extend(one_of(sort, TYPES, &path.child("type")));
    errors.extend(ports::validate_together(spec, &path));
    errors.extend(traffic::validate_load_balancer(spec, &service.metadata, &path));
    errors.extend(traffic::validate_policies(spec, &path));
    errors
}

/// What only some types may have.
fn validate_type(spec: &ServiceSpec, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let sort = service_type(spec);
    if matches!(sort, "LoadBalancer" | "NodePort") && is_headless(spec) {
        let detail = format!("may not be set to 'None' for {sort} services");
        errors.push(FieldError::invalid(&path.child("clusterIPs").index(0), NONE, detail));
    }
    if sort != "ExternalName" {
        return errors;
    }
    let detail = "may not be set for ExternalName services";
    let fields = [
        ("clusterIPs", !spec.cluster_ips.items().is_empty()),
        ("ipFamilies", !spec.ip_families.items().is_empty()),
        ("ipFamilyPolicy", spec.ip_family_policy.is_some()),
    ];
    for (field, _) in fields.into_iter().filter(|(_, set)| *set) {
        errors.push(FieldError::forbidden(&path.child(field), detail));
    }
    // The name may end in a dot, which says that it is whole.
    let name = spec.external_name.text();
    let name = name.strip_suffix('.').unwrap_or(name);
    let path = path.child("externalName");
    if name.is_empty() {
        errors.push(FieldError::required(&path, ""));
    } else {
        errors.extend(dns_subdomain(name, &path));
    }
    errors
}

const NONE: &str = "None";
const TYPES: &[&str] = &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const TOPOLOGY_MODE: &str = "service.kubernetes.io/topology-mode";
const TOPOLOGY_HINTS: &str = "service.kubernetes.io/topology-aware-hints";
