//! When Jobs go.

use super::plan::{Plan, plan};
use jiff::Timestamp;
use kube_core::kinds::batch::v1::Job;
use serde_json::json;
use std::time::Duration;

fn planned(ttl: Option<i32>, end: Option<&str>, now: i64) -> Plan {
    let ended = "1970-01-01T00:01:40Z";
    let condition = end.map(|end| json!({ "type": end, "status": "True", "lastTransitionTime": ended }));
    let job: Job = serde_json::from_value(json!({
        "metadata": { "name": "j" },
        "spec": { "ttlSecondsAfterFinished": ttl, "template": {} },
        "status": { "conditions": condition.into_iter().collect::<Vec<_>>() },
    }))
    .expect("a job");
    plan(&job, Timestamp::from_second(now).expect("a time"))
}

#[test]
fn a_job_goes_its_time_after_it_ended() {
    assert_eq!(planned(Some(30), Some("Complete"), 110), Plan::LookAgain(Duration::from_secs(20)));
    assert_eq!(planned(Some(30), Some("Complete"), 130), Plan::Delete);
    assert_eq!(planned(Some(30), Some("Failed"), 131), Plan::Delete);
    assert_eq!(planned(Some(0), Some("Failed"), 100), Plan::Delete);
}

#[test]
fn what_has_not_ended_or_has_no_time_to_live_stays() {
    assert_eq!(planned(Some(30), None, 1_000), Plan::Keep);
    assert_eq!(planned(None, Some("Complete"), 1_000), Plan::Keep);
    assert_eq!(planned(Some(30), Some("Suspended"), 1_000), Plan::Keep);
}
