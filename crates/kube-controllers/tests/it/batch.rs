//! Jobs and CronJobs over a store, with a node agent that ends pods as their image says.

use crate::world::{World, node_agent};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use kube_controllers::builtin::{cron_job, garbage_collector, job, ttl_after_finished};
use kube_controllers::runtime::{Context, Controller, Error, HasStatus, Outcome, Reconciler, Request};
use kube_core::condition::is_true;
use kube_core::kinds::batch::v1::{CronJob, Job};
use kube_core::kinds::core::v1::Pod;
use kube_core::resource::ResourceExt;
use kube_store::service::{ObjectService, Patch};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Ends every pod: well, unless its image is `fail`.
struct Ends;

impl Reconciler for Ends {
    type Resource = Pod;

    async fn reconcile(&self, cx: &Context, request: Request) -> Result<Outcome, Error> {
        let Some(pod) = cx.get::<Pod>(&request.key) else { return Ok(Outcome::Done) };
        let fails = pod.spec.as_ref().is_some_and(|spec| spec.containers[0].image.as_deref() == Some("fail"));
        let phase = if fails { "Failed" } else { "Succeeded" };
        cx.patch_status(&*pod, |status| status.phase = Some(phase.to_owned())).await?;
        Ok(Outcome::Done)
    }
}

fn ends() -> Controller {
    Controller::builder(Ends).named("ends-pods").workers(4).build()
}

fn template(image: &str) -> Value {
    json!({ "spec": { "restartPolicy": "Never", "containers": [{ "name": "main", "image": image }] } })
}

fn has(job: &Job, kind: &str) -> bool {
    let conditions = job.status().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    is_true(conditions, kind)
}

/// Waits until the one Job there is `holds`.
async fn until_job(world: &World, what: &str, holds: impl Fn(&Job) -> bool) -> Job {
    world.until::<Job>(what, |all| all.len() == 1 && holds(&all[0])).await;
    world.list::<Job>().await.pop().expect("the Job")
}

#[tokio::test]
async fn a_job_runs_to_its_end_and_holds_no_pod_after_it() {
    let world = World::with(vec![job::controller(), ends()]);
    let spec = json!({ "completions": 5, "parallelism": 2, "template": template("ok") });
    world.create::<Job>(json!({ "metadata": { "name": "sum" }, "spec": spec })).await;
    let done = until_job(&world, "complete", |job| has(job, job::COMPLETE)).await;
    let status = done.status.expect("a status");
    assert_eq!((status.succeeded, status.failed, status.active), (Some(5), None, None));
    assert!(status.completion_time.is_some() && status.start_time.is_some());
    let uncounted = status.uncounted_terminated_pods.unwrap_or_default();
    assert_eq!((uncounted.succeeded, uncounted.failed), (None, None));
    world.settle().await;
    let pods = world.list::<Pod>().await;
    assert_eq!(pods.len(), 5);
    assert!(pods.iter().all(|pod| pod.metadata.finalizers.as_ref().is_none_or(Vec::is_empty)), "{pods:#?}");
}

#[tokio::test]
async fn every_index_of_an_indexed_job_runs_once() {
    let world = World::with(vec![job::controller(), ends()]);
    let spec = json!({
        "completions": 6, "parallelism": 3, "completionMode": "Indexed", "template": template("ok"),
    });
    world.create::<Job>(json!({ "metadata": { "name": "parts" }, "spec": spec })).await;
    let done = until_job(&world, "complete", |job| has(job, job::COMPLETE)).await;
    assert_eq!(done.status.and_then(|status| status.completed_indexes).as_deref(), Some("0-5"));
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for pod in world.list::<Pod>().await {
        let index =
            pod.metadata.annotations.as_ref().expect("annotations")[job::pods::COMPLETION_INDEX].clone();
        assert!(pod.name().starts_with(&format!("parts-{index}-")), "{}", pod.name());
        *times.entry(index).or_default() += 1;
    }
    assert!(times.len() == 6 && times.values().all(|times| *times == 1), "{times:?}");
}

