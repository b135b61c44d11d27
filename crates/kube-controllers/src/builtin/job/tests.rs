//! Jobs count every pod once, whatever is cut short, and end as they should.

use super::account::Done;
use super::backoff::Backoff;
use super::indexes::Intervals;
use super::plan::{NewPod, Op, Plan, View, plan};
use super::pods::{TRACKING, finished_at};
use super::{is_finished, pod_of};
use jiff::Timestamp;
use kube_core::kinds::batch::v1::{Job, JobStatus};
use kube_core::resource::Uid;
use kube_core::view::{self, PodView};
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) fn job(spec: &Value) -> Job {
    let mut spec = spec.clone();
    spec["template"] = json!({ "spec": { "restartPolicy": "Never", "containers": [{ "name": "c" }] } });
    let meta = json!({ "name": "work", "namespace": "default", "uid": "j", "generation": 1 });
    serde_json::from_value(json!({ "metadata": meta, "spec": spec })).expect("a job")
}

/// A Job, its pods, and a controller that may stop after any write.
struct World {
    job: Job,
    /// By uid.
    pods: BTreeMap<String, Value>,
    backoff: Backoff,
    made: usize,
    clock: i64,
    /// Uids of pods that ended, and whether they succeeded; what really happened.
    ended: BTreeMap<String, bool>,
}

impl World {
    fn new(spec: &Value) -> Self {
        let (pods, ended) = (BTreeMap::new(), BTreeMap::new());
        Self { job: job(spec), pods, backoff: Backoff::default(), made: 0, clock: 1_000, ended }
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.clock).expect("a time")
    }

    fn views(&self) -> Vec<Arc<PodView>> {
        self.pods.values().map(|pod| Arc::new(view::from_value(pod.clone()).expect("a pod"))).collect()
    }

    fn plan(&self) -> Plan {
        let pods = self.views();
        plan(&View { job: &self.job, pods: &pods, backoff: self.backoff, now: self.now() }).expect("a plan")
    }

    fn create(&mut self, new: NewPod) {
        self.made += 1;
        let uid = format!("p{:04}", self.made);
        let mut pod = serde_json::to_value(pod_of(&self.job, new)).expect("JSON");
        pod["metadata"]["uid"] = json!(uid);
        pod["metadata"]["name"] = json!(uid);
        pod["metadata"]["creationTimestamp"] = json!(self.now().to_string());
        pod["status"] = json!({ "phase": "Running" });
        self.pods.insert(uid, pod);
    }

    /// A deleted pod goes once nothing holds it.
    fn sweep(&mut self) {
        self.pods.retain(|_, pod| {
            let held = pod["metadata"]["finalizers"].as_array().is_some_and(|all| !all.is_empty());
            pod["metadata"]["deletionTimestamp"].is_null() || held
        });
    }

    fn status(&mut self, status: JobStatus, stop: &mut usize) -> bool {
        if self.job.status.as_ref() == Some(&status) {
            return true;
        }
        self.job.status = Some(status);
        step(stop)
    }

    /// Carries out a plan, up to `stop` writes. Gives whether it came to its end.
    fn control(&mut self, mut stop: usize) -> bool {
        if is_finished(&self.job).is_some() {
            return true;
        }
        let plan = self.plan();
        let mut done = Done::default();
        for op in &plan.ops {
            match op {
                Op::Create(new) => self.create(*new),
                Op::Delete(..) | Op::Withdraw(_) => {
                    let now = self.now().to_string();
                    let uid = op.deleted().expect("a pod that goes");
                    let pod = self.pods.get_mut(uid.as_str()).expect("a pod");
                    if matches!(op, Op::Withdraw(_)) {
                        pod["metadata"]["finalizers"] = json!([]);
                        if !step(&mut stop) {
                            return false;
                        }
                    }
                    pod["metadata"]["deletionTimestamp"] = json!(now);
                    // The node stops it at once.
                    pod["status"]["phase"] = json!("Failed");
                }
            }
            done.note(op);
            if !step(&mut stop) {
                return false;
            }
        }
        let before = plan.account.before(&done);
        if !self.status(before.clone(), &mut stop) {
            return false;
        }
        self.backoff = plan.backoff;
        let mut released = Vec::new();
        for pod in &plan.account.release {
            let uid = pod.meta.uid.as_str();
            if let Some(pod) = self.pods.get_mut(uid) {
                pod["metadata"]["finalizers"] = json!([]);
            }
            released.push(Uid::new(uid));
            if !step(&mut stop) {
                return false;
            }
        }
        self.sweep();
        self.status(plan.account.after(&before, &released, self.now()), &mut stop)
    }

    fn end_pod(&mut self, which: usize, code: i32) {
        let running: Vec<String> = self
            .pods
            .iter()
            .filter(|(_, pod)| {
                pod["status"]["phase"] == "Running" && pod["metadata"]["deletionTimestamp"].is_null()
            })
            .map(|(uid, _)| uid.clone())
            .collect();
        let Some(uid) = which.checked_rem(running.len()).and_then(|at| running.get(at)) else { return };
        let now = self.now().to_string();
        let pod = self.pods.get_mut(uid).expect("a pod");
        pod["status"] = json!({
            "phase": if code == 0 { "Succeeded" } else { "Failed" },
            "containerStatuses": [{ "name": "c", "state": { "terminated": { "exitCode": code, "finishedAt": now } } }],
        });
        self.ended.insert(uid.clone(), code == 0);
    }

    fn counters(&self) -> (i32, i32) {
        let status = self.job.status.clone().unwrap_or_default();
        (status.succeeded.unwrap_or(0), status.failed.unwrap_or(0))
    }

    fn index_of(uid: &str, pods: &BTreeMap<String, Value>) -> Option<i32> {
        let index = &pods.get(uid)?["metadata"]["annotations"]["batch.kubernetes.io/job-completion-index"];
        index.as_str()?.parse().ok()
    }
}

