//! The phase of a pod.

use super::container::{Container, Shown};
use super::spec::LifeSpec;
use kube_core::view::PodPhase;

/// Reason of containers that were stopped so that all are started again.
pub(super) const RESTARTING_ALL: &str = "RestartingAllContainers";

#[derive(Default)]
struct Counts {
    pending_init: usize,
    pending_sidecars: usize,
    failed_init: usize,
    waiting: usize,
    running: usize,
    stopped: usize,
    stopped_for_good: usize,
    succeeded: usize,
}

/// The phase that the containers are in. `over` says that none of them will be started again.
///
/// Source: `k8s.io/kubernetes/pkg/kubelet` (`getPhase`), with the features `ContainerRestartRules` and
/// `RestartAllContainersOnContainerExits`.
pub(super) fn phase(spec: &LifeSpec, containers: &[Container], over: bool) -> PodPhase {
    let inits = spec.init_containers.len();
    let initialized = containers.iter().skip(inits).any(|c| c.ran);
    let mut counts = Counts::default();
    for (index, container) in containers.iter().enumerate() {
        if spec.is_sidecar(index) {
            counts.sidecar(container);
        } else if index < inits {
            counts.init(spec, index, container);
        } else {
            counts.main(spec, index, container);
        }
    }
    counts.phase(initialized, over)
}

/// Whether a container that ended so is started again.
fn restarts(spec: &LifeSpec, index: usize, ended: &super::container::Ended) -> bool {
    ended.reason == RESTARTING_ALL || spec.restarts(index, ended.code)
}

impl Counts {
    fn init(&mut self, spec: &LifeSpec, index: usize, container: &Container) {
        let ((Shown::Terminated(ended), _) | (Shown::Waiting(_), Some(ended))) =
            (&container.shown, &container.last)
        else {
            self.pending_init += 1;
            return;
        };
        if ended.code != 0 && !restarts(spec, index, ended) {
            self.failed_init += 1;
        }
    }

    fn sidecar(&mut self, container: &Container) {
        match (&container.shown, &container.last) {
            (Shown::Running { .. }, _) => {
                self.pending_sidecars += usize::from(!container.started);
                self.running += 1;
            }
            (Shown::Waiting(_), None) => {
                self.pending_sidecars += 1;
                self.waiting += 1;
            }
            _ => {}
        }
    }

    fn main(&mut self, spec: &LifeSpec, index: usize, container: &Container) {
        let ended = match (&container.shown, &container.last) {
            (Shown::Running { .. }, _) => {
                self.running += 1;
                return;
            }
            (Shown::Waiting(_), None) => {
                self.waiting += 1;
                return;
            }
            (Shown::Terminated(ended), _) => {
                self.succeeded += usize::from(ended.code == 0);
                ended
            }
            (Shown::Waiting(_), Some(ended)) => ended,
        };
        self.stopped += 1;
        self.stopped_for_good += usize::from(!restarts(spec, index, ended));
    }

    fn phase(&self, initialized: bool, over: bool) -> PodPhase {
        if self.failed_init > 0 {
            return PodPhase::Failed;
        }
        let pending = self.pending_init > 0 || (self.pending_sidecars > 0 && !initialized);
        if pending || self.waiting > 0 {
            return PodPhase::Pending;
        }
        if self.running > 0 {
            return PodPhase::Running;
        }
        if self.stopped == 0 {
            return PodPhase::Pending;
        }
        if !over && self.stopped != self.stopped_for_good {
            return PodPhase::Running;
        }
        if self.stopped == self.succeeded { PodPhase::Succeeded } else { PodPhase::Failed }
    }
}
