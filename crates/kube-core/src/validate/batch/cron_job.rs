//! Cron jobs.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/batch/v1` (`SetDefaults_CronJob`), `pkg/apis/batch/validation`
//! (`ValidateCronJobCreate`, `ValidateCronJobUpdate`).

use super::job::warnings_of;
use super::job_spec::validate_template_of_jobs;
use crate::cron::{Schedule, time_zone};
use crate::error::{FieldError, FieldPath};
use crate::kinds::batch::v1::{CronJob, CronJobSpec};
use crate::names::DNS1035_LABEL_MAX_LENGTH;
use crate::validate::Kind;
use crate::validate::apps::set_template_defaults;
use crate::validate::fields::{Text, nonnegative, one_of};
use crate::validate::warn;

impl Kind for CronJob {
    const AS_IT_IS: bool = true;

    fn drop_status(&mut self) {
        self.status = None;
    }

    fn append_status(&self, json: &mut Vec<u8>) -> Result<bool, serde_json::Error> {
        serde_json::to_writer(json, &self.status).map(|()| true)
    }

    fn set_defaults(&mut self) {
        let spec = &mut self.spec;
        spec.concurrency_policy.fill("Allow");
        spec.suspend.get_or_insert(false);
        spec.successful_jobs_history_limit.get_or_insert(3);
        spec.failed_jobs_history_limit.get_or_insert(1);
        if let Some(job) = &mut spec.job_template.spec {
            set_template_defaults(&mut job.template);
        }
    }

    fn warnings(&self, old: Option<&Self>) -> Vec<String> {
        let mut warnings: Vec<String> =
            warn::of_name_of_pods(&self.metadata, old.map(|old| &old.metadata)).into_iter().collect();
        let job = self.spec.job_template.spec.as_ref();
        if let Some(job) = job {
            let path = FieldPath::new("spec").child("jobTemplate").child("spec");
            warnings.extend(warnings_of(job, &path));
        }
        warnings
    }

    fn validate(&self) -> Vec<FieldError> {
        let path = FieldPath::new("spec");
        let mut errors = validate_spec(&self.spec, None, &path);
        let name = self.metadata.name.text();
        if name.len() > NAME_MAX_LENGTH {
            let path = FieldPath::new("metadata").child("name");
            errors.push(FieldError::invalid(&path, name, "must be no more than 52 characters"));
        }
        errors
    }

    fn validate_update(&self, old: &Self) -> Vec<FieldError> {
        let path = FieldPath::new("spec");
        validate_spec(&self.spec, Some(&old.spec), &path)
    }
}

/// The controller adds 11 characters to name a job.
const NAME_MAX_LENGTH: usize = DNS1035_LABEL_MAX_LENGTH - 11;

/// Source: `validateCronJobSpec`.
fn validate_spec(spec: &CronJobSpec, old: Option<&CronJobSpec>, path: &FieldPath) -> Vec<FieldError> {
    let here = path.child("schedule");
    let mut errors = Vec::new();
    if spec.schedule.is_empty() {
        errors.push(FieldError::required(&here, ""));
    } else {
        errors.extend(validate_schedule(spec, old.is_some_and(|old| old.schedule.contains("TZ")), &here));
    }
    errors.extend(nonnegative(spec.starting_deadline_seconds, path, "startingDeadlineSeconds"));
    if old.is_none_or(|old| old.time_zone != spec.time_zone)
        && let Some(zone) = &spec.time_zone
    {
        errors.extend(validate_time_zone(zone, &path.child("timeZone")));
    }
    let policy = spec.concurrency_policy.text();
    errors.extend(one_of(policy, CONCURRENCY_POLICIES, &path.child("concurrencyPolicy")));
    errors.extend(validate_template_of_jobs(&spec.job_template, &path.child("jobTemplate")));
    errors.extend(nonnegative(spec.successful_jobs_history_limit, path, "successfulJobsHistoryLimit"));
    errors.extend(nonnegative(spec.failed_jobs_history_limit, path, "failedJobsHistoryLimit"));
    errors
}

const CONCURRENCY_POLICIES: &[&str] = &["Allow", "Forbid", "Replace"];

/// Source: `validateScheduleFormat`.
fn validate_schedule(spec: &CronJobSpec, zone_allowed: bool, path: &FieldPath) -> Vec<FieldError> {
    let schedule = &spec.schedule;
    let mut errors = Vec::new();
    if let Err(error) = schedule.parse::<Schedule>() {
        errors.push(FieldError::invalid(path, schedule, error.to_string()));
    }
    if !schedule.contains("TZ") {
        return errors;
    }
    if !zone_allowed {
        let detail = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
        errors.push(FieldError::invalid(path, schedule, detail));
    } else if spec.time_zone.is_some() {
        let detail = "cannot use both timeZone field and TZ or CRON_TZ in schedule";
        errors.push(FieldError::invalid(path, schedule, detail));
    }
    errors
}

/// Source: `validateTimeZone`.
fn validate_time_zone(zone: &str, path: &FieldPath) -> Vec<FieldError> {
    let refuse = |detail: String| FieldError::invalid(path, zone, detail);
    if zone.is_empty() {
        return vec![refuse("timeZone must be nil or non-empty string".to_owned())];
    }
    let legible = |part: &str| {
        !matches!(part, "." | "..")
            && !part.starts_with('-')
            && (1..=14).contains(&part.len())
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_+".contains(&b))
    };
    if !zone.split('/').all(legible) {
        return vec![refuse(format!("unknown time zone {zone}"))];
    }
    let mut errors = Vec::new();
    if zone.eq_ignore_ascii_case("local") {
        let detail = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";
        errors.push(refuse(detail.to_owned()));
    }
    errors.extend(time_zone(zone).err().map(|error| refuse(error.to_string())));
    errors
}
