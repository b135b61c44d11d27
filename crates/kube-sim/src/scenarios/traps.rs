//! StatefulSets whose template is bad for a while.

use super::acts::acting;
use super::stateful::Ordinals;
use crate::campaign::Sim;
use crate::oracle::{Oracle, State, Verdict};
use kube_controllers::builtin::stateful_set::identity::revision_of;
use kube_controllers::builtin::stateful_set::status::ROLLOUT_STUCK;
use kube_core::condition::is_true;
use kube_core::kinds::apps::v1::StatefulSet;
use kube_core::kinds::core::v1::Pod;
use kube_core::resource::{ObjectKey, ResourceExt};
use std::ops::Range;
use std::time::Duration;

/// Without a kind of update of its own.
const QUEUE: &str = include_str!("queue.yaml");

const CONTROLLERS: [&str; 3] =
    ["statefulset-controller", "garbage-collector", "pod-garbage-collector-controller"];

/// All pods at a time: a template whose pods do not become ready, and one whose pods do.
pub fn parallel(seeds: Range<u64>) -> Sim {
    let sim = acting(seeds, 3, &CONTROLLERS).oracle(|| Box::<Ordinals>::default());
    let rolling = "podManagementPolicy: Parallel\n  updateStrategy: {rollingUpdate: {maxUnavailable: 1}}\n  replicas: 3";
    let queue = QUEUE.replace("replicas: 3", rolling);
    sim.scenario(move |c| {
        let queue = queue.clone();
        async move {
            c.apply(&queue).await;
            c.sleep(Duration::from_secs(10)).await;
            c.edit::<StatefulSet>("default/queue", |queue| set_act(queue, "broken")).await;
            c.sleep(Duration::from_secs(15)).await;
            c.edit::<StatefulSet>("default/queue", |queue| set_act(queue, "served")).await;
        }
    })
}

/// One pod after the other: the same two templates, twice. Once somebody follows the advice that the trap gives, and once
/// nobody does.
pub fn trap(seeds: Range<u64>) -> Sim {
    let sim = acting(seeds, 2, &CONTROLLERS).oracle(|| Box::new(Advice));
    let helped = QUEUE.replace("queue", "helped");
    sim.scenario(move |c| {
        let helped = helped.clone();
        async move {
            c.apply(QUEUE).await;
            c.apply(&helped).await;
            c.sleep(Duration::from_secs(12)).await;
            for act in ["broken", "served"] {
                for name in ["default/queue", "default/helped"] {
                    c.edit::<StatefulSet>(name, |set| set_act(set, act)).await;
                }
                c.settle().await;
            }
            c.sleep(Duration::from_mins(2)).await;
            if let Some(pod) = c.state(|state| stuck_pod(state, "helped")) {
                c.delete::<Pod>(&pod).await;
            }
        }
    })
}

fn set_act(set: &mut StatefulSet, act: &str) {
    let meta = set.spec.as_mut().map(|spec| spec.template.metadata.get_or_insert_default());
    if let Some(meta) = meta {
        meta.labels.get_or_insert_default().insert("act".to_owned(), act.to_owned());
    }
}

/// The pod that a StatefulSet says to be stuck at.
fn stuck_pod(state: &State, set: &str) -> Option<String> {
    let set = state.get::<StatefulSet>(&ObjectKey::new("default", set))?;
    let conditions = set.status.as_ref()?.conditions.as_deref()?;
    let stuck = conditions.iter().find(|condition| condition.type_ == ROLLOUT_STUCK)?;
    let pods = state.pods();
    let named =
        pods.iter().find(|pod| stuck.message.as_ref().is_some_and(|text| text.contains(&*pod.meta.name)));
    named.map(|pod| pod.meta.key().to_string())
}

/// Where an update waits for a pod of a replaced template, its StatefulSet says so, and nowhere else.
#[derive(Debug)]
struct Advice;

impl Oracle for Advice {
    fn name(&self) -> &'static str {
        "advice"
    }

    fn at_rest(&mut self, state: &State) -> Verdict {
        for set in state.all::<StatefulSet>() {
            let status = set.status.clone().unwrap_or_default();
            let update = status.update_revision.as_deref().unwrap_or_default();
            let uid = set.uid();
            let pods = state.pods();
            let owned = pods.iter().filter(|pod| pod.meta.controller().is_some_and(|owner| owner.uid == uid));
            let stuck = owned.clone().find(|pod| !pod.is_ready() && revision_of(pod) != update);
            let told = is_true(status.conditions.as_deref().unwrap_or_default(), ROLLOUT_STUCK);
            if told != stuck.is_some() {
                let (set, pod) = (set.key(), stuck.map(|pod| pod.meta.key()));
                return Err(format!("StatefulSet {set} is stuck at {pod:?} and says {told}"));
            }
            if set.name() == "helped" && (stuck.is_some() || owned.count() != 3) {
                return Err("StatefulSet helped was helped, and has not gone on".to_owned());
            }
        }
        Ok(())
    }
}
