//! A StatefulSet that grows, shrinks, is updated and loses pods, under all faults.

use super::{among, lose_a_pod, set_image_of};
use crate::campaign::Sim;
use crate::oracle::{Commit, Oracle, State, Verdict};
use kube_controllers::builtin::stateful_set::identity::{ordinal_of, revision_of};
use kube_core::env::Mono;
use kube_core::kinds::apps::v1::StatefulSet;
use kube_core::resource::{ObjectKey, ResourceExt};
use kube_core::view::PodView;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

const QUEUE: &str = include_str!("queue.yaml");

const CONTROLLERS: [&str; 4] = [
    "statefulset-controller",
    "garbage-collector",
    "pod-garbage-collector-controller",
    "namespace-controller",
];

/// How far a component may rightly be behind.
const BEHIND: Duration = Duration::from_mins(2);

/// Up, down, lost pods, new templates, and a change of mind while an update is under way.
pub fn stateful(seeds: Range<u64>) -> Sim {
    let sim = among(seeds, 4, &["a", "b"], &CONTROLLERS).oracle(|| Box::<Ordinals>::default());
    sim.scenario(|c| async move {
        c.apply(QUEUE).await;
        c.sleep(Duration::from_secs(12)).await;
        lose_a_pod(&c).await;
        c.edit::<StatefulSet>("default/queue", |queue| set_image(queue, "example.org/queue:2")).await;
        c.sleep(Duration::from_secs(15)).await;
        c.scale::<StatefulSet>("default/queue", 5).await;
        c.sleep(Duration::from_secs(6)).await;
        c.edit::<StatefulSet>("default/queue", |queue| set_image(queue, "example.org/queue:3")).await;
        lose_a_pod(&c).await;
        c.sleep(Duration::from_secs(10)).await;
        c.scale::<StatefulSet>("default/queue", 2).await;
        c.settle().await;
        c.edit::<StatefulSet>("default/queue", |queue| set_image(queue, "example.org/queue:1")).await;
    })
}

fn set_image(queue: &mut StatefulSet, image: &str) {
    set_image_of(queue.spec.as_mut().map(|spec| &mut spec.template), image);
}

/// No two pods of one ordinal run at a time: a pod that may run is gone when its node says so, and only then another
/// takes its name. In order, none is made before its predecessors were ready.
#[derive(Debug, Default)]
pub(super) struct Ordinals {
    /// When a pod of that name was ready last.
    ready: BTreeMap<ObjectKey, Mono>,
}

impl Oracle for Ordinals {
    fn name(&self) -> &'static str {
        "ordinals"
    }

    fn after(&mut self, commit: &Commit, state: &State) -> Verdict {
        for change in &commit.changes {
            let Some((before, after)) = change.of::<PodView>() else { continue };
            let ours =
                |pod: &Arc<PodView>| pod.meta.controller().is_some_and(|owner| &*owner.kind == "StatefulSet");
            for pod in before.iter().chain(&after).filter(|pod| ours(pod) && pod.is_ready()) {
                self.ready.insert(pod.meta.key(), commit.at);
            }
            match (before.filter(ours), after.filter(ours)) {
                (Some(gone), None) => may_go(&gone, &commit.author)?,
                (None, Some(made)) => self.may_come(&made, commit.at, state)?,
                (Some(old), Some(new)) if old.meta.uid != new.meta.uid => {
                    return Err(format!("pod {} became another", new.meta.key()));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn at_rest(&mut self, state: &State) -> Verdict {
        state.all::<StatefulSet>().iter().try_for_each(|set| complete(set, &state.pods()))
    }
}

/// A pod on a node runs until that node says that it does not.
fn may_go(pod: &PodView, author: &str) -> Verdict {
    let node = pod.node_name().filter(|_| !pod.is_terminal());
    match node {
        Some(node) if **node != *author => {
            Err(format!("{author} removed pod {}, which may still run on {node}", pod.meta.key()))
        }
        _ => Ok(()),
    }
}

impl Ordinals {
    fn may_come(&self, pod: &PodView, now: Mono, state: &State) -> Verdict {
        let Some(owner) = pod.meta.controller() else { return Ok(()) };
        let key = ObjectKey::new(pod.meta.namespace.clone(), owner.name.clone());
        let Some(set) = state.get::<StatefulSet>(&key) else { return Ok(()) };
        let parallel =
            set.spec.as_ref().and_then(|spec| spec.pod_management_policy.as_deref()) == Some("Parallel");
        let Some(ordinal) = ordinal_of(&owner.name, &pod.meta.name).filter(|_| !parallel) else {
            return Ok(());
        };
        for lower in 0..ordinal {
            let name = ObjectKey::new(pod.meta.namespace.clone(), format!("{}-{lower}", owner.name));
            let was_ready = self.ready.get(&name).is_some_and(|at| now.since(*at) < BEHIND);
            let is_ready = state.get::<PodView>(&name).is_some_and(|pod| pod.is_ready());
            if !was_ready && !is_ready {
                return Err(format!("pod {} was made before {name} was ready", pod.meta.key()));
            }
        }
        Ok(())
    }
}

fn complete(set: &StatefulSet, pods: &[Arc<PodView>]) -> Verdict {
    let key = set.key();
    let wanted = set.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
    let status = set.status.clone().unwrap_or_default();
    if status.observed_generation != set.metadata.generation {
        return Err(format!("StatefulSet {key} is of another generation than its status"));
    }
    let counts = [
        Some(status.replicas),
        status.ready_replicas,
        status.available_replicas,
        status.current_replicas,
        status.updated_replicas,
    ];
    if counts.iter().any(|count| count.unwrap_or(0) != wanted)
        || status.current_revision != status.update_revision
    {
        return Err(format!("StatefulSet {key} wants {wanted} pods of one revision and tells of {status:?}"));
    }
    let uid = set.uid();
    let owned = pods.iter().filter(|pod| pod.meta.controller().is_some_and(|owner| owner.uid == uid));
    let mut there: Vec<&str> = Vec::new();
    for pod in owned {
        if !pod.is_ready() || Some(revision_of(pod)) != status.update_revision.as_deref() {
            return Err(format!("pod {} is not ready, or of an old revision", pod.meta.key()));
        }
        there.push(&pod.meta.name);
    }
    let names: Vec<String> = (0..wanted).map(|ordinal| format!("{}-{ordinal}", set.name())).collect();
    if there == names { Ok(()) } else { Err(format!("StatefulSet {key} has {there:?} instead of {names:?}")) }
}
