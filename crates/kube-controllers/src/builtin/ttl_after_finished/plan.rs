//! When a Job that ended is to go. Pure.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/ttlafterfinished` (`processTTL`, `timeLeft`).

use crate::builtin::job::finished_at;
use jiff::{SignedDuration, Timestamp};
use kube_core::kinds::batch::v1::Job;
use kube_core::resource::ResourceExt;
use std::time::Duration;

/// What is to become of a Job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// It stays until something changes.
    Keep,
    /// It stays for so long.
    LookAgain(Duration),
    /// It goes.
    Delete,
}

/// Plans for `job`.
pub fn plan(job: &Job, now: Timestamp) -> Plan {
    let ttl = job.spec.as_ref().and_then(|spec| spec.ttl_seconds_after_finished);
    let (Some(ttl), Some(end)) = (ttl.filter(|_| !job.is_terminating()), finished_at(job)) else {
        return Plan::Keep;
    };
    let Ok(expires) = end.saturating_add(SignedDuration::from_secs(i64::from(ttl))) else {
        return Plan::Keep;
    };
    match Duration::try_from(expires.duration_since(now)) {
        Ok(left) if !left.is_zero() => Plan::LookAgain(left),
        _ => Plan::Delete,
    }
}
