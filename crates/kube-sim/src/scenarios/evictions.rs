//! Pods that are evicted as fast as their budget allows, under all faults.

use super::acts::acting;
use crate::campaign::Sim;
use crate::cluster::Cluster;
use crate::oracle::{Commit, Oracle, SCENARIO, State, Verdict};
use kube_core::kinds::policy::v1::PodDisruptionBudget;
use kube_core::resource::{ObjectKey, Uid};
use kube_core::view::PodView;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

const EVICTIONS: &str = include_str!("evictions.yaml");

const CONTROLLERS: [&str; 5] = [
    "deployment-controller",
    "replicaset-controller",
    "disruption-controller",
    "stale-disruption-controller",
    "garbage-collector",
];

/// A drain that takes whatever it is given.
pub fn evictions(seeds: Range<u64>) -> Sim {
    let sim = acting(seeds, 3, &CONTROLLERS).oracle(|| Box::<Budgets>::default());
    sim.scenario(|c| async move {
        c.apply(EVICTIONS).await;
        c.sleep(Duration::from_secs(12)).await;
        for _ in 0..8 {
            evict_all(&c).await;
            c.sleep(Duration::from_millis(1300)).await;
        }
    })
}

async fn evict_all(c: &Cluster) {
    for pod in c.state(State::pods) {
        c.evict(&pod.meta.key().to_string()).await;
    }
}

/// The pods that are left after an eviction are as many as the budget asks for. A pod that was ready and became unready by
/// itself counts: that was not foreseen.
#[derive(Debug, Default)]
struct Budgets {
    /// Pods that have been ready.
    ready: BTreeSet<Uid>,
}

const LEAST: usize = 3;

impl Oracle for Budgets {
    fn name(&self) -> &'static str {
        "budgets"
    }

    fn after(&mut self, commit: &Commit, state: &State) -> Verdict {
        for change in &commit.changes {
            let Some((before, after)) = change.of::<PodView>() else { continue };
            if let Some(pod) = after.as_ref().filter(|pod| pod.is_ready()) {
                self.ready.insert(pod.meta.uid.clone());
            }
            let goes = |pod: &Arc<PodView>| pod.is_ready() && pod.is_active();
            let evicted = &*commit.author == SCENARIO && before.as_ref().is_some_and(goes);
            if evicted && after.is_none_or(|after| after.is_terminating()) {
                self.check(state, &change.key)?;
            }
        }
        Ok(())
    }

    fn at_rest(&mut self, state: &State) -> Verdict {
        let key = ObjectKey::from("default/web");
        let Some(budget) = state.get::<PodDisruptionBudget>(&key) else { return Ok(()) };
        let status = budget.status.clone().unwrap_or_default();
        let told = (status.current_healthy, status.disruptions_allowed, status.disrupted_pods);
        if told == (Some(5), Some(2), None) {
            Ok(())
        } else {
            Err(format!("of 5 healthy pods, 2 more than wanted, the budget tells {told:?}"))
        }
    }
}

impl Budgets {
    fn check(&self, state: &State, evicted: &kube_store::storage::Key) -> Verdict {
        let left = state.pods();
        let left = left.iter().filter(|pod| pod.is_active() && self.ready.contains(&pod.meta.uid)).count();
        if left >= LEAST {
            return Ok(());
        }
        Err(format!("{left} pods are left after the eviction of {evicted}, the budget asks for {LEAST}"))
    }
}
