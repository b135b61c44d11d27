//! What a Job controller may report: a job ends once, with its times and without pods; counters only grow.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/batch/validation` (`ValidateJobStatusUpdate`), `pkg/registry/batch/job`
//! (`getStatusValidationOptions`): most rules are asked only where something that they are about has changed.

use super::indexes::{count_indexes, overlap};
use super::job_spec::INDEXED;
use crate::error::{FieldError, FieldPath, ShownAsJson};
use crate::kinds::batch::v1::{JobSpec, JobStatus};
use crate::validate::counts::none_negative;
use crate::validate::fields::{Items, Text};
use std::collections::BTreeSet;

const COMPLETE: &str = "Complete";
const FAILED: &str = "Failed";
const FAILURE_TARGET: &str = "FailureTarget";
const SUCCESS: &str = "SuccessCriteriaMet";
const SUSPENDED: &str = "Suspended";

/// A status, and the one before.
struct Change<'a> {
    new: &'a JobStatus,
    old: &'a JobStatus,
    spec: &'a JobSpec,
    path: FieldPath,
    errors: Vec<FieldError>,
}

fn is(status: &JobStatus, kind: &str) -> bool {
    says(status, kind, "True")
}

fn denies(status: &JobStatus, kind: &str) -> bool {
    says(status, kind, "False")
}

fn says(status: &JobStatus, kind: &str, what: &str) -> bool {
    status.conditions.items().iter().any(|condition| condition.type_ == kind && condition.status == what)
}

fn is_finished(status: &JobStatus) -> bool {
    is(status, COMPLETE) || is(status, FAILED)
}

/// What is wrong with the status `new` of a job of `spec` as the successor of `old`.
pub(super) fn validate_status(new: &JobStatus, old: &JobStatus, spec: &JobSpec) -> Vec<FieldError> {
    let path = FieldPath::new("status");
    let mut change = Change { new, old, spec, path, errors: Vec::new() };
    change.counts();
    change.conditions();
    change.times();
    change.conditions_in_order();
    change.finished();
    change.indexes();
    change.pods();
    change.success();
    change.transition();
    change.errors
}

