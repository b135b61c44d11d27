//! Pods that their node rejects.

use super::acts::acting;
use crate::campaign::Sim;
use crate::oracle::{Commit, Oracle, State, Verdict};
use kube_core::env::Mono;
use kube_core::kinds::apps::v1::Deployment;
use kube_core::resource::Uid;
use kube_core::view::{PodPhase, PodView};
use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::time::Duration;

const REJECTIONS: &str = include_str!("rejections.yaml");

const CONTROLLERS: [&str; 3] = ["deployment-controller", "replicaset-controller", "garbage-collector"];

/// Three pods for a node that has room for one, until the template lets them go elsewhere.
pub fn rejections(seeds: Range<u64>) -> Sim {
    let sim = acting(seeds, 4, &CONTROLLERS).oracle(|| Box::<Paces>::default());
    sim.scenario(|c| async move {
        c.until("the node is there", |state| !state.nodes().is_empty()).await;
        c.apply(REJECTIONS).await;
        c.sleep(Duration::from_mins(2)).await;
        c.edit::<Deployment>("default/web", |web| {
            let pod = web.spec.as_mut().and_then(|spec| spec.template.spec.as_mut());
            if let Some(pod) = pod {
                pod.node_name = None;
            }
        })
        .await;
    })
}

/// No ReplicaSet makes pods faster than it may be refused them. A pod that begins to run ends a row of rejections: a node
/// that starts anew may run a younger pod than before.
#[derive(Debug, Default)]
struct Paces {
    made: BTreeMap<Uid, VecDeque<Mono>>,
}

const MOST: usize = 30;
const SPAN: Duration = Duration::from_mins(1);

impl Oracle for Paces {
    fn name(&self) -> &'static str {
        "paces"
    }

    fn after(&mut self, commit: &Commit, _state: &State) -> Verdict {
        for change in &commit.changes {
            let Some((before, Some(pod))) = change.of::<PodView>() else { continue };
            let Some(owner) = pod.meta.controller() else { continue };
            let made = self.made.entry(owner.uid.clone()).or_default();
            let runs = |pod: &PodView| pod.status.phase == PodPhase::Running;
            if let Some(before) = before {
                if runs(&pod) && !runs(&before) {
                    made.clear();
                }
                continue;
            }
            made.push_back(commit.at);
            while made.front().is_some_and(|first| commit.at.since(*first) > SPAN) {
                made.pop_front();
            }
            if made.len() > MOST {
                return Err(format!("{} made {} pods within {SPAN:?}", owner.name, made.len()));
            }
        }
        Ok(())
    }
}
