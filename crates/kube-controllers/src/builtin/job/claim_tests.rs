//! Whose pods are whose.

use super::claims::{is_wanted, job_of, judge, selector};
use super::pods::TRACKING;
use crate::builtin::claim::Claim;
use kube_core::kinds::batch::v1::Job;
use kube_core::view::{self, PodView};
use serde_json::{Value, json};

fn job(more: &Value) -> Job {
    let mut job = json!({
        "metadata": { "name": "work", "namespace": "default", "uid": "j" },
        "spec": { "selector": { "matchLabels": { "app": "work" } }, "template": {} },
    });
    for (field, value) in more.as_object().expect("fields") {
        job[field] = value.clone();
    }
    serde_json::from_value(job).expect("a job")
}

fn pod(owner: Option<(&str, &str)>, labels: &Value, finalizers: &[&str]) -> PodView {
    let owner = owner.map(|(kind, uid)| {
        json!({ "apiVersion": "batch/v1", "kind": kind, "name": "work", "uid": uid, "controller": true })
    });
    let meta = json!({
        "name": "p", "namespace": "default", "uid": "p", "labels": labels, "finalizers": finalizers,
        "ownerReferences": owner.into_iter().collect::<Vec<_>>(),
    });
    view::from_value(json!({ "metadata": meta })).expect("a pod")
}

#[test]
fn a_job_adopts_what_it_selects_and_lets_go_what_it_does_not() {
    let (selected, other) = (json!({ "app": "work" }), json!({ "app": "play" }));
    let claimed = |job: &Job, pod: &PodView| judge(job, &selector(job).expect("a selector"), pod);
    let ours = Some(("Job", "j"));
    let work = job(&json!({}));
    assert_eq!(claimed(&work, &pod(ours, &selected, &[])), Claim::Ours);
    assert_eq!(claimed(&work, &pod(ours, &other, &[])), Claim::Stray);
    assert_eq!(claimed(&work, &pod(None, &selected, &[])), Claim::Orphan);
    assert_eq!(claimed(&work, &pod(None, &other, &[])), Claim::Foreign);
    assert_eq!(claimed(&work, &pod(Some(("Job", "x")), &selected, &[])), Claim::Foreign);
}

/// A pod that nobody manages any more is freed, unless a Job is about to adopt it.
#[test]
fn what_is_nobodys_is_not_held() {
    let made = json!({ "app": "work", "batch.kubernetes.io/job-name": "work" });
    let orphan = pod(None, &made, &[TRACKING]);
    assert_eq!(job_of(&orphan).map(|key| key.to_string()).as_deref(), Some("default/work"));
    assert_eq!(job_of(&pod(None, &made, &[])), None, "it is counted");
    assert_eq!(job_of(&pod(Some(("ReplicaSet", "r")), &made, &[TRACKING])), None);
    assert_eq!(
        job_of(&pod(None, &json!({}), &[TRACKING])).map(|key| key.to_string()).as_deref(),
        Some("default/p")
    );

    assert!(is_wanted(Some(&job(&json!({}))), &orphan), "it is adopted");
    assert!(!is_wanted(None, &orphan));
    let over = json!({ "conditions": [{ "type": "Complete", "status": "True" }] });
    assert!(!is_wanted(Some(&job(&json!({ "status": over }))), &orphan));
    let going = json!({
        "name": "work", "namespace": "default", "uid": "j", "deletionTimestamp": "2026-01-01T00:00:00Z",
    });
    let going = job(&json!({ "metadata": going }));
    assert!(!is_wanted(Some(&going), &orphan));
    assert!(is_wanted(Some(&going), &pod(Some(("Job", "j")), &made, &[TRACKING])));
    assert!(!is_wanted(Some(&going), &pod(Some(("Job", "former")), &made, &[TRACKING])));
}
