//! What follows from what others wrote.

use super::command::Command;
use super::conditions::Own;
use super::pod::{NodePod, OtherCondition};
use super::{Course, Now, PodMachine};

impl PodMachine {
    /// Takes notice of what is wanted and of what others wrote: a deletion takes the pod down, a shorter grace hastens that,
    /// a longer or shorter active deadline counts, and who says otherwise than this node what only this node knows is
    /// contradicted. `echo` says that the pod is not newer than what this node wrote itself.
    pub fn observe(&mut self, pod: &NodePod, echo: bool, now: Now, out: &mut Vec<Command>) {
        let newer = pod.meta.generation > self.meta.generation;
        self.meta = pod.meta.clone();
        if newer {
            self.dirty = true;
            self.follow_spec(pod);
        }
        if !echo {
            let status = pod.status().unwrap_or_default();
            let denied = status.conditions.iter().any(|c| &*c.kind == "Ready" && &*c.status != "True");
            if denied && !self.dirty && self.conditions.is_true(Own::Ready) {
                self.conditions.renew(Own::Ready, now.wall);
                self.dirty = true;
            }
            self.learn(status.conditions);
        }
        if self.meta.is_terminating()
            && let (Course::Down { .. }, Some(seconds)) =
                (self.course, self.meta.deletion_grace_period_seconds)
        {
            self.hasten(super::spec::grace(Some(seconds)), now, out);
        }
        self.tick(now, out);
    }

    /// Of a spec that changed only what may change is followed.
    fn follow_spec(&mut self, pod: &NodePod) {
        let Ok(spec) = pod.spec() else { return };
        if spec.len() == self.spec.len() && spec != *self.spec {
            self.spec = spec.into();
        }
    }

    /// Keeps the conditions that others own.
    pub(super) fn learn(&mut self, conditions: Vec<OtherCondition>) {
        let mut others = Vec::new();
        for condition in conditions {
            match &*condition.kind {
                "PodScheduled" => self.scheduled = condition.last_transition_time,
                // It is set by whoever disrupts, and stays.
                "DisruptionTarget" if self.conditions.is_disrupted() => {}
                kind if Own::of(kind).is_some() => {}
                _ => others.push(condition),
            }
        }
        if self.others != others {
            // A gate may have opened or closed. Of the rest nothing is reported that is not there already.
            self.others = others;
        }
    }

    /// The status of a condition that others own.
    pub(super) fn other(&self, kind: &str) -> Option<&str> {
        self.others.iter().find(|condition| &*condition.kind == kind).map(|condition| &*condition.status)
    }
}
