//! Pods that a node refuses.
//!
//! ```
//! use kube_core::view::{PodView, from_value};
//! use kube_node::machine::admission::{Amounts, NodeFacts, admit};
//!
//! let pod: PodView = from_value(serde_json::json!({
//!     "metadata": { "name": "big" },
//!     "spec": { "containers": [{ "name": "c", "resources": { "requests": { "cpu": "2" } } }] },
//! }))?;
//! let allocatable = Amounts { milli_cpu: 1000, pods: 110, ..Amounts::default() };
//! let refused = admit(&pod, &NodeFacts::new("n", &allocatable, &Amounts::default())).unwrap_err();
//! assert_eq!(refused.reason, "OutOfcpu");
//! # Ok::<(), kube_core::view::DecodeError>(())
//! ```

use super::spec::LifeSpec;
use super::{Course, Failure, NodePod, Now, PodMachine};
use kube_core::pod_resources::{CPU, EPHEMERAL_STORAGE, HUGE_PAGES_PREFIX, MEMORY, Options, pod_requests};
use kube_core::selector::LabelSet;
use kube_core::selector::node::RequiredNodeAffinity;
use kube_core::taint::{Effect, Taint, first_untolerated};
use kube_core::view::{ContainerPort, PodPhase, PodView};
use std::net::IpAddr;
use std::sync::Arc;

/// What pods take of a node, and what a node has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Thousandths of a CPU.
    pub milli_cpu: i64,
    /// Bytes.
    pub memory: i64,
    /// Bytes.
    pub ephemeral_storage: i64,
    /// How many pods.
    pub pods: i64,
}

impl Amounts {
    /// What `pod` takes.
    pub fn of(pod: &PodView) -> Self {
        let requests = pod_requests(pod, &Options::default());
        let value = |name| requests.get(name).map_or(0, kube_core::quantity::Quantity::value);
        Self {
            milli_cpu: requests.get(CPU).map_or(0, kube_core::quantity::Quantity::milli_value),
            memory: value(MEMORY),
            ephemeral_storage: value(EPHEMERAL_STORAGE),
            pods: 1,
        }
    }

    /// Both.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        self.with(other, i64::saturating_add)
    }

    /// The rest.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        self.with(other, i64::saturating_sub)
    }

    fn with(self, other: Self, op: impl Fn(i64, i64) -> i64) -> Self {
        Self {
            milli_cpu: op(self.milli_cpu, other.milli_cpu),
            memory: op(self.memory, other.memory),
            ephemeral_storage: op(self.ephemeral_storage, other.ephemeral_storage),
            pods: op(self.pods, other.pods),
        }
    }
}

/// A port of a node that a pod takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPort {
    ip: Option<Arc<str>>,
    port: i32,
    protocol: Option<Arc<str>>,
}

impl HostPort {
    /// The ports that `pod` takes.
    pub fn of(pod: &PodView) -> Vec<Self> {
        let sidecars =
            pod.spec.init_containers.iter().filter(|c| c.restart_policy.as_deref() == Some("Always"));
        let ports = pod.spec.containers.iter().chain(sidecars).flat_map(|container| &container.ports);
        ports.filter(|port| port.host_port > 0).map(Self::of_port).collect()
    }

    fn of_port(port: &ContainerPort) -> Self {
        Self { ip: port.host_ip.clone(), port: port.host_port, protocol: port.protocol.clone() }
    }

    fn conflicts(&self, other: &Self) -> bool {
        let protocol =
            |port: &Self| port.protocol.as_deref().filter(|p| !p.is_empty()).unwrap_or("TCP").to_owned();
        let ip = |port: &Self| port.ip.as_deref().filter(|ip| !ip.is_empty()).unwrap_or("0.0.0.0").to_owned();
        let meets = ip(self) == "0.0.0.0" || ip(other) == "0.0.0.0" || ip(self) == ip(other);
        self.port == other.port && protocol(self) == protocol(other) && meets
    }
}

/// What a node knows of itself when a pod arrives.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct NodeFacts<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its labels; `None` when it does not know them.
    pub labels: Option<&'a LabelSet>,
    /// Its taints.
    pub taints: &'a [Taint],
    /// What it has.
    pub allocatable: &'a Amounts,
    /// What its pods take.
    pub used: &'a Amounts,
    /// The ports that they take.
    pub ports: &'a [HostPort],
}

