//! One Service with many replicas.

use super::world::{address, read};
use kube_core::kinds::core::v1::Service;
use kube_core::kinds::discovery::v1::EndpointSlice;
use kube_core::view::{NodeView, PodView, from_value};
use kube_net::slices::{SliceInput, SlicePlan, plan_pod, plan_slices};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// So many nodes, by name.
///
/// # Panics
/// Never: what is written here in full is a node.
#[expect(clippy::expect_used, reason = "what is written here in full is a node")]
pub fn nodes(count: usize) -> BTreeMap<String, Arc<NodeView>> {
    let node = |n: usize| {
        let labels = json!({"topology.kubernetes.io/zone": format!("zone-{}", n % 3)});
        let value = json!({"metadata": {"name": format!("node-{n}"), "labels": labels}});
        (format!("node-{n}"), Arc::new(from_value(value).expect("a node")))
    };
    (0..count).map(node).collect()
}

/// One Service with many replicas, and its slices as planned.
#[derive(Debug)]
pub struct Replicas {
    /// The Service.
    pub service: Service,
    /// Its pods.
    pub pods: Vec<Arc<PodView>>,
    slices: Vec<Arc<EndpointSlice>>,
    nodes: BTreeMap<String, Arc<NodeView>>,
    /// The slice of each pod, as a cache indexes them.
    holding: Vec<Arc<EndpointSlice>>,
}

impl Replicas {
    /// So many replicas, all ready.
    pub fn new(count: usize) -> Self {
        let service = read(json!({
            "metadata": {"name": "web", "namespace": "prod", "uid": "web"},
            "spec": {
                "clusterIP": "10.96.0.10", "ipFamilies": ["IPv4"], "selector": {"app": "web"},
                "ports": [{"port": 80, "targetPort": 8080, "protocol": "TCP"}],
            },
        }));
        let pods = (0..count).map(|n| replica(n, true)).collect();
        let mut all = Self { service, pods, slices: Vec::new(), nodes: nodes(100), holding: Vec::new() };
        let plan = all.plan();
        let name = |(n, mut slice): (usize, EndpointSlice)| {
            slice.metadata.name = Some(format!("web-{n:04}"));
            Arc::new(slice)
        };
        all.slices = plan.create.into_iter().enumerate().map(name).collect();
        // Endpoints stand in the order of their addresses, which is that of the pods.
        let each = |slice: &Arc<EndpointSlice>| vec![slice.clone(); slice.endpoints.iter().flatten().count()];
        all.holding = all.slices.iter().flat_map(each).collect();
        all
    }

    /// A plan from nothing.
    pub fn plan_anew(&self) -> SlicePlan {
        self.plan_with(&[])
    }

    /// A plan with the slices as they are.
    pub fn plan(&self) -> SlicePlan {
        self.plan_with(&self.slices)
    }

    /// A plan for pod number `n` alone, which has changed.
    pub fn plan_change(&self, n: usize) -> Option<SlicePlan> {
        let nodes = |name: &str| self.nodes.get(name).cloned();
        let (pods, holding) = (self.pods.get(n..=n)?, self.holding.get(n..=n)?);
        plan_pod(&SliceInput::new(&self.service, pods, &nodes, holding))
    }

    fn plan_with(&self, slices: &[Arc<EndpointSlice>]) -> SlicePlan {
        let nodes = |name: &str| self.nodes.get(name).cloned();
        plan_slices(&SliceInput::new(&self.service, &self.pods, &nodes, slices))
    }
}

/// Replica number `n`, ready or not.
///
/// # Panics
/// Never: what is written here in full is a pod.
#[expect(clippy::expect_used, reason = "what is written here in full is a pod")]
pub fn replica(n: usize, ready: bool) -> Arc<PodView> {
    let ip = address(10, n);
    let value = json!({
        "metadata": {"name": format!("web-{n:05}"), "namespace": "prod", "uid": format!("uid-{n}"), "labels": {"app": "web"}},
        "spec": {"nodeName": format!("node-{}", n % 100), "containers": [{"name": "c", "ports": [{"containerPort": 8080}]}]},
        "status": {
            "phase": "Running", "podIP": ip, "podIPs": [{"ip": ip}],
            "conditions": [{"type": "Ready", "status": if ready { "True" } else { "False" }}],
        },
    });
    Arc::new(from_value(value).expect("a pod"))
}
