//! No node holds more than it has by a scheduler's decision.

use super::{Commit, Oracle, State, Verdict};
use kube_core::pod_resources::{Options, ResourceList, pod_requests};
use kube_core::resource::ObjectKey;
use kube_core::view::{NodeView, PodView};

/// No node over its allocatable when a pod is bound.
#[derive(Debug)]
pub(super) struct Capacity;

impl Oracle for Capacity {
    fn name(&self) -> &'static str {
        "capacity"
    }

    fn after(&mut self, commit: &Commit, state: &State) -> Verdict {
        for change in &commit.changes {
            let Some((before, Some(pod))) = change.of::<PodView>() else { continue };
            let Some(name) = pod.node_name() else { continue };
            // Pods that are born with a node were not placed by a scheduler.
            if before.is_none_or(|before| before.node_name().is_some() || before.meta.uid != pod.meta.uid) {
                continue;
            }
            if let Some(node) = state.get::<NodeView>(&ObjectKey::cluster(name.clone())) {
                check(&node, state).map_err(|what| format!("{what} after {} was bound", pod.meta.key()))?;
            }
        }
        Ok(())
    }
}

fn check(node: &NodeView, state: &State) -> Verdict {
    let on_node = |pod: &PodView| pod.node_name() == Some(&node.meta.name) && !pod.is_terminal();
    let pods: Vec<_> = state.pods().into_iter().filter(|pod| on_node(pod)).collect();
    let mut wanted = ResourceList::new();
    for pod in &pods {
        wanted.add(&pod_requests(&**pod, &Options::default()));
    }
    let allocatable = &node.status.allocatable;
    for (name, quantity) in wanted.iter() {
        let there = allocatable.get(name).unwrap_or_default();
        if quantity > there {
            return Err(format!("node {} has {there} {name} for {quantity}", node.meta.name));
        }
    }
    let room = allocatable.get("pods").map_or(i64::MAX, kube_core::quantity::Quantity::value);
    if i64::try_from(pods.len()).unwrap_or(i64::MAX) > room {
        return Err(format!("node {} has room for {room} pods and holds {}", node.meta.name, pods.len()));
    }
    Ok(())
}
