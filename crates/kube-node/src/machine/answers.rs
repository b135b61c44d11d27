//! What follows from what the runtime says.

use super::command::{Answer, Command, Exit, PullFailure, StartFailure};
use super::container::{Container, Ended, Shown};
use super::phase::RESTARTING_ALL;
use super::{Course, Now, PodMachine, RESYNC, Sandbox, Step};
use std::time::Duration;

/// How long the error of a pull shows before the wait for the next one does.
const PULL_ERROR_SHOWS: Duration = Duration::from_secs(1);

impl PodMachine {
    /// Takes notice of what the runtime says, and goes on. Answers that nobody waits for are ignored.
    pub fn answer(&mut self, answer: Answer, now: Now, out: &mut Vec<Command>) {
        match answer {
            Answer::SandboxReady { .. } | Answer::SandboxFailed { .. } | Answer::SandboxRemoved => {
                self.sandbox_answered(answer, now, out);
            }
            Answer::Pulled { container } => self.pulled(container, out),
            Answer::PullFailed { container, failure, message } => {
                self.pull_failed(container, (failure, message), now, out);
            }
            Answer::Started { container } => self.started(container, now, out),
            Answer::StartFailed { container, failure, message } => {
                self.start_failed(container, (failure, message), now, out);
            }
            Answer::PostStartDone { container, failed } => self.hook_returned(container, failed, now, out),
            Answer::PreStopDone { container } => self.stop_hook_returned(container, now, out),
            Answer::Exited { container, exit } => self.exited(container, exit, now, out),
            Answer::Probed { container, probe, success, steady_until } => {
                self.probed((container, probe), (success, steady_until), now, out);
            }
            Answer::Readiness { container, ready } => {
                if let Some(container) = self.containers.get_mut(container).filter(|c| c.up) {
                    container.told = Some(ready);
                }
            }
        }
        self.tick(now, out);
    }

    fn sandbox_answered(&mut self, answer: Answer, now: Now, out: &mut Vec<Command>) {
        match (answer, self.sandbox) {
            (Answer::SandboxReady { ips }, Sandbox::Preparing) => {
                self.sandbox = Sandbox::Ready;
                self.ips = if self.spec.host_network { vec![self.host_ip] } else { ips };
                self.dirty = true;
            }
            (Answer::SandboxFailed { message }, Sandbox::Preparing) => {
                self.sandbox = Sandbox::Absent { not_before: now.mono + RESYNC };
                Self::note_sandbox(message, out);
            }
            (Answer::SandboxRemoved, Sandbox::Removing) => {
                self.sandbox = Sandbox::Absent { not_before: now.mono };
                self.end();
            }
            _ => {}
        }
    }

    /// The container, if that is what is being done with it.
    fn at_step(&mut self, index: usize, step: Step) -> Option<&mut Container> {
        self.containers.get_mut(index).filter(|container| container.step == step)
    }

    fn pulled(&mut self, index: usize, out: &mut Vec<Command>) {
        let Some(container) = self.at_step(index, Step::Pulling) else { return };
        container.step = Step::Starting;
        container.pull_trouble = None;
        let attempt = container.restarts + i32::from(container.ran);
        out.push(Command::Start { container: index, attempt });
    }

    fn pull_failed(
        &mut self,
        index: usize,
        (failure, message): (PullFailure, String),
        now: Now,
        out: &mut Vec<Command>,
    ) {
        let Some(container) = self.at_step(index, Step::Pulling) else { return };
        container.step = Step::Idle;
        container.not_before = now.mono + RESYNC;
        if failure.backs_off() {
            container.not_before = now.mono + container.pulls.next(now.mono, now.mono);
            let trouble = (format!("{}: {message}", failure.as_str()), now.mono + PULL_ERROR_SHOWS);
            container.pull_trouble = Some(Box::new(trouble));
        }
        self.dirty |= container.wait(failure.as_str(), message.clone());
        self.note_pull_failed(index, failure, &message, out);
    }

    fn started(&mut self, index: usize, now: Now, out: &mut Vec<Command>) {
        let Some(spec) = self.spec.clone().container(index).cloned() else { return };
        let Some(container) = self.at_step(index, Step::Starting) else { return };
        if container.ran {
            container.restarts += 1;
        }
        container.ran = true;
        container.up = true;
        if spec.lifecycle.post_start {
            container.step = Step::PostStart { since: now.wall };
            out.push(Command::PostStart { container: index });
        } else {
            container.run(&spec, now.wall, now.mono);
            self.dirty = true;
        }
        self.note_started(index, out);
    }

    fn start_failed(
        &mut self,
        index: usize,
        (failure, message): (StartFailure, String),
        now: Now,
        out: &mut Vec<Command>,
    ) {
        let Some(container) = self.at_step(index, Step::Starting) else { return };
        container.step = Step::Idle;
        container.not_before = now.mono + RESYNC;
        if failure == StartFailure::RunContainerError {
            // It was created: that counts as a run that ended at once.
            if container.ran {
                container.restarts += 1;
            }
            container.ran = true;
            container.failed = now.mono;
            let wait = container.crashes.pending(now.mono, now.mono);
            container.not_before = wait.map_or(now.mono + RESYNC, |(_, until)| until);
            container.shown = Shown::Terminated(Box::new(Ended {
                code: 128,
                reason: "StartError".into(),
                message: Some(message.clone()),
                started: None,
                finished: Some(now.wall),
            }));
        }
        self.dirty |= container.wait(failure.as_str(), message.clone());
        Self::note_failed(&message, out);
    }

    fn hook_returned(&mut self, index: usize, failed: Option<String>, now: Now, out: &mut Vec<Command>) {
        let Some(spec) = self.spec.clone().container(index).cloned() else { return };
        let Some(container) = self.containers.get_mut(index) else { return };
        let Step::PostStart { since } = container.step else { return };
        let Some(message) = failed else {
            container.run(&spec, since, now.mono);
            self.dirty = true;
            return;
        };
        self.dirty |= container.wait("PostStartHookError", message.clone());
        Self::note_hook("FailedPostStartHook", message, out);
        self.take_down(index, self.spec.grace(), now, out);
    }

    fn stop_hook_returned(&mut self, index: usize, now: Now, out: &mut Vec<Command>) {
        let Some(container) = self.containers.get_mut(index) else { return };
        let Step::PreStop { until } = container.step else { return };
        container.step = Step::Idle;
        if self.course == Course::Up {
            self.stop(index, until, now, out);
        }
    }

    fn exited(&mut self, index: usize, exit: Exit, now: Now, out: &mut Vec<Command>) {
        let Some(container) = self.containers.get_mut(index).filter(|container| container.up) else { return };
        let code = exit.code;
        let mut exit = exit;
        if self.restarting_all {
            exit.reason = Some(RESTARTING_ALL);
        }
        container.exit(exit, now.wall, now.mono);
        self.dirty = true;
        let again = self.course == Course::Up && !self.restarting_all;
        if again && self.spec.restarts_all(index, code) {
            self.restarting_all = true;
            for other in 0..self.containers.len() {
                let other_up = self.containers[other].up;
                if self.containers[other].step == Step::Pulling {
                    self.containers[other].step = Step::Idle;
                } else if other_up {
                    self.stop(other, now.mono, now, out);
                }
            }
        }
    }
}
