//! What an object uses of which resource.
//!
//! Source: `k8s.io/kubernetes/pkg/quota/v1/evaluator/core`, `k8s.io/apiserver/pkg/quota/v1/generic`.

use super::scope;
use crate::objects::{Candidate, Stored};
use jiff::{SignedDuration, Timestamp};
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::{PersistentVolumeClaim, Pod, ResourceQuota, Service};
use kube_core::pod_resources::{
    ContainerResources, Options, PodResources, ResourceList, Resources, pod_limits, pod_requests,
};
use kube_core::quantity::{Format, Quantity};
use kube_core::resource::KindInfo;

/// Kinds of the core group that are counted by their bare name as well.
const COUNTED: [&str; 4] = ["configmaps", "secrets", "replicationcontrollers", "resourcequotas"];
const COMPUTE: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];
/// What every container must state where a quota limits it.
const STATED: [&str; 6] = ["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"];
const STORAGE_CLASS: &str = ".storageclass.storage.k8s.io/";

/// An object as quotas see it.
#[derive(Debug)]
pub(super) struct Subject {
    used: ResourceList,
    pod: Option<PodFacts>,
}

#[derive(Debug)]
struct PodFacts {
    name: String,
    resources: PodResources,
    scopes: scope::Facts,
}

impl Subject {
    pub(super) fn new(kind: &KindInfo, object: &Candidate, now: Timestamp) -> Self {
        if let Some(pod) = object.typed::<Pod>() {
            return Self::pod(pod, now);
        }
        if let Some(service) = object.typed::<Service>() {
            return Self::plain(kind, service_usage(service));
        }
        if let Some(claim) = object.typed::<PersistentVolumeClaim>() {
            return Self::plain(kind, claim_usage(claim));
        }
        Self::plain(kind, ResourceList::new())
    }

    pub(super) fn stored(kind: &KindInfo, object: &Stored, now: Timestamp) -> Result<Self, ApiError> {
        if let Some(pod) = object.typed::<Pod>()? {
            return Ok(Self::pod(pod, now));
        }
        if let Some(service) = object.typed::<Service>()? {
            return Ok(Self::plain(kind, service_usage(service)));
        }
        if let Some(claim) = object.typed::<PersistentVolumeClaim>()? {
            return Ok(Self::plain(kind, claim_usage(claim)));
        }
        Ok(Self::plain(kind, ResourceList::new()))
    }

    fn plain(kind: &KindInfo, mut used: ResourceList) -> Self {
        let dot = if kind.group.is_empty() { "" } else { "." };
        used.insert(&format!("count/{}{dot}{}", kind.plural, kind.group), one());
        if kind.group.is_empty() && COUNTED.contains(&&*kind.plural) {
            used.insert(&kind.plural, one());
        }
        Self { used, pod: None }
    }

    fn pod(pod: &Pod, now: Timestamp) -> Self {
        let resources = PodResources::from(pod);
        let mut used = if is_charged(pod, now) { pod_usage(&resources) } else { ResourceList::new() };
        // What is stored is counted, whether it has ended or not.
        used.insert("count/pods", one());
        let scopes = scope::Facts::of(pod, &resources);
        let name = pod.metadata.name.clone().unwrap_or_default();
        Self { used, pod: Some(PodFacts { name, resources, scopes }) }
    }

    /// Whether the quota is about this object at all.
    pub(super) fn falls_under(&self, quota: &ResourceQuota) -> bool {
        let hard = quota.status.as_ref().and_then(|status| status.hard.as_ref());
        if !hard.is_some_and(|hard| hard.keys().any(|name| self.measures(name))) {
            return false;
        }
        let demands = scope::demands(quota);
        demands.is_empty() || self.pod.as_ref().is_some_and(|pod| pod.scopes.meet(&demands))
    }

    /// Whether objects like this one use the resource.
    fn measures(&self, name: &str) -> bool {
        if self.pod.is_none() {
            return self.used.contains(name);
        }
        let bare = name.strip_prefix("requests.").or_else(|| name.strip_prefix("limits.")).unwrap_or(name);
        matches!(name, "pods" | "count/pods")
            || COMPUTE.contains(&bare)
            || bare.starts_with("hugepages-")
            || name.starts_with("requests.") && is_extended(bare)
    }

    /// The names among `hard` that objects like this one use.
    pub(super) fn names<'a>(&'a self, hard: &'a ResourceList) -> impl Iterator<Item = &'a str> {
        hard.iter().map(|(name, _)| &**name).filter(|name| self.measures(name))
    }

    /// What the object uses of the resources of `hard`.
    pub(super) fn restricted(&self, hard: &ResourceList) -> ResourceList {
        self.names(hard).filter_map(|name| Some((name, self.used.get(name)?))).collect()
    }

