//! What a node may report of a pod.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/validation` (`ValidatePodStatusUpdate`), `pkg/registry/core/pod`
//! (`podStatusStrategy`).

use std::collections::BTreeSet;
use std::net::IpAddr;

use memchr::memmem;
use serde::Deserialize;
use serde::de::Error;

use super::allocated;
use super::annotations::validate_annotation_updates;
use crate::error::{FieldError, FieldPath, ShownAsJson};
use crate::kinds::core::v1::{
    Container, ContainerState, ContainerStateTerminated, ContainerStatus, HostIP, Pod, PodCondition, PodIP,
    PodOS, PodResourceClaim, PodSpec, PodStatus,
};
use crate::kinds::meta::v1::ObjectMeta;
use crate::names::{
    is_valid_group_id, is_valid_ip, is_valid_ip_for_legacy_field, is_valid_user_id, name_is_dns_subdomain,
};
use crate::validate::fields::{Items, Text, invalid, name, qualified_name};
use crate::validate::meta::FIELD_IMMUTABLE;
use crate::wire::{RawField, Scanned};

/// What is read of the spec of a stored pod: a node reports often, and hardly any of what is stored is looked at.
#[derive(Default)]
struct StoredSpec {
    init_containers: Option<Vec<StoredContainer>>,
    restart_policy: Option<String>,
    resource_claims: Option<Vec<PodResourceClaim>>,
    os: Option<PodOS>,
}

