//! A Deployment that is resized again and again in the middle of its rollouts, while a node fails.

use super::acts::acting;
use super::set_image;
use crate::campaign::Sim;
use crate::oracle::{Commit, Oracle, State, Verdict};
use kube_controllers::builtin::deployment::{DESIRED_REPLICAS, Target};
use kube_core::kinds::apps::v1::{Deployment, ReplicaSet};
use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

const CONTROLLERS: [&str; 3] = ["deployment-controller", "replicaset-controller", "garbage-collector"];

/// New templates and sizes that do not divide.
pub fn resizes(seeds: Range<u64>) -> Sim {
    let sim = acting(seeds, 4, &CONTROLLERS).oracle(|| Box::<Shares>::default());
    sim.scenario(|c| async move {
        c.apply(super::WEB.split_once("---").map_or("", |(_, deployment)| deployment)).await;
        c.sleep(Duration::from_secs(15)).await;
        for (round, sizes) in [[13, 7], [11, 4]].into_iter().enumerate() {
            let image = format!("example.org/web:{}", round + 2);
            c.edit::<Deployment>("default/web", |web| set_image(web, &image)).await;
            c.sleep(Duration::from_secs(4)).await;
            if round == 1 {
                c.crash("node-1", Duration::from_secs(20));
            }
            for size in sizes {
                c.scale::<Deployment>("default/web", size).await;
                c.sleep(Duration::from_secs(5)).await;
            }
        }
    })
}

/// When every ReplicaSet with pods has got its share of a new size, the shares are all that may be.
#[derive(Debug, Default)]
struct Shares {
    /// What may be in all, for each size that the Deployment ever had.
    limits: BTreeSet<(i32, i32)>,
}

impl Oracle for Shares {
    fn name(&self) -> &'static str {
        "shares"
    }

    fn after(&mut self, commit: &Commit, state: &State) -> Verdict {
        for change in &commit.changes {
            if let Some((_, Some(deployment))) = change.of::<Deployment>() {
                let target = Target::of(&deployment);
                self.limits.insert((target.replicas, target.max_total()));
            }
            let Some((Some(before), Some(after))) = change.of::<ReplicaSet>() else { continue };
            if &*commit.author == "deployment-controller" && desired(&before) != desired(&after) {
                self.check(&after, state)?;
            }
        }
        Ok(())
    }
}

impl Shares {
    /// `last` was just given its share.
    fn check(&self, last: &ReplicaSet, state: &State) -> Verdict {
        let mut active = state.replica_sets();
        active.retain(|set| size(set) > 0);
        let wanted = desired(last);
        if active.len() < 2 || active.iter().any(|set| desired(set) != wanted) || size(last) == 0 {
            return Ok(());
        }
        let total: i32 = active.iter().map(|set| size(set)).sum();
        let most = self.limits.iter().find(|(replicas, _)| Some(*replicas) == wanted).map(|(_, most)| *most);
        if Some(total) == most {
            return Ok(());
        }
        let sizes: Vec<i32> = active.iter().map(|set| size(set)).collect();
        Err(format!("of {most:?} pods for {wanted:?} the ReplicaSets have got {sizes:?}"))
    }
}

fn size(set: &ReplicaSet) -> i32 {
    set.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1)
}

fn desired(set: &ReplicaSet) -> Option<i32> {
    set.metadata.annotations.as_ref()?.get(DESIRED_REPLICAS)?.parse().ok()
}