impl Change<'_> {
    fn changed(&self, kind: &str) -> bool {
        is(self.new, kind) != is(self.old, kind)
    }

    fn finished_changed(&self) -> bool {
        is_finished(self.new) != is_finished(self.old)
    }

    fn wrong_conditions(&mut self, detail: impl Into<String>) {
        self.errors.push(FieldError::invalid_whole(&self.path.child("conditions"), detail));
    }

    fn counts(&mut self) {
        let status = self.new;
        self.errors.extend(none_negative(
            &self.path,
            &[
                ("active", status.active.map(Into::into)),
                ("succeeded", status.succeeded.map(Into::into)),
                ("failed", status.failed.map(Into::into)),
                ("ready", status.ready.map(Into::into)),
                ("terminating", status.terminating.map(Into::into)),
            ],
        ));
        let Some(pods) = &status.uncounted_terminated_pods else { return };
        let path = self.path.child("uncountedTerminatedPods");
        let mut seen = BTreeSet::new();
        for (field, uids) in [("succeeded", pods.succeeded.items()), ("failed", pods.failed.items())] {
            for (index, uid) in uids.iter().enumerate() {
                let path = path.child(field).index(index);
                if uid.is_empty() {
                    self.errors.push(FieldError::invalid(&path, uid, "must not be empty"));
                } else if !seen.insert(uid) {
                    self.errors.push(FieldError::duplicate(&path, uid));
                }
            }
        }
    }

    fn conditions(&mut self) {
        let (complete, failed) = (is(self.new, COMPLETE), is(self.new, FAILED));
        if (self.changed(COMPLETE) || self.changed(FAILED)) && complete && failed {
            self.wrong_conditions("cannot set Complete=True and Failed=true conditions");
        }
        let changed = self.changed(COMPLETE) || self.changed(FAILURE_TARGET);
        if changed && complete && is(self.new, FAILURE_TARGET) {
            self.wrong_conditions("cannot set Complete=True and FailureTarget=true conditions");
        }
    }

    fn times(&mut self) {
        let (new, old) = (self.new, self.old);
        let path = self.path.child("completionTime");
        let (start, end) = (new.start_time.as_ref(), new.completion_time.as_ref());
        let (start_changed, end_changed) =
            (new.start_time != old.start_time, new.completion_time != old.completion_time);
        let shown = || ShownAsJson(&new.completion_time);
        if self.changed(COMPLETE) || end_changed {
            match (end.is_some(), is(new, COMPLETE)) {
                (true, false) => {
                    let detail = "cannot set completionTime when there is no Complete=True condition";
                    self.errors.push(FieldError::invalid(&path, shown(), detail));
                }
                (false, true) => {
                    let detail = "completionTime is required for Complete jobs";
                    self.errors.push(FieldError::required(&path, detail));
                }
                _ => {}
            }
        }
        if (start_changed || end_changed)
            && let (Some(start), Some(end)) = (start, end)
            && end.0 < start.0
        {
            let detail = "completionTime cannot be set before startTime";
            self.errors.push(FieldError::invalid(&path, shown(), detail));
        }
    }

    fn conditions_in_order(&mut self) {
        let changed = self.changed(FAILED) || self.changed(FAILURE_TARGET);
        if changed && is(self.new, FAILED) && !is(self.new, FAILURE_TARGET) {
            self.wrong_conditions(
                "cannot set Failed=True condition without the FailureTarget=true condition",
            );
        }
        let changed = self.changed(COMPLETE) || self.changed(SUCCESS);
        if changed && is(self.new, COMPLETE) && !is(self.new, SUCCESS) {
            self.wrong_conditions(
                "cannot set Complete=True condition without the SuccessCriteriaMet=true condition",
            );
        }
    }

    fn finished(&mut self) {
        let (new, old) = (self.new, self.old);
        if !is_finished(new) {
            return;
        }
        let changed = self.finished_changed();
        let active = new.active.unwrap_or_default();
        if (changed || new.active != old.active) && active > 0 {
            let detail = "active>0 is invalid for finished job";
            self.errors.push(FieldError::invalid(&self.path.child("active"), active, detail));
        }
        let of_nothing = self.spec.suspend == Some(true) && self.spec.completions == Some(0);
        if (changed || new.start_time != old.start_time) && new.start_time.is_none() && !of_nothing {
            let detail = "startTime is required for finished job";
            self.errors.push(FieldError::required(&self.path.child("startTime"), detail));
        }
        if (changed || new.uncounted_terminated_pods != old.uncounted_terminated_pods)
            && let Some(pods) = &new.uncounted_terminated_pods
            && pods.failed.items().len() + pods.succeeded.items().len() > 0
        {
            let detail = "uncountedTerminatedPods needs to be empty for finished job";
            let path = self.path.child("uncountedTerminatedPods");
            self.errors.push(FieldError::invalid(&path, ShownAsJson(pods), detail));
        }
    }

    fn indexes(&mut self) {
        let (new, old) = (self.new, self.old);
        let (done, failed) = (new.completed_indexes.text(), new.failed_indexes.as_deref());
        let done_changed = done != old.completed_indexes.text();
        let failed_changed = new.failed_indexes != old.failed_indexes;
        let paths = (self.path.child("completedIndexes"), self.path.child("failedIndexes"));
        let per_index = self.spec.backoff_limit_per_index.is_some();
        if let (true, Some(count)) = (done_changed, self.spec.completions)
            && let Err(why) = count_indexes(done, count)
        {
            let detail = format!("error parsing completedIndexes: {why}");
            self.errors.push(FieldError::invalid(&paths.0, done, detail));
        }
        if let (true, true, Some(count), Some(failed)) =
            (failed_changed, per_index, self.spec.completions, failed)
            && let Err(why) = count_indexes(failed, count)
        {
            let detail = format!("error parsing failedIndexes: {why}");
            self.errors.push(FieldError::invalid(&paths.1, failed, detail));
        }
        if done_changed && !done.is_empty() && self.spec.completion_mode.text() != INDEXED {
            let detail = "cannot set non-empty completedIndexes when non-indexed completion mode";
            self.errors.push(FieldError::invalid(&paths.0, done, detail));
        }
        let Some(failed) = failed else { return };
        if failed_changed && !per_index {
            let detail = "cannot set non-null failedIndexes when backoffLimitPerIndex is null";
            self.errors.push(FieldError::invalid(&paths.1, failed, detail));
        }
        if (failed_changed || done_changed)
            && let Some(count) = self.spec.completions
            && let Some(index) = overlap(done, failed, count)
        {
            let detail = format!("failedIndexes and completedIndexes overlap at index: {index}");
            self.errors.push(FieldError::invalid(&paths.1, failed, detail));
        }
    }

    fn pods(&mut self) {
        let (new, old) = (self.new, self.old);
        let terminating = new.terminating.unwrap_or_default();
        if (self.finished_changed() || new.terminating != old.terminating)
            && terminating > 0
            && is_finished(new)
        {
            let detail = "terminating>0 is invalid for finished job";
            self.errors.push(FieldError::invalid(&self.path.child("terminating"), terminating, detail));
        }
        let ready = new.ready.unwrap_or_default();
        if (new.ready != old.ready || new.active != old.active) && ready > new.active.unwrap_or_default() {
            let detail = "cannot set more ready pods than active";
            self.errors.push(FieldError::invalid(&self.path.child("ready"), ready, detail));
        }
    }

    fn success(&mut self) {
        let met = is(self.new, SUCCESS);
        if met && is(self.new, FAILED) {
            self.wrong_conditions("cannot set SuccessCriteriaMet=True and Failed=true conditions");
        }
        if met && is(self.new, FAILURE_TARGET) {
            self.wrong_conditions("cannot set SuccessCriteriaMet=True and FailureTarget=true conditions");
        }
        if self.spec.success_policy.is_some() && !met && is(self.new, COMPLETE) {
            self.wrong_conditions(
                "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True",
            );
        }
    }

    fn transition(&mut self) {
        let (new, old) = (self.new, self.old);
        for kind in [FAILED, COMPLETE, FAILURE_TARGET] {
            if is(old, kind) && !is(new, kind) {
                self.wrong_conditions(format!("cannot disable the terminal {kind}=True condition"));
            }
        }
        let counts = [("failed", new.failed, old.failed), ("succeeded", new.succeeded, old.succeeded)];
        // An indexed job that is as wide as it is long may be scaled down.
        let scaled =
            self.spec.completion_mode.text() == INDEXED && self.spec.completions == self.spec.parallelism;
        for (field, new, old) in counts {
            let (new, old) = (new.unwrap_or_default(), old.unwrap_or_default());
            if new < old && !(field == "succeeded" && scaled) {
                let detail = format!("cannot decrease the {field} counter");
                self.errors.push(FieldError::invalid(&self.path.child(field), new, detail));
            }
        }
        let (end, before) = (&new.completion_time, &old.completion_time);
        if end.is_some() && before.is_some() && end != before {
            let detail = "completionTime cannot be mutated";
            self.errors.push(FieldError::invalid(
                &self.path.child("completionTime"),
                ShownAsJson(end),
                detail,
            ));
        }
        let suspended = self.spec.suspend == Some(true);
        // A Job that goes on counts its time anew.
        let resumes = is(old, SUSPENDED) && denies(new, SUSPENDED);
        if old.start_time.is_some() && new.start_time != old.start_time && !suspended && !resumes {
            let detail = "field is immutable for unsuspended job once set";
            let path = self.path.child("startTime");
            self.errors.push(FieldError::invalid(&path, ShownAsJson(&new.start_time), detail));
        }
        if is(old, SUCCESS) && !is(new, SUCCESS) {
            self.wrong_conditions("cannot disable the SuccessCriteriaMet=True condition");
        }
        if is(old, COMPLETE) && !is(old, SUCCESS) && is(new, SUCCESS) {
            self.wrong_conditions(
                "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions",
            );
        }
    }
}
