//! What the kubelet tells of as events.
//!
//! Source: `k8s.io/kubernetes/pkg/kubelet/events`, and the places that use it.

use super::PodMachine;
use super::command::{Command, Note, ProbeKind, PullFailure};

impl PodMachine {
    fn name(&self, index: usize) -> &str {
        self.spec.container(index).map_or("", |spec| &spec.name)
    }

    pub(super) fn note_started(&self, index: usize, out: &mut Vec<Command>) {
        out.push(normal("Started", format!("Container started: {}", self.name(index))));
    }

    pub(super) fn note_killing(&self, index: usize, out: &mut Vec<Command>) {
        out.push(normal("Killing", format!("Stopping container {}", self.name(index))));
    }

    pub(super) fn note_unalive(&self, index: usize, kind: ProbeKind, out: &mut Vec<Command>) {
        let message =
            format!("Container {} failed {} probe, will be restarted", self.name(index), kind.as_str());
        out.push(normal("Killing", message));
    }

    pub(super) fn note_unhealthy(kind: ProbeKind, out: &mut Vec<Command>) {
        let mut name = kind.as_str().to_owned();
        name[..1].make_ascii_uppercase();
        out.push(warning("Unhealthy", format!("{name} probe failed")));
    }

    pub(super) fn note_backoff(&self, index: usize, pod: &str, out: &mut Vec<Command>) {
        let message = format!("Back-off restarting failed container {} in pod {pod}", self.name(index));
        out.push(warning("BackOff", message));
    }

    pub(super) fn note_sandbox(message: String, out: &mut Vec<Command>) {
        out.push(warning("FailedCreatePodSandBox", message));
    }

    pub(super) fn note_pull_failed(
        &self,
        index: usize,
        failure: PullFailure,
        message: &str,
        out: &mut Vec<Command>,
    ) {
        let image = self.spec.container(index).and_then(|spec| spec.image.as_deref()).unwrap_or_default();
        out.push(warning("Failed", format!("Failed to pull image \"{image}\": {message}")));
        out.push(warning("Failed", format!("Error: {}", failure.as_str())));
    }

    pub(super) fn note_failed(message: &str, out: &mut Vec<Command>) {
        out.push(warning("Failed", format!("Error: {message}")));
    }

    pub(super) fn note_hook(reason: &'static str, message: String, out: &mut Vec<Command>) {
        out.push(warning(reason, message));
    }
}

fn normal(reason: &'static str, message: String) -> Command {
    Command::Note(Note { warning: false, reason: reason.into(), message })
}

fn warning(reason: &'static str, message: String) -> Command {
    Command::Note(Note { warning: true, reason: reason.into(), message })
}
