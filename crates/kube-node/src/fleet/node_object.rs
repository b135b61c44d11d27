//! The objects that a node writes of itself.

use super::SimFleet;
use super::addresses::{cidr, own};
use jiff::Timestamp;
use serde_json::{Value, json};

/// Seconds that a node's lease lasts.
///
/// Source: `k8s.io/kubernetes/pkg/kubelet` (`nodeLeaseDurationSeconds`).
const LEASE_SECONDS: u32 = 40;

/// Disk of a node, as a quantity.
pub(super) const EPHEMERAL_STORAGE: &str = "100Gi";

/// Annotation of nodes that do not beat: with the value `off` the controller of nodes does not watch them.
pub const HEARTBEATS: &str = "kube-plane/heartbeats";

/// The `Node` object of node `index`, without status.
pub fn node_object(fleet: &SimFleet, index: usize) -> Value {
    let name = fleet.node_name(index);
    let mut labels = json!({
        "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
    });
    if let Some(zone) = fleet.zone(index) {
        labels["topology.kubernetes.io/zone"] = zone.into();
    }
    let cidr = cidr(fleet.first + index);
    let mut meta = json!({ "name": name, "labels": labels });
    if !fleet.renews() {
        meta["annotations"] = json!({ HEARTBEATS: "off" });
    }
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": meta,
        "spec": { "podCIDR": cidr, "podCIDRs": [cidr] },
    })
}

/// The status of node `index`.
pub fn node_status(fleet: &SimFleet, index: usize, now: Timestamp) -> Value {
    let resources = json!({
        "cpu": fleet.cpu, "memory": fleet.memory, "pods": fleet.pods.to_string(),
        "ephemeral-storage": EPHEMERAL_STORAGE,
    });
    let condition = |kind: &str, status: &str, reason: &str| {
        json!({
            "type": kind, "status": status, "reason": reason,
            "lastHeartbeatTime": now.to_string(), "lastTransitionTime": now.to_string(),
        })
    };
    json!({
        "capacity": resources, "allocatable": resources,
        "addresses": [
            { "type": "InternalIP", "address": own(fleet.first + index).to_string() },
            { "type": "Hostname", "address": fleet.node_name(index) },
        ],
        "conditions": [
            condition("MemoryPressure", "False", "KubeletHasSufficientMemory"),
            condition("DiskPressure", "False", "KubeletHasNoDiskPressure"),
            condition("PIDPressure", "False", "KubeletHasSufficientPID"),
            condition("Ready", "True", "KubeletReady"),
        ],
    })
}

/// The `Lease` by which node `index` shows that it lives.
pub fn lease_object(fleet: &SimFleet, index: usize, now: Timestamp) -> Value {
    let name = fleet.node_name(index);
    json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": { "name": name, "namespace": "kube-node-lease" },
        "spec": {
            "holderIdentity": name, "leaseDurationSeconds": LEASE_SECONDS,
            "renewTime": format!("{now:.6}"),
        },
    })
}