    /// Every container states what a quota limits; or the pod does, where it has resources of its own.
    pub(super) fn check_specified(&self, hard: &ResourceList) -> Result<(), String> {
        let Some(pod) = &self.pod else { return Ok(()) };
        let required: Vec<&str> = self.names(hard).filter(|name| STATED.contains(name)).collect();
        let mut missing = Vec::new();
        for name in required {
            let who: Vec<&str> = match &pod.resources.pod_level {
                Some(level) if states(level, name) => Vec::new(),
                Some(level) if !level.requests.is_empty() || !level.limits.is_empty() => vec![&pod.name],
                _ => {
                    let all = pod.resources.containers.iter().chain(&pod.resources.init_containers);
                    let silent = all.filter(|container| !states(&container.resources, name));
                    silent.map(|container: &ContainerResources| &*container.name).collect()
                }
            };
            if !who.is_empty() {
                let mut who = who;
                who.sort_unstable();
                who.dedup();
                missing.push(format!("{name} for: {}", who.join(",")));
            }
        }
        if missing.is_empty() { Ok(()) } else { Err(format!("must specify {}", missing.join("; "))) }
    }
}

fn one() -> Quantity {
    Quantity::from_units(1, Format::DecimalSI)
}

fn states(resources: &Resources, name: &str) -> bool {
    match name.strip_prefix("limits.") {
        Some(bare) => resources.limits.contains(bare),
        None => resources.requests.contains(name.strip_prefix("requests.").unwrap_or(name)),
    }
}

/// Whether the name is one of a vendor: qualified, and not by Kubernetes itself.
fn is_extended(name: &str) -> bool {
    name.contains('/') && !name.contains("kubernetes.io/")
}

/// A pod that has ended uses nothing, nor does one whose grace has run out.
///
/// Source: `QuotaV1Pod`.
fn is_charged(pod: &Pod, now: Timestamp) -> bool {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    if matches!(phase, Some("Failed" | "Succeeded")) {
        return false;
    }
    match (&pod.metadata.deletion_timestamp, pod.metadata.deletion_grace_period_seconds) {
        (Some(due), Some(grace)) => {
            let end = due.0.saturating_add(SignedDuration::from_secs(grace)).unwrap_or(due.0);
            now <= end
        }
        _ => true,
    }
}

/// Source: `podComputeUsageHelper`.
fn pod_usage(pod: &PodResources) -> ResourceList {
    let options = Options::default();
    let (requests, limits) = (pod_requests(pod, &options), pod_limits(pod, &options));
    let mut used = ResourceList::new();
    used.insert("pods", one());
    for (name, amount) in requests.iter() {
        if COMPUTE.contains(&&**name) || name.starts_with("hugepages-") {
            used.insert(name, amount);
            used.insert(&format!("requests.{name}"), amount);
        } else if is_extended(name) {
            used.insert(&format!("requests.{name}"), amount);
        }
    }
    for (name, amount) in limits.iter().filter(|(name, _)| COMPUTE.contains(&&***name)) {
        used.insert(&format!("limits.{name}"), amount);
    }
    used
}

/// Source: `serviceEvaluator.Usage`.
fn service_usage(service: &Service) -> ResourceList {
    let count = |n: usize| Quantity::from_units(i64::try_from(n).unwrap_or(i64::MAX), Format::DecimalSI);
    let mut used: ResourceList = [("services", count(1))].into_iter().collect();
    let Some(spec) = &service.spec else { return used };
    let ports = spec.ports.as_ref().map_or(0, Vec::len);
    let (mut balancers, mut node_ports) = (0, 0);
    match spec.type_.as_deref() {
        Some("NodePort") => node_ports = ports,
        Some("LoadBalancer") => {
            balancers = 1;
            let allocated = spec.ports.iter().flatten().filter(|port| port.node_port.is_some_and(|p| p != 0));
            node_ports = match spec.allocate_load_balancer_node_ports {
                Some(false) => allocated.count(),
                _ => ports,
            };
        }
        _ => {}
    }
    used.insert("services.loadbalancers", count(balancers));
    used.insert("services.nodeports", count(node_ports));
    used
}

/// Source: `pvcEvaluator.Usage`.
fn claim_usage(claim: &PersistentVolumeClaim) -> ResourceList {
    let mut used: ResourceList = [("persistentvolumeclaims", one())].into_iter().collect();
    let spec = claim.spec.as_ref();
    let annotated = claim.metadata.annotations.as_ref();
    let annotated = annotated.and_then(|a| a.get("volume.beta.kubernetes.io/storage-class"));
    let class = annotated.or_else(|| spec.and_then(|spec| spec.storage_class_name.as_ref()));
    let class = class.filter(|class| !class.is_empty());
    let requests = spec.and_then(|spec| spec.resources.as_ref()?.requests.as_ref());
    let storage = ResourceList::of_typed(requests).get("storage");
    if let Some(storage) = storage {
        used.insert("requests.storage", storage);
    }
    if let Some(class) = class {
        used.insert(&format!("{class}{STORAGE_CLASS}persistentvolumeclaims"), one());
        if let Some(storage) = storage {
            used.insert(&format!("{class}{STORAGE_CLASS}requests.storage"), storage);
        }
    }
    used
}
