//! What is wrong with the spec of a pod.

use std::collections::BTreeSet;

use super::affinity::validate_affinity;
use super::dns::{validate_dns_config, validate_host_aliases};
use super::resources::validate_pod_resources;
use super::scheduling::{validate_gates, validate_spread_constraints, validate_tolerations};
use super::windows::validate_os;
use crate::error::{FieldError, FieldPath, ShownAsJson};
use crate::kinds::core::v1::{PodResourceClaim, PodSpec};
use crate::names::{name_is_dns_subdomain, validate_service_account_name};
use crate::validate::core::container::{
    Surroundings, validate_containers, validate_ephemeral_containers, validate_init_containers,
};
use crate::validate::core::security::validate_pod_security_context;
use crate::validate::core::volume::validate_volumes;
use crate::validate::core::windows::validate_host_processes;
use crate::validate::fields::{
    Items, Text, dns_label, dns_subdomain, name, one_of, qualified_name, required,
};
use crate::validate::meta::validate_labels;
use crate::validate::resources::validate_overhead;

/// What the spec of a pod is judged for.
#[derive(Clone, Copy, Debug, Default)]
pub(in super::super::super) struct PodRules<'a> {
    /// Whether it is a pod, and no template.
    pub(in super::super::super) is_pod: bool,
    /// The name of the pod; empty in templates.
    pub(in super::super::super) name: &'a str,
}

/// What is wrong with the spec of a pod or a template.
///
/// Source: `ValidatePodSpec`.
pub(in super::super::super) fn validate_pod_spec(
    spec: &PodSpec,
    rules: PodRules<'_>,
    path: &FieldPath,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if spec.termination_grace_period_seconds.is_none() {
        errors.push(FieldError::required(&path.child("terminationGracePeriodSeconds"), ""));
    }
    let (volumes, wrong) = validate_volumes(spec.volumes.items(), rules.name, &path.child("volumes"));
    errors.extend(wrong);
    let claims = spec.resource_claims.items();
    errors.extend(validate_resource_claims(claims, &path.child("resourceClaims")));
    let around = Surroundings {
        volumes,
        claims: claims.iter().map(|claim| claim.name.as_str()).filter(|name| !name.is_empty()).collect(),
        grace: spec.termination_grace_period_seconds,
        restart_policy: spec.restart_policy.text(),
        host_users: spec.host_users != Some(false),
    };
    errors.extend(validate_containers(&spec.containers, &around, &path.child("containers")));
    let init = spec.init_containers.items();
    errors.extend(validate_init_containers(init, &spec.containers, &around, &path.child("initContainers")));
    errors.extend(validate_ephemeral_containers(spec, &around, &path.child("ephemeralContainers")));
    errors.extend(validate_pod_resources(spec, &path.child("resources")));
    errors.extend(validate_host_network(spec, rules, path));
    errors.extend(one_of(spec.restart_policy.text(), RESTART_POLICIES, &path.child("restartPolicy")));
    errors.extend(one_of(spec.dns_policy.text(), DNS_POLICIES, &path.child("dnsPolicy")));
    if let Some(labels) = &spec.node_selector {
        errors.extend(validate_labels(labels, &path.child("nodeSelector")));
    }
    errors.extend(validate_pod_security_context(spec, path));
    if let Some(affinity) = &spec.affinity {
        errors.extend(validate_affinity(affinity, &path.child("affinity")));
    }
    errors.extend(validate_dns_config(spec, &path.child("dnsConfig")));
    for (index, gate) in spec.readiness_gates.items().iter().enumerate() {
        let path = path.child("readinessGates").index(index).child("conditionType");
        errors.extend(qualified_name(&gate.condition_type, &path));
    }
    errors.extend(validate_gates(spec.scheduling_gates.items(), &path.child("schedulingGates")));
    let constraints = spec.topology_spread_constraints.items();
    errors.extend(validate_spread_constraints(constraints, &path.child("topologySpreadConstraints")));
    errors.extend(validate_host_processes(spec, path));
    errors.extend(validate_host_users(spec, path));
    errors.extend(validate_names(spec, path));
    errors.extend(validate_others(spec, path));
    errors
}

fn validate_names(spec: &PodSpec, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let account = spec.service_account_name.text();
    if !account.is_empty() {
        errors.extend(name(account, validate_service_account_name, &path.child("serviceAccountName")));
    }
    let node = spec.node_name.text();
    if !node.is_empty() {
        errors.extend(name(node, name_is_dns_subdomain, &path.child("nodeName")));
    }
    if let Some(seconds) = spec.active_deadline_seconds
        && !(1..=i64::from(i32::MAX)).contains(&seconds)
    {
        let detail = "must be between 1 and 2147483647, inclusive";
        errors.push(FieldError::invalid(&path.child("activeDeadlineSeconds"), seconds, detail));
    }
    for (field, label) in [("hostname", &spec.hostname), ("subdomain", &spec.subdomain)] {
        if !label.text().is_empty() {
            errors.extend(dns_label(label.text(), &path.child(field)));
        }
    }
    errors.extend(validate_hostname_override(spec, path));
    errors
}