/// Whether the controller goes on after one more write.
fn step(stop: &mut usize) -> bool {
    *stop = stop.saturating_sub(1);
    *stop > 0
}

#[derive(Clone, Debug)]
enum Step {
    Control { stop: usize },
    End { which: usize, code: i32 },
    Pass,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => prop_oneof![Just(usize::MAX), 1..6_usize].prop_map(|stop| Step::Control { stop }),
        3 => (any::<usize>(), prop_oneof![3 => Just(0), 1 => Just(1)]).prop_map(|(which, code)| Step::End { which, code }),
        1 => Just(Step::Pass),
    ];
    proptest::collection::vec(step, 0..60)
}

/// Goes through `steps`, then lets everything end.
fn live(world: &mut World, steps: &[Step], kept: &mut BTreeMap<String, Value>) {
    for step in steps {
        match step {
            Step::Control { stop } => drop(world.control(*stop)),
            Step::End { which, code } => world.end_pod(*which, *code),
            Step::Pass => world.clock += 700,
        }
        kept.extend(world.pods.clone());
    }
    for _ in 0..200 {
        if is_finished(&world.job).is_some() {
            return;
        }
        world.control(usize::MAX);
        kept.extend(world.pods.clone());
        world.end_pod(0, 0);
        world.clock += 700;
    }
}

proptest! {
    #[test]
    fn every_pod_counts_once_however_often_the_controller_stops(
        completions in 1..6_i32, parallelism in 1..4_i32, steps in steps(),
    ) {
        let mut world = World::new(&json!({
            "completions": completions, "parallelism": parallelism, "backoffLimit": 1000,
        }));
        live(&mut world, &steps, &mut BTreeMap::new());
        prop_assert_eq!(is_finished(&world.job), Some("Complete"));
        let succeeded = world.ended.values().filter(|succeeded| **succeeded).count();
        let failed = world.ended.len() - succeeded;
        prop_assert_eq!(world.counters(), (i32::try_from(succeeded).unwrap(), i32::try_from(failed).unwrap()));
        prop_assert!(world.counters().0 >= completions);
        let status = world.job.status.clone().unwrap();
        prop_assert_eq!((status.active, status.terminating), (None, Some(0)));
        for pod in world.pods.values() {
            prop_assert!(pod["metadata"]["finalizers"].as_array().is_none_or(Vec::is_empty), "{pod}");
        }
    }

    #[test]
    fn every_index_succeeds_once(completions in 1..6_i32, parallelism in 1..4_i32, steps in steps()) {
        let mut world = World::new(&json!({
            "completions": completions, "parallelism": parallelism, "backoffLimit": 1000, "completionMode": "Indexed",
        }));
        let mut kept = BTreeMap::new();
        live(&mut world, &steps, &mut kept);
        prop_assert_eq!(is_finished(&world.job), Some("Complete"));
        let status = world.job.status.clone().unwrap();
        let all = Intervals::parse(status.completed_indexes.as_deref().unwrap_or_default(), completions);
        prop_assert_eq!((all.total(), status.succeeded), (completions, Some(completions)));
        let mut successes = BTreeMap::new();
        for (uid, succeeded) in &world.ended {
            *successes.entry(World::index_of(uid, &kept)).or_insert(0) += i32::from(*succeeded);
        }
        prop_assert!(successes.values().all(|count| *count <= 1), "{successes:?}");
    }
}