impl StoredSpec {
    /// Finds the fields without parsing the others.
    fn read<'a>(fields: impl Iterator<Item = RawField<'a>>) -> Result<Self, serde_json::Error> {
        let mut spec = Self::default();
        for field in fields {
            match field.name {
                "initContainers" => spec.init_containers = serde_json::from_slice(field.value)?,
                "restartPolicy" => spec.restart_policy = serde_json::from_slice(field.value)?,
                "resourceClaims" => spec.resource_claims = serde_json::from_slice(field.value)?,
                "os" => spec.os = serde_json::from_slice(field.value)?,
                _ => {}
            }
        }
        Ok(spec)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredContainer {
    name: String,
    restart_policy: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct StoredStatus {
    qos_class: Option<String>,
    nominated_node_name: Option<String>,
    #[serde(rename = "podIPs")]
    pod_ips: Option<Vec<PodIP>>,
    container_statuses: Vec<Ended>,
    init_container_statuses: Vec<Ended>,
    ephemeral_container_statuses: Vec<Ended>,
}

/// Up to which version of the spec the status tells of, which few pods have.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct StoredGenerations {
    observed_generation: Option<i64>,
    conditions: Vec<StoredCondition>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct StoredCondition {
    #[serde(rename = "type")]
    kind: String,
    observed_generation: Option<i64>,
}

impl StoredGenerations {
    fn read(status: &[u8]) -> Result<Self, serde_json::Error> {
        if memmem::find(status, b"\"observedGeneration\"").is_some() {
            serde_json::from_slice(status)
        } else {
            Ok(Self::default())
        }
    }
}

/// Whether a container has ended.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Ended {
    name: String,
    state: Option<EndedState>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct EndedState {
    terminated: Option<ContainerStateTerminated>,
}

impl From<Ended> for ContainerStatus {
    fn from(ended: Ended) -> Self {
        let terminated = ended.state.and_then(|state| state.terminated);
        let state = terminated
            .map(|terminated| ContainerState { terminated: Some(terminated), ..ContainerState::default() });
        Self { name: ended.name, state, ..Self::default() }
    }
}

pub(super) fn decode(stored: &Scanned, new: &Pod) -> Result<Pod, serde_json::Error> {
    if !stored.is_whole() {
        return Err(serde_json::Error::custom("the stored pod is not whole"));
    }
    let spec = StoredSpec::read(stored.fields_of("spec"))?;
    let (mut status, mut generations) = (StoredStatus::default(), StoredGenerations::default());
    if let Some(json) = stored.field("status") {
        status = serde_json::from_slice(json)?;
        generations = StoredGenerations::read(json)?;
    }
    let containers = spec.init_containers.unwrap_or_default().into_iter().map(|container| Container {
        name: container.name,
        restart_policy: container.restart_policy,
        ..Container::default()
    });
    let mut spec = PodSpec {
        init_containers: Some(containers.collect()),
        restart_policy: spec.restart_policy,
        resource_claims: spec.resource_claims,
        os: spec.os,
        ..PodSpec::default()
    };
    if allocated::are_told_of(new) {
        (spec.containers, spec.init_containers) = allocated::containers(stored)?;
    }
    let ended = |list: Vec<Ended>| Some(list.into_iter().map(ContainerStatus::from).collect());
    let conditions = generations.conditions.into_iter().map(|condition| PodCondition {
        type_: condition.kind,
        observed_generation: condition.observed_generation,
        ..PodCondition::default()
    });
    let status = PodStatus {
        observed_generation: generations.observed_generation,
        conditions: Some(conditions.collect()),
        qos_class: status.qos_class,
        nominated_node_name: status.nominated_node_name,
        pod_ips: status.pod_ips,
        container_statuses: ended(status.container_statuses),
        init_container_statuses: ended(status.init_container_statuses),
        ephemeral_container_statuses: ended(status.ephemeral_container_statuses),
        ..PodStatus::default()
    };
    Ok(Pod { metadata: ObjectMeta::default(), spec: Some(spec), status: Some(status) })
}

/// Keeps the class of a pod and the generations that its status tells of, which nodes may leave out, and brings its
/// address into both fields.
///
/// Source: `podStatusStrategy.PrepareForUpdate`, `Convert_v1_PodStatus_To_core_PodStatus`.
pub(super) fn fill(new: &mut Pod, old: &Pod) {
    let Some(status) = &mut new.status else { return };
    if status.qos_class.text().is_empty() {
        status.qos_class = old.status.as_ref().and_then(|status| status.qos_class.clone());
    }
    if let Some(old) = &old.status {
        keep_generations(status, old);
    }
    let first = status.pod_ips.items().first().map(|address| address.ip.clone());
    match (status.pod_ip.text(), first) {
        ("", Some(ip)) => status.pod_ip = Some(ip),
        ("", None) => {}
        (ip, Some(first)) if ip == first => {}
        // The older field counts.
        (ip, _) => status.pod_ips = Some(vec![PodIP { ip: ip.to_owned() }]),
    }
}

/// There may be several conditions of one type; they are kept in their order.
///
/// Source: `preserveOldObservedGeneration`.
fn keep_generations(new: &mut PodStatus, old: &PodStatus) {
    let unset = |generation: Option<i64>| generation.unwrap_or_default() == 0;
    if unset(new.observed_generation) {
        new.observed_generation = old.observed_generation;
    }
    let mut before: Vec<&PodCondition> = old.conditions.items().iter().collect();
    if before.iter().all(|condition| unset(condition.observed_generation)) {
        return;
    }
    for condition in new.conditions.items_mut() {
        let Some(index) = before.iter().position(|before| before.type_ == condition.type_) else { continue };
        let kept = before.remove(index).observed_generation;
        if unset(condition.observed_generation) {
            condition.observed_generation = kept;
        }
    }
}

/// What is wrong with the status of `new`; its spec is that of `old`.
pub(super) fn validate_status(new: &Pod, old: &Pod) -> Vec<FieldError> {
    let mut errors = validate_annotation_updates(new, old);
    let (empty, nothing) = (PodStatus::default(), PodSpec::default());
    let status = new.status.as_ref().unwrap_or(&empty);
    let before = old.status.as_ref().unwrap_or(&empty);
    let spec = old.spec.as_ref().unwrap_or(&nothing);
    errors.extend(validate_conditions(status));
    let path = FieldPath::new("status");
    let nominated = status.nominated_node_name.text();
    if nominated != before.nominated_node_name.text() && !nominated.is_empty() {
        errors.extend(name(nominated, name_is_dns_subdomain, &path.child("nominatedNodeName")));
    }
    if status.qos_class.text() != before.qos_class.text() {
        let class = status.qos_class.text();
        errors.push(FieldError::invalid(&path.child("qosClass"), class, FIELD_IMMUTABLE));
    }
    errors.extend(validate_transitions(status, before, spec, &path));
    errors.extend(validate_claims(
        status,
        spec.resource_claims.items(),
        &path.child("resourceClaimStatuses"),
    ));
    errors.extend(validate_pod_ips(status, before));
    errors.extend(validate_host_ips(status));
    for (field, list) in lists(status) {
        errors.extend(validate_users(list, spec.os.as_ref(), &path.child(field)));
    }
    errors.extend(allocated::validate(status, spec, &path));
    errors
}

type Statuses<'a> = (&'static str, &'a [ContainerStatus]);

fn lists(status: &PodStatus) -> [Statuses<'_>; 3] {
    [
        ("containerStatuses", status.container_statuses.items()),
        ("initContainerStatuses", status.init_container_statuses.items()),
        ("ephemeralContainerStatuses", status.ephemeral_container_statuses.items()),
    ]
}

/// Source: `validatePodConditions`. The path is Kubernetes'.
fn validate_conditions(status: &PodStatus) -> Vec<FieldError> {
    let path = FieldPath::new("metadata").child("conditions");
    let own = status.conditions.items().iter().enumerate();
    let own = own.filter(|(_, one)| !matches!(&*one.type_, "PodScheduled" | "Ready" | "Initialized"));
    own.flat_map(|(index, one)| qualified_name(&one.type_, &path.index(index).child("Type"))).collect()
}

/// A container that ended for good stays ended.
///
/// Source: `ValidateContainerStateTransition`, `ValidateInitContainerStateTransition`.
fn validate_transitions(
    new: &PodStatus,
    old: &PodStatus,
    spec: &PodSpec,
    path: &FieldPath,
) -> Vec<FieldError> {
    let sidecar = |name: &str| {
        let found = spec.init_containers.items().iter().find(|container| container.name == name);
        found.is_some_and(|container| container.restart_policy.text() == "Always")
    };
    let policy = spec.restart_policy.text();
    let mut errors = Vec::new();
    for ((field, new), (_, old)) in lists(new).into_iter().zip(lists(old)) {
        // Ephemeral containers are never started again.
        let policy = if field == "ephemeralContainerStatuses" { "Never" } else { policy };
        if policy == "Always" {
            continue;
        }
        for (index, before) in old.iter().enumerate() {
            let Some(end) = before.state.as_ref().and_then(|state| state.terminated.as_ref()) else {
                continue;
            };
            let again = end.exit_code != 0 && policy == "OnFailure"
                || field == "initContainerStatuses" && sidecar(&before.name);
            let ended = |status: &&ContainerStatus| {
                status.state.as_ref().is_some_and(|state| state.terminated.is_some())
            };
            let now = new.iter().filter(|status| status.name == before.name && !ended(status));
            if !again {
                let path = path.child(field).index(index).child("state");
                let detail = "may not be transitioned to non-terminated state";
                errors.extend(now.map(|_| FieldError::forbidden(&path, detail)));
            }
        }
    }
    errors
}

/// Source: `validatePodResourceClaimStatuses`.
fn validate_claims(status: &PodStatus, claims: &[PodResourceClaim], path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut seen = BTreeSet::new();
    for (index, claim) in status.resource_claim_statuses.items().iter().enumerate() {
        let path = path.index(index).child("name");
        if !claims.iter().any(|known| known.name == claim.name) {
            let detail = "must match the name of an entry in `spec.resourceClaims`";
            errors.push(FieldError::invalid(&path, &claim.name, detail));
        }
        if !seen.insert(&claim.name) {
            errors.push(FieldError::duplicate(&path, &claim.name));
        }
        if let Some(made) = &claim.resource_claim_name {
            errors.extend(name(made, name_is_dns_subdomain, &path));
        }
    }
    errors
}

/// Source: `validatePodIPs`.
fn validate_pod_ips(new: &PodStatus, old: &PodStatus) -> Vec<FieldError> {
    let path = FieldPath::new("status").child("podIPs");
    let (new, old) = (new.pod_ips.items(), old.pod_ips.items());
    let known: Vec<&str> = old.iter().map(|address| &*address.ip).collect();
    let judge = |(index, address): (usize, &PodIP)| {
        is_valid_ip_for_legacy_field(&path.index(index), &address.ip, true, &known)
    };
    let mut errors: Vec<FieldError> = new.iter().enumerate().flat_map(judge).collect();
    let ips: Vec<&str> = new.iter().map(|address| &*address.ip).collect();
    errors.extend(validate_families(&ips, ShownAsJson(new), &path));
    for index in twice(&ips) {
        errors.push(FieldError::duplicate(&path.index(index), ShownAsJson(&new[index])));
    }
    errors
}

/// Source: `validateHostIPs`.
fn validate_host_ips(status: &PodStatus) -> Vec<FieldError> {
    let path = FieldPath::new("status").child("hostIPs");
    let list = status.host_ips.items();
    let Some(first) = list.first() else { return Vec::new() };
    let mut errors = Vec::new();
    if status.host_ip.text() != first.ip {
        let path = path.index(0).child("ip");
        errors.push(FieldError::invalid(&path, &first.ip, "must be equal to `hostIP`"));
    }
    let judge = |(index, address): (usize, &HostIP)| is_valid_ip(&path.index(index), &address.ip);
    errors.extend(list.iter().enumerate().flat_map(judge));
    let ips: Vec<&str> = list.iter().map(|address| &*address.ip).collect();
    errors.extend(validate_families(&ips, ShownAsJson(list), &path));
    for index in twice(&ips) {
        errors.push(FieldError::duplicate(&path.index(index), ShownAsJson(&list[index])));
    }
    errors
}

/// Of several addresses there is one for each family.
fn validate_families(
    ips: &[&str],
    shown: impl crate::error::ShownValue,
    path: &FieldPath,
) -> Option<FieldError> {
    let v6 = ips.iter().filter(|ip| ip.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv6())).count();
    let wrong = ips.len() > 2 || ips.len() == 2 && v6 != 1;
    wrong.then(|| FieldError::invalid(path, shown, "may specify no more than one IP for each IP family"))
}

fn twice<'a>(ips: &'a [&str]) -> impl Iterator<Item = usize> + use<'a> {
    (0..ips.len()).filter(move |&index| ips[..index].contains(&ips[index]))
}

/// Source: `validateContainerStatusUsers`.
fn validate_users(list: &[ContainerStatus], os: Option<&PodOS>, path: &FieldPath) -> Vec<FieldError> {
    let windows = os.is_some_and(|os| os.name == "windows");
    let mut errors = Vec::new();
    for (index, status) in list.iter().enumerate() {
        let Some(user) = status.user.as_ref().and_then(|user| user.linux.as_ref()) else { continue };
        let path = path.index(index).child("linux");
        if windows {
            errors.push(FieldError::forbidden(&path, "cannot be set for a windows pod"));
            continue;
        }
        errors.extend(invalid(&path.child("uid"), user.uid, is_valid_user_id(user.uid)));
        errors.extend(invalid(&path.child("gid"), user.gid, is_valid_group_id(user.gid)));
        for (index, group) in user.supplemental_groups.items().iter().enumerate() {
            let path = path.child("supplementalGroups").index(index);
            errors.extend(invalid(&path, *group, is_valid_group_id(*group)));
        }
    }
    errors
}
