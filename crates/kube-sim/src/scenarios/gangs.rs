//! Pods that go together or not at all.

use super::slow_nodes;
use crate::campaign::Sim;
use crate::cluster::Cluster;
use crate::faults::Faults;
use crate::oracle::{State, Verdict};
use kube_core::kinds::core::v1::Pod;
use kube_core::kinds::scheduling::v1alpha2::PodGroup;
use kube_core::resource::{Resource, ResourceExt};
use kube_core::view::PodView;
use kube_sched::Profile;
use kube_sched::plugins::gang_scheduling::GangScheduling;
use serde_json::{Value, json};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// Three gangs on nodes that take two of them: the third waits until one of the others goes. At no commit is one bound in
/// part.
pub fn gangs(seeds: Range<u64>) -> Sim {
    let sim = Sim::seeds(seeds).nodes(3).fleet(slow_nodes(), ["a", "b", "c"]).faults(Faults::all());
    let sim = sim.kind::<PodGroup>().scheduler(|| Profile::default().with(GangScheduling)).always(whole);
    sim.scenario(|c| async move {
        for (name, least) in GANGS {
            let policy = json!({"gang": {"minCount": least}});
            made::<PodGroup>(&c, json!({"metadata": {"name": name}, "spec": {"schedulingPolicy": policy}}))
                .await;
        }
        for number in 0..4 {
            for (name, least) in GANGS {
                if number < least {
                    made::<Pod>(&c, member(name, number)).await;
                }
            }
            c.sleep(Duration::from_millis(1500)).await;
        }
        c.settle().await;
        // Two of three have room.
        let first = c.state(|state| !pods_of(state, GANGS[0].0, true).is_empty());
        let (going, least) = if first { GANGS[0] } else { GANGS[1] };
        for number in 0..least {
            c.delete::<Pod>(&format!("default/{going}-{number}")).await;
        }
        c.settle().await;
    })
}

/// Names, and how many pods go together. A node takes two pods.
const GANGS: [(&str, i32); 3] = [("red", 3), ("green", 3), ("blue", 3)];

fn member(group: &str, number: i32) -> Value {
    let requests = json!({"cpu": "1500m"});
    json!({"metadata": {"name": format!("{group}-{number}")}, "spec": {
        "schedulingGroup": {"podGroupName": group},
        "containers": [{"name": "c", "image": "example.org/worker:1", "resources": {"requests": requests}}],
    }})
}

async fn made<K: Resource>(c: &Cluster, object: Value) -> K {
    #[expect(clippy::expect_used, reason = "the objects are those above")]
    c.create(serde_json::from_value(object).expect("a valid object")).await
}

fn pods_of(state: &State, group: &str, bound: bool) -> Vec<Arc<PodView>> {
    let is_member = |pod: &Arc<PodView>| {
        let name = pod.spec.scheduling_group.as_ref().and_then(|group| group.pod_group_name.as_deref());
        name == Some(group) && (!bound || pod.node_name().is_some())
    };
    state.pods().into_iter().filter(is_member).collect()
}

/// A gang of which no pod was deleted is bound as a whole or not at all.
fn whole(state: &State) -> Verdict {
    for group in state.all::<PodGroup>() {
        let gang = group.spec.scheduling_policy.gang.as_ref();
        let least = gang.and_then(|gang| usize::try_from(gang.min_count).ok()).unwrap_or(0);
        let (all, bound) = (pods_of(state, group.name(), false), pods_of(state, group.name(), true));
        if all.len() >= least && !bound.is_empty() && bound.len() < least {
            return Err(format!(
                "of group {} {} pods are bound, which needs {least}",
                group.name(),
                bound.len()
            ));
        }
    }
    Ok(())
}