/// As many writes as a step has, the controller stops after each of them: the end is always the same.
#[test]
fn stopping_after_any_write_changes_nothing() {
    for stop in 1..40 {
        let mut world = World::new(&json!({ "completions": 3, "parallelism": 3, "backoffLimit": 6 }));
        world.control(usize::MAX);
        for code in [0, 1, 0] {
            world.end_pod(0, code);
        }
        world.control(stop);
        world.clock += 60;
        let mut kept = BTreeMap::new();
        live(&mut world, &[], &mut kept);
        assert_eq!(
            (is_finished(&world.job), world.counters()),
            (Some("Complete"), (3, 1)),
            "stopped after {stop}"
        );
    }
}

#[test]
fn a_job_fails_when_its_limit_is_passed_and_only_once_its_pods_are_gone() {
    let mut world = World::new(&json!({ "completions": 3, "parallelism": 2, "backoffLimit": 0 }));
    world.control(usize::MAX);
    world.end_pod(0, 1);
    world.control(usize::MAX);
    let types = |world: &World| -> Vec<String> {
        let conditions = world.job.status.iter().flat_map(|status| status.conditions.iter().flatten());
        conditions.map(|c| c.type_.clone()).filter(|type_| type_ != "Suspended").collect()
    };
    assert_eq!(types(&world), ["FailureTarget"], "a pod is still on its way out");
    world.control(usize::MAX);
    assert_eq!(types(&world), ["FailureTarget", "Failed"]);
    assert_eq!(world.counters(), (0, 2), "what was taken down counts as failed");
    let failed = &world.job.status.as_ref().unwrap().conditions.as_ref().unwrap().last().unwrap().reason;
    assert_eq!(failed.as_deref(), Some("BackoffLimitExceeded"));
}

#[test]
fn failures_are_replaced_later_each_time() {
    let mut world = World::new(&json!({ "completions": 1, "backoffLimit": 9 }));
    for wait in [10, 20, 40] {
        world.control(usize::MAX);
        assert_eq!(world.views().iter().filter(|pod| pod.is_active()).count(), 1);
        world.end_pod(0, 1);
        world.control(usize::MAX);
        assert_eq!(world.plan().requeue.map(|left| left.as_secs()), Some(wait));
        world.clock += i64::try_from(wait).unwrap();
    }
}

#[test]
fn an_index_that_fails_too_often_is_given_up_and_the_others_go_on() {
    let mut world = World::new(&json!({
        "completions": 2, "parallelism": 2, "completionMode": "Indexed", "backoffLimitPerIndex": 1,
    }));
    // The first pod of index 0, then the one that replaces it, behind that of index 1.
    for which in [0, 1] {
        world.control(usize::MAX);
        world.end_pod(which, 1);
        world.control(usize::MAX);
        world.clock += 30;
    }
    let status = world.job.status.clone().unwrap();
    assert_eq!(status.failed_indexes.as_deref(), Some("0"));
    assert_eq!(is_finished(&world.job), None);
    world.end_pod(0, 0);
    world.control(usize::MAX);
    world.control(usize::MAX);
    assert_eq!(is_finished(&world.job), Some("Failed"));
    let status = world.job.status.clone().unwrap();
    assert_eq!(
        (status.completed_indexes.as_deref(), status.succeeded, status.failed),
        (Some("1"), Some(1), Some(2))
    );
}