impl<'a> NodeFacts<'a> {
    /// A node without labels, taints and ports.
    pub fn new(name: &'a str, allocatable: &'a Amounts, used: &'a Amounts) -> Self {
        Self { name, labels: None, taints: &[], allocatable, used, ports: &[] }
    }
}

/// Why a node refuses a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// In one word, as `OutOfcpu`.
    pub reason: String,
    /// In a sentence.
    pub message: String,
}

/// Whether a node takes a pod that is bound to it: what the scheduler asked, once more, against what is there now.
///
/// Source: `k8s.io/kubernetes/pkg/kubelet/lifecycle` (`predicate.go`), `pkg/scheduler` (`AdmissionCheck`).
///
/// # Errors
/// The first reason why not.
pub fn admit(pod: &PodView, node: &NodeFacts<'_>) -> Result<(), Rejection> {
    fits(pod, node)?;
    let required = pod.spec.affinity.as_ref().and_then(|affinity| affinity.node_affinity.as_ref());
    let required = required.and_then(|affinity| affinity.required.as_ref());
    let affinity = RequiredNodeAffinity::new(pod.spec.node_selector.clone(), required);
    if node.labels.is_some_and(|labels| !affinity.matches(labels, node.name).unwrap_or(false)) {
        return Err(failed("NodeAffinity", "node(s) didn't match Pod's node affinity/selector"));
    }
    let wanted = HostPort::of(pod);
    if wanted.iter().any(|port| node.ports.iter().any(|taken| port.conflicts(taken))) {
        return Err(failed("NodePorts", "node(s) didn't have free ports for the requested pod ports"));
    }
    if first_untolerated(node.taints, &pod.spec.tolerations, &[Effect::NoExecute]).is_some() {
        return Err(failed("TaintToleration", "node(s) had untolerated taint(s)"));
    }
    Ok(())
}

fn fits(pod: &PodView, node: &NodeFacts<'_>) -> Result<(), Rejection> {
    let wanted = Amounts::of(pod);
    let (has, used) = (node.allocatable, node.used);
    let all = [
        ("pods", 1, used.pods, has.pods),
        (CPU, wanted.milli_cpu, used.milli_cpu, has.milli_cpu),
        (MEMORY, wanted.memory, used.memory, has.memory),
        (EPHEMERAL_STORAGE, wanted.ephemeral_storage, used.ephemeral_storage, has.ephemeral_storage),
    ];
    for (name, requested, used, capacity) in all {
        if requested > 0 && requested > capacity - used {
            return Err(insufficient(name, requested, used, capacity));
        }
    }
    // What a node does not have at all is somebody else's business, but for huge pages, which are the kernel's.
    let requests = pod_requests(pod, &Options::default());
    let huge =
        requests.iter().find(|(name, quantity)| name.starts_with(HUGE_PAGES_PREFIX) && quantity.sign() > 0);
    huge.map_or(Ok(()), |(name, quantity)| Err(insufficient(name, quantity.value(), 0, 0)))
}

fn insufficient(name: &str, requested: i64, used: i64, capacity: i64) -> Rejection {
    Rejection {
        reason: format!("OutOf{name}"),
        message: format!(
            "Node didn't have enough resource: {name}, requested: {requested}, used: {used}, capacity: {capacity}"
        ),
    }
}

fn failed(predicate: &str, why: &str) -> Rejection {
    Rejection { reason: predicate.to_owned(), message: format!("Predicate {predicate} failed: {why}") }
}

impl PodMachine {
    /// A pod that its node refuses: it fails without having run.
    pub fn rejected(
        spec: Arc<LifeSpec>,
        pod: &NodePod,
        host_ip: IpAddr,
        rejection: Rejection,
        now: Now,
    ) -> Self {
        let mut machine = Self::new(spec, pod, host_ip, now);
        let message = format!("Pod was rejected: {}", rejection.message);
        machine.failure = Some(Box::new(Failure { reason: rejection.reason, message }));
        machine.rejected = true;
        machine.course = Course::Over;
        machine.phase = PodPhase::Failed;
        machine.settle_phase(now);
        machine.dirty = true;
        machine
    }
}
