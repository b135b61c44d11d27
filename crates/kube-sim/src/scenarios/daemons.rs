//! A DaemonSet that is updated while nodes become unfit and fit again, under all faults.

use super::{among, lose_a_pod, set_image_of};
use crate::campaign::Sim;
use crate::oracle::{Change, Commit, Oracle, State, Verdict};
use kube_controllers::builtin::daemon_set::nodes::{Eligibility, Verdict as Fit, target_of};
use kube_core::kinds::apps::v1::DaemonSet;
use kube_core::kinds::core::v1::{Node, Taint};
use kube_core::resource::ResourceExt;
use kube_core::view::PodView;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

const AGENT: &str = include_str!("agent.yaml");

const CONTROLLERS: [&str; 4] =
    ["daemonset-controller", "garbage-collector", "pod-garbage-collector-controller", "namespace-controller"];

/// New templates, lost pods, and a node that may not be used for a while.
pub fn daemons(seeds: Range<u64>) -> Sim {
    let sim = among(seeds, 5, &["a", "b"], &CONTROLLERS).oracle(|| Box::new(OnePerNode));
    sim.scenario(|c| async move {
        c.apply(AGENT).await;
        c.sleep(Duration::from_secs(8)).await;
        lose_a_pod(&c).await;
        c.edit::<DaemonSet>("default/agent", |agent| set_image(agent, "example.org/agent:2")).await;
        c.sleep(Duration::from_secs(6)).await;
        c.edit::<Node>("node-1", |node| taint(node, Some("NoExecute"))).await;
        c.sleep(Duration::from_secs(6)).await;
        c.edit::<DaemonSet>("default/agent", |agent| set_image(agent, "example.org/agent:3")).await;
        lose_a_pod(&c).await;
        c.edit::<Node>("node-1", |node| taint(node, None)).await;
        c.edit::<Node>("node-2", |node| taint(node, Some("NoSchedule"))).await;
        c.settle().await;
        c.edit::<Node>("node-2", |node| taint(node, None)).await;
    })
}

fn set_image(agent: &mut DaemonSet, image: &str) {
    set_image_of(agent.spec.as_mut().map(|spec| &mut spec.template), image);
}

fn taint(node: &mut Node, effect: Option<&str>) {
    let taint =
        |effect: &str| Taint { key: "repair".to_owned(), effect: effect.to_owned(), ..Taint::default() };
    node.spec.get_or_insert_default().taints = effect.map(|effect| vec![taint(effect)]);
}

/// No node ever has two pods of one DaemonSet that have not ended (without surge); at rest every fit node has one.
#[derive(Debug)]
struct OnePerNode;

impl Oracle for OnePerNode {
    fn name(&self) -> &'static str {
        "one per node"
    }

    fn after(&mut self, commit: &Commit, state: &State) -> Verdict {
        let made = |change: &Change| {
            change.of::<PodView>().is_some_and(|(before, after)| before.is_none() && after.is_some())
        };
        if commit.changes.iter().any(made) { self.check(state) } else { Ok(()) }
    }

    fn at_rest(&mut self, state: &State) -> Verdict {
        self.check(state)?;
        state.all::<DaemonSet>().iter().try_for_each(|set| complete(set, state))
    }
}

impl OnePerNode {
    #[expect(clippy::unused_self, reason = "one more of the oracle's checks")]
    fn check(&self, state: &State) -> Verdict {
        let mut on: BTreeMap<(String, Arc<str>), Arc<PodView>> = BTreeMap::new();
        for pod in state.pods().into_iter().filter(|pod| !pod.is_terminal()) {
            let owner = pod.meta.controller().filter(|owner| &*owner.kind == "DaemonSet");
            let (Some(owner), Some(node)) = (owner, target_of(&pod)) else { continue };
            let key = (owner.uid.as_str().to_owned(), node.clone());
            if let Some(other) = on.insert(key, pod.clone()) {
                return Err(format!("pods {} and {} are both on {node}", other.meta.key(), pod.meta.key()));
            }
        }
        Ok(())
    }
}

fn complete(set: &DaemonSet, state: &State) -> Verdict {
    let (key, uid) = (set.key(), set.uid());
    let Some(eligibility) = Eligibility::of(set) else { return Ok(()) };
    let fit: Vec<Arc<str>> = state
        .nodes()
        .iter()
        .filter(|node| eligibility.judge(node) == Fit::Runs)
        .map(|node| node.meta.name.clone())
        .collect();
    let pods = state.pods();
    let owned = pods.iter().filter(|pod| pod.meta.controller().is_some_and(|owner| owner.uid == uid));
    let ready: Vec<Arc<str>> = {
        let mut nodes: Vec<_> = owned.filter(|pod| pod.is_ready()).filter_map(|pod| target_of(pod)).collect();
        nodes.sort();
        nodes
    };
    if ready != fit {
        return Err(format!("DaemonSet {key} has ready pods on {ready:?} instead of {fit:?}"));
    }
    let status = set.status.clone().unwrap_or_default();
    let wanted = i32::try_from(fit.len()).unwrap_or(i32::MAX);
    let counts = [
        status.desired_number_scheduled,
        status.current_number_scheduled,
        status.number_ready,
        status.number_available.unwrap_or(0),
        status.updated_number_scheduled.unwrap_or(0),
    ];
    let told =
        status.observed_generation == set.metadata.generation && counts.iter().all(|count| *count == wanted);
    if told { Ok(()) } else { Err(format!("DaemonSet {key} has {wanted} pods and tells of {status:?}")) }
}