#[test]
fn a_suspended_job_has_no_pods_and_its_deadline_waits() {
    let mut world = World::new(&json!({ "completions": 2, "parallelism": 2, "activeDeadlineSeconds": 60 }));
    world.control(usize::MAX);
    assert_eq!(world.plan().requeue.map(|left| left.as_secs()), Some(60));
    world.job.spec.as_mut().unwrap().suspend = Some(true);
    world.control(usize::MAX);
    world.control(usize::MAX);
    assert!(world.views().iter().all(|pod| !pod.is_active()));
    assert_eq!(world.job.status.as_ref().and_then(|status| status.start_time.clone()), None);
    world.clock += 600;
    world.job.spec.as_mut().unwrap().suspend = Some(false);
    world.control(usize::MAX);
    let status = world.job.status.clone().unwrap();
    assert_eq!(status.start_time.map(|time| time.0), Some(world.now()));
    assert_eq!(is_finished(&world.job), None);
    world.clock += 61;
    world.control(usize::MAX);
    world.control(usize::MAX);
    assert_eq!(is_finished(&world.job), Some("Failed"));
}

#[test]
fn pods_that_are_taken_back_do_not_count_as_failed() {
    let mut world = World::new(&json!({ "completions": 3, "parallelism": 3, "backoffLimit": 0 }));
    world.control(usize::MAX);
    for change in [json!({ "parallelism": 1 }), json!({ "suspend": true })] {
        let spec = world.job.spec.as_mut().unwrap();
        spec.parallelism = change["parallelism"].as_i64().map_or(spec.parallelism, |n| i32::try_from(n).ok());
        spec.suspend = change["suspend"].as_bool();
        for _ in 0..3 {
            world.control(usize::MAX);
        }
        let left = usize::from(change["suspend"].is_null());
        assert_eq!((is_finished(&world.job), world.counters(), world.pods.len()), (None, (0, 0), left));
    }
    world.job.spec.as_mut().unwrap().suspend = Some(false);
    live(&mut world, &[], &mut BTreeMap::new());
    assert_eq!((is_finished(&world.job), world.counters()), (Some("Complete"), (3, 0)));
}

#[test]
fn a_pod_has_ended_when_its_sidecar_has() {
    let ended = |second: u32| json!({ "terminated": { "exitCode": 0, "finishedAt": format!("1970-01-01T00:00:{second:02}Z") } });
    let pod = |sidecar: &Value| {
        let pod = json!({
            "metadata": { "name": "p", "creationTimestamp": "1970-01-01T00:00:01Z" },
            "spec": {
                "containers": [{ "name": "c" }],
                "initContainers": [{ "name": "setup" }, { "name": "log", "restartPolicy": "Always" }],
            },
            "status": {
                "containerStatuses": [{ "name": "c", "state": ended(10) }],
                "initContainerStatuses": [{ "name": "setup", "state": ended(50) }, { "name": "log", "state": sidecar }],
            },
        });
        finished_at(&view::from_value(pod).expect("a pod")).as_second()
    };
    assert_eq!(pod(&ended(12)), 12);
    assert_eq!(pod(&ended(8)), 10);
    assert_eq!(pod(&json!({ "running": {} })), 1, "it has not ended, so only its creation is known");
}

#[test]
fn pods_carry_their_index_and_the_finalizer() {
    let world = World::new(&json!({ "completions": 2, "completionMode": "Indexed" }));
    let pod =
        serde_json::to_value(pod_of(&world.job, NewPod { index: Some(1), ..NewPod::default() })).unwrap();
    assert_eq!(pod["metadata"]["generateName"], "work-1-");
    assert_eq!(pod["metadata"]["finalizers"], json!([TRACKING]));
    assert_eq!(pod["metadata"]["labels"]["batch.kubernetes.io/job-completion-index"], "1");
    assert_eq!(pod["spec"]["hostname"], "work-1");
    let variable = &pod["spec"]["containers"][0]["env"][0];
    assert_eq!(variable["name"], "JOB_COMPLETION_INDEX");
    let path = "metadata.labels['batch.kubernetes.io/job-completion-index']";
    assert_eq!(variable["valueFrom"]["fieldRef"]["fieldPath"], path);
}