#[tokio::test]
async fn a_job_whose_pods_fail_too_often_has_failed() {
    let world = World::with(vec![job::controller(), ends()]);
    let spec = json!({ "backoffLimit": 0, "template": template("fail") });
    world.create::<Job>(json!({ "metadata": { "name": "bad" }, "spec": spec })).await;
    let failed = until_job(&world, "failed", |job| has(job, job::FAILED)).await;
    let status = failed.status.expect("a status");
    assert_eq!((status.failed, status.succeeded), (Some(1), None));
    let reasons = status.conditions.iter().flatten().map(|condition| condition.reason.as_deref());
    assert!(
        reasons.clone().all(|reason| reason == Some("BackoffLimitExceeded")),
        "{:?}",
        reasons.collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn a_suspended_job_has_no_pods_until_it_is_resumed() {
    let world = World::with(vec![job::controller(), ends()]);
    let spec = json!({ "suspend": true, "template": template("ok") });
    world.create::<Job>(json!({ "metadata": { "name": "later" }, "spec": spec })).await;
    until_job(&world, "suspended", |job| has(job, job::SUSPENDED)).await;
    world.settle().await;
    assert!(world.list::<Pod>().await.is_empty());
    let resume = Patch::Merge(json!({ "spec": { "suspend": false } }));
    world.api::<Job>().patch("later", &resume).await.expect("patched");
    let done = until_job(&world, "complete", |job| has(job, job::COMPLETE)).await;
    assert!(!has(&done, job::SUSPENDED));
}

#[tokio::test]
async fn a_job_takes_its_pods_back_when_it_is_suspended_and_goes_on_when_it_is_resumed() {
    let world = World::with(vec![job::controller(), node_agent()]);
    let spec = json!({ "completions": 3, "parallelism": 3, "backoffLimit": 0, "template": template("runs") });
    world.create::<Job>(json!({ "metadata": { "name": "long" }, "spec": spec })).await;
    let active = |job: &Job| job.status.as_ref().and_then(|status| status.active);
    until_job(&world, "at work", |job| active(job) == Some(3)).await;
    let set = |suspend: bool| Patch::Merge(json!({ "spec": { "suspend": suspend } }));
    world.api::<Job>().patch("long", &set(true)).await.expect("patched");
    world.until::<Pod>("no pod is left", <[Arc<Pod>]>::is_empty).await;
    let idle = |job: &Job| has(job, job::SUSPENDED) && active(job).is_none();
    let status = until_job(&world, "suspended", idle).await.status.expect("a status");
    assert_eq!((status.failed, status.start_time), (None, None));
    world.api::<Job>().patch("long", &set(false)).await.expect("patched");
    let again = until_job(&world, "at work again", |job| active(job) == Some(3)).await;
    assert!(!has(&again, job::FAILED) && !has(&again, job::FAILURE_TARGET), "{again:#?}");
}

#[tokio::test]
async fn a_job_adopts_orphans_and_lets_strays_go() {
    let world = World::with(vec![job::controller(), node_agent()]);
    let spec = template("runs")["spec"].clone();
    let labels = json!({ "app": "work" });
    let orphan = json!({ "metadata": { "name": "orphan", "labels": labels }, "spec": spec });
    world.create::<Pod>(orphan).await;
    let mut template = template("runs");
    template["metadata"] = json!({ "labels": labels });
    let spec = json!({
        "completions": 2, "parallelism": 2, "template": template,
        "manualSelector": true, "selector": { "matchLabels": labels },
    });
    let made = world.create::<Job>(json!({ "metadata": { "name": "work" }, "spec": spec })).await;
    let is_held = |pod: &Pod| {
        let owners = pod.metadata.owner_references.as_deref().unwrap_or_default();
        let finalizers = pod.metadata.finalizers.as_deref().unwrap_or_default();
        let ours = owners.iter().any(|owner| Some(&owner.uid) == made.metadata.uid.as_ref());
        (ours, finalizers.iter().any(|finalizer| finalizer == job::pods::TRACKING))
    };
    let both = |all: &[Arc<Pod>]| all.len() == 2 && all.iter().all(|pod| is_held(pod) == (true, true));
    world.until::<Pod>("two pods of the Job", both).await;
    let other = Patch::Merge(json!({ "metadata": { "labels": { "app": "play" } } }));
    world.api::<Pod>().patch("orphan", &other).await.expect("patched");
    let replaced = |all: &[Arc<Pod>]| {
        let free = all.iter().filter(|pod| is_held(pod) == (false, false)).map(|pod| pod.name());
        all.len() == 3 && free.eq(["orphan"])
    };
    world.until::<Pod>("the stray is let go and replaced", replaced).await;
}

#[tokio::test]
async fn a_job_that_ended_goes_when_its_time_is_over_with_its_pods() {
    let controllers =
        vec![job::controller(), ttl_after_finished::controller(), garbage_collector::controller(), ends()];
    let world = World::with(controllers);
    let spec = json!({ "ttlSecondsAfterFinished": 0, "template": template("ok") });
    world.create::<Job>(json!({ "metadata": { "name": "brief" }, "spec": spec })).await;
    world.until::<Job>("the Job is gone", <[Arc<Job>]>::is_empty).await;
    world.until::<Pod>("its pods are gone", <[Arc<Pod>]>::is_empty).await;
}

#[tokio::test]
async fn a_cron_job_makes_up_for_the_last_time_it_missed() {
    let world = World::with(vec![cron_job::controller(), job::controller(), ends()]);
    let now = world.objects.env().wall();
    let minute =
        |minutes_ago| (now - SignedDuration::from_mins(minutes_ago)).to_zoned(TimeZone::UTC).minute();
    // Due thrice in the last twelve minutes, and not again while this test runs.
    let spec = json!({
        "schedule": format!("{},{},{} * * * *", minute(11), minute(6), minute(1)),
        "timeZone": "Etc/UTC",
        "suspend": true,
        "jobTemplate": { "spec": { "template": template("ok") } },
    });
    let created = world.create::<CronJob>(json!({ "metadata": { "name": "tick" }, "spec": spec })).await;
    let long_ago = now - SignedDuration::from_mins(12);
    let status = Patch::Merge(json!({ "status": { "lastScheduleTime": long_ago.to_string() } }));
    let api = world.api::<CronJob>();
    api.patch_status("tick", &status).await.expect("patched");
    let resume = Patch::Merge(json!({ "spec": { "suspend": false } }));
    api.patch("tick", &resume).await.expect("patched");

    let job = until_job(&world, "complete", |job| has(job, job::COMPLETE)).await;
    let owners = job.metadata.owner_references.expect("an owner");
    assert_eq!(Some(&owners[0].uid), created.metadata.uid.as_ref());
    world
        .until::<CronJob>("the success is noted", |all| {
            let status = all[0].status.as_ref();
            status.is_some_and(|status| status.last_successful_time.is_some() && status.active.is_none())
        })
        .await;
    world.settle().await;
    assert_eq!(world.list::<Job>().await.len(), 1, "one Job, for the last of the times that were missed");
}