/// Source: `validateHostnameOverride` (KEP-4762).
fn validate_hostname_override(spec: &PodSpec, path: &FieldPath) -> Vec<FieldError> {
    let Some(wanted) = spec.hostname_override.as_deref() else { return Vec::new() };
    let here = path.child("hostnameOverride");
    let mut errors = Vec::new();
    if wanted.len() > MAX_HOSTNAME {
        errors.push(FieldError::too_long(&here, MAX_HOSTNAME));
    }
    errors.extend(dns_subdomain(wanted, &here));
    let detail = if spec.host_network == Some(true) {
        "may not be specified when hostNetwork is true"
    } else if spec.set_hostname_as_fqdn == Some(true) {
        "may not be specified when setHostnameAsFQDN is true"
    } else {
        return errors;
    };
    errors.push(FieldError::forbidden(&here, detail));
    errors
}

fn validate_others(spec: &PodSpec, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = validate_tolerations(spec.tolerations.items(), &path.child("tolerations"));
    errors.extend(validate_host_aliases(spec.host_aliases.items(), &path.child("hostAliases")));
    let class = spec.priority_class_name.text();
    if !class.is_empty() {
        errors.extend(name(class, name_is_dns_subdomain, &path.child("priorityClassName")));
    }
    if let Some(class) = spec.runtime_class_name.as_deref() {
        errors.extend(name(class, name_is_dns_subdomain, &path.child("runtimeClassName")));
    }
    if let Some(policy) = spec.preemption_policy.as_deref() {
        errors.extend(one_of(policy, &["PreemptLowerPriority", "Never"], &path.child("preemptionPolicy")));
    }
    if let Some(overhead) = &spec.overhead {
        errors.extend(validate_overhead(overhead, &path.child("overhead")));
    }
    errors.extend(validate_os(spec, path));
    errors
}

/// Source: `validatePodResourceClaims`.
fn validate_resource_claims(claims: &[PodResourceClaim], path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut names = BTreeSet::new();
    for (index, claim) in claims.iter().enumerate() {
        let path = path.index(index);
        errors.extend(required(&claim.name, &path, "name"));
        if !claim.name.is_empty() {
            if names.insert(claim.name.as_str()) {
                errors.extend(dns_label(&claim.name, &path.child("name")));
            } else {
                errors.push(FieldError::duplicate(&path.child("name"), &claim.name));
            }
        }
        let (object, template) = (&claim.resource_claim_name, &claim.resource_claim_template_name);
        let detail = match (object, template) {
            (Some(_), Some(_)) => {
                "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
            }
            (None, None) => "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`",
            _ => "",
        };
        if !detail.is_empty() {
            errors.push(FieldError::invalid(&path, ShownAsJson(claim), detail));
        }
        for (field, value) in [("resourceClaimName", object), ("resourceClaimTemplateName", template)] {
            if let Some(value) = value {
                errors.extend(name(value, name_is_dns_subdomain, &path.child(field)));
            }
        }
    }
    errors
}

/// On the network of the host the port of a container is that of the host. Templates may leave it out.
///
/// Source: `validatePodHostNetworkDeps`.
fn validate_host_network(spec: &PodSpec, rules: PodRules<'_>, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if spec.host_network != Some(true) {
        return errors;
    }
    for (index, container) in spec.containers.iter().enumerate() {
        for (position, port) in container.ports.items().iter().enumerate() {
            let host = port.host_port.unwrap_or_default();
            if (rules.is_pod || host != 0) && host != port.container_port {
                let path = path.child("containers").index(index).child("ports").index(position);
                let detail = "must match `containerPort` when `hostNetwork` is true";
                errors.push(FieldError::invalid(&path.child("hostPort"), host, detail));
            }
        }
    }
    errors
}

/// A pod with users of its own shares nothing else with its host.
///
/// Source: `validateHostUsers`.
fn validate_host_users(spec: &PodSpec, path: &FieldPath) -> Vec<FieldError> {
    if spec.host_users != Some(false) {
        return Vec::new();
    }
    let shared = [("hostNetwork", spec.host_network), ("hostPID", spec.host_pid), ("hostIPC", spec.host_ipc)];
    let shared = shared.into_iter().filter(|(_, set)| *set == Some(true));
    shared.map(|(field, _)| FieldError::forbidden(&path.child(field), "when `hostUsers` is false")).collect()
}

const RESTART_POLICIES: &[&str] = &["Always", "OnFailure", "Never"];
const DNS_POLICIES: &[&str] = &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
const MAX_HOSTNAME: usize = 64;
