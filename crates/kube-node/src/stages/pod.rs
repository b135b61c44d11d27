//! One pod that goes through stages.

use super::template::Surroundings;
use super::{Stages, Step};
use crate::machine::{Effect, NodePod, Note, Now, PodReport};
use kube_core::env::{Mono, Rng};
use kube_core::patch::apply_merge;
use kube_core::view::PodPhase;
use serde_json::{Map, Value};
use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;

/// One pod that goes through stages.
#[derive(Debug)]
pub(crate) struct StagedPod {
    stages: Arc<Stages>,
    pod: Value,
    node: IpAddr,
    own: IpAddr,
    rng: Rng,
    /// The stage that is next, and when.
    next: Option<(usize, Mono)>,
    /// What the last stage said that is to be written, in order.
    queue: VecDeque<Effect>,
    /// What was given out last.
    last: Option<Effect>,
    notes: Vec<Note>,
}

impl StagedPod {
    /// A pod on a node; addresses are the node's and its own.
    pub(crate) fn new(
        stages: Arc<Stages>,
        pod: &NodePod,
        (node, own): (IpAddr, IpAddr),
        rng: Rng,
        now: Now,
    ) -> Self {
        let (queue, notes) = (VecDeque::new(), Vec::new());
        let mut new = Self { stages, pod: Value::Null, node, own, rng, next: None, queue, last: None, notes };
        new.observe(pod, now);
        new
    }

    /// The pod has changed: a stage that still matches stays the next one, with the delay that it has.
    pub(crate) fn observe(&mut self, pod: &NodePod, now: Now) {
        let Ok(value) = pod.raw().to_value() else { return };
        self.pod = value;
        let matching = self.stages.matching(&self.pod);
        if self.next.is_some_and(|(stage, _)| matching.contains(&stage)) {
            return;
        }
        self.next = self.stages.choose(&matching, &mut self.rng).map(|stage| {
            let delay = self.stages.0[stage].delay.of(&self.pod, now.wall, &mut self.rng);
            (stage, now.mono + delay)
        });
    }

    /// What is to be written by `now`.
    pub(crate) fn news(&mut self, now: Now) -> Option<Effect> {
        if self.queue.is_empty()
            && let Some((stage, _)) = self.next.take_if(|(_, at)| now.mono >= *at)
        {
            self.pass(stage, now);
        }
        self.last = self.queue.pop_front();
        self.last.clone()
    }

    /// What was given out last did not get through.
    pub(crate) fn repeat(&mut self) {
        self.queue.extend(self.last.take());
        self.queue.rotate_right(1.min(self.queue.len()));
    }

    /// When the next stage begins.
    pub(crate) fn deadline(&self) -> Option<Mono> {
        self.next.map(|(_, at)| at)
    }

    /// Whether the pod has ended.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"))
    }

    /// What was told since it was last asked.
    pub(crate) fn take_notes(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.notes)
    }

    fn pass(&mut self, stage: usize, now: Now) {
        let stages = self.stages.clone();
        let stage = &stages.0[stage];
        for step in &stage.steps {
            let around = Surroundings { node: self.node, own: self.own, now: now.wall };
            let done = match step {
                Step::Event { warning, reason, message } => {
                    message.render(&self.pod, &around).map(|message| {
                        let message = message.trim().to_owned();
                        self.notes.push(Note { warning: *warning, reason: reason.clone().into(), message });
                        None
                    })
                }
                Step::Finalizers { add, remove, empty } => Ok(Some(self.finalizers(add, remove, *empty))),
                Step::Status(template) => {
                    template.yaml(&self.pod, &around).map(|status| Some(self.status(status)))
                }
                Step::Delete => Ok(Some(Effect::Remove)),
            };
            match done {
                Ok(effect) => self.queue.extend(effect),
                Err(error) => {
                    tracing::warn!(stage = %stage.name, %error, "a stage could not be passed");
                    return;
                }
            }
        }
    }

    fn finalizers(&self, add: &[String], remove: &[String], empty: bool) -> Effect {
        let present = self.pod["metadata"]["finalizers"].as_array().into_iter().flatten();
        let mut all: Vec<String> = present.filter_map(|name| name.as_str().map(str::to_owned)).collect();
        if empty {
            all.clear();
        }
        all.retain(|name| !remove.contains(name));
        for name in add {
            if !all.contains(name) {
                all.push(name.clone());
            }
        }
        Effect::Finalizers(all)
    }

    /// The status with what the template says: conditions by type, all else as a merge.
    fn status(&mut self, mut given: Value) -> Effect {
        let mut conditions = self.pod["status"]["conditions"].as_array().cloned().unwrap_or_default();
        if let Some(new) = given.get_mut("conditions").map(Value::take) {
            for condition in new.as_array().into_iter().flatten() {
                match conditions.iter_mut().find(|present| present["type"] == condition["type"]) {
                    Some(present) => apply_merge(present, condition),
                    None => conditions.push(condition.clone()),
                }
            }
            given["conditions"] = conditions.clone().into();
        }
        if let Some(fields) = given.as_object_mut() {
            // Directives of strategic patches say nothing here.
            fields.retain(|name, _| !name.starts_with('$'));
        }
        let mut status = self.pod.get("status").cloned().unwrap_or_else(|| Map::new().into());
        apply_merge(&mut status, &given);
        let phase = serde_json::from_value(status["phase"].clone()).unwrap_or(PodPhase::Pending);
        let is_ready = |c: &Value| c["type"] == "Ready" && c["status"] == "True";
        let ready = conditions.iter().any(is_ready);
        if let Some(shown) = self.pod.get_mut("status") {
            *shown = status;
        }
        Effect::Report(Box::new(PodReport { phase, ready, status: given }))
    }
}
