//! Rollouts against random histories of pods.

use super::plan::{Op, Plan, View, plan};
use super::revision::{Annotations, REVISION, REVISION_HISTORY, annotations_of_new_set};
use super::sets::{SetSize, Sets};
use super::template::{POD_TEMPLATE_HASH, equal_ignoring_hash, pod_template_hash};
use super::{Target, scaling};
use jiff::Timestamp;
use kube_core::kinds::apps::v1::{Deployment, ReplicaSet, ReplicaSetStatus};
use kube_core::kinds::meta::v1::{LabelSelector, Time};
use kube_core::resource::ResourceExt;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::test_runner::TestCaseError;
use serde_json::{Value, json};
use std::sync::Arc;

fn deployment(replicas: i32, surge: i32, unavailable: i32) -> Deployment {
    serde_json::from_value(json!({
        "metadata": { "name": "web", "namespace": "default", "uid": "d", "generation": 1 },
        "spec": {
            "replicas": replicas,
            "revisionHistoryLimit": 2,
            "progressDeadlineSeconds": 600,
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": { "maxSurge": surge, "maxUnavailable": unavailable },
            },
            "selector": { "matchLabels": { "app": "web" } },
            "template": {
                "metadata": { "labels": { "app": "web" } },
                "spec": { "containers": [{ "name": "web", "image": "web:0" }] },
            },
        },
    }))
    .expect("a deployment")
}

/// A ReplicaSet and the pods that it really has.
struct Really {
    set: ReplicaSet,
    ready: i32,
    unready: i32,
}

impl Really {
    fn size(&self) -> i32 {
        self.set.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1)
    }

    fn report(&mut self) {
        let count = |number: i32| (number > 0).then_some(number);
        self.set.status = Some(ReplicaSetStatus {
            replicas: self.ready + self.unready,
            ready_replicas: count(self.ready),
            available_replicas: count(self.ready),
            observed_generation: self.set.metadata.generation,
            terminating_replicas: Some(0),
            ..ReplicaSetStatus::default()
        });
    }

    /// As the controller of ReplicaSets does: the report is about the pods before.
    fn follow(&mut self) {
        self.report();
        let size = self.size();
        self.unready += (size - self.ready - self.unready).max(0);
        let surplus = (self.ready + self.unready - size).max(0);
        let unready = surplus.min(self.unready);
        self.unready -= unready;
        self.ready -= surplus - unready;
    }

    /// Pods that are available once it has followed, of those that are known to be available now.
    fn kept(&self) -> i32 {
        let reported = self.set.status.as_ref().and_then(|status| status.available_replicas).unwrap_or(0);
        self.ready.min(reported).min(self.size())
    }
}

/// A ReplicaSet that nobody has looked at yet has no pods that end; one that was looked at without counting them makes the
/// sum unknown.
#[test]
fn pods_that_end_are_counted_from_the_beginning() {
    let counted = |status: Value| {
        let set = json!({ "metadata": { "name": "web" }, "spec": { "selector": {} }, "status": status });
        SetSize::of(&serde_json::from_value(set).expect("a replica set")).terminating
    };
    assert_eq!(counted(Value::Null), Some(0));
    assert_eq!(counted(json!({ "replicas": 1, "observedGeneration": 1 })), None);
    assert_eq!(counted(json!({ "replicas": 1, "observedGeneration": 1, "terminatingReplicas": 2 })), Some(2));
}

struct World {
    deployment: Deployment,
    sets: Vec<Really>,
    clock: i64,
}

impl World {
    fn new(replicas: i32, surge: i32, unavailable: i32) -> Self {
        Self { deployment: deployment(replicas, surge, unavailable), sets: Vec::new(), clock: 0 }
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.clock).expect("a time")
    }

    fn plan(&self) -> Plan {
        let sets: Vec<Arc<ReplicaSet>> =
            self.sets.iter().map(|really| Arc::new(really.set.clone())).collect();
        plan(&View { deployment: &self.deployment, sets: &sets, old_pods: &|_| false, now: self.now() })
    }

    fn total(&self) -> i32 {
        self.sets.iter().map(Really::size).sum()
    }

    fn kept(&self) -> i32 {
        self.sets.iter().map(Really::kept).sum()
    }

    fn control(&mut self) -> Plan {
        self.clock += 1;
        let plan = self.plan();
        for op in plan.ops.clone() {
            self.execute(op);
        }
        if let Some(status) = plan.status.clone() {
            self.deployment.status = Some(status);
        }
        plan
    }

    fn execute(&mut self, op: Op) {
        match op {
            Op::Create(mut set) => {
                set.metadata.uid = Some(format!("u-{}", set.name()));
                set.metadata.generation = Some(1);
                set.metadata.creation_timestamp = Some(Time(self.now()));
                assert!(self.sets.iter().all(|other| other.set.name() != set.name()));
                self.sets.push(Really { set: *set, ready: 0, unready: 0 });
            }
            Op::Change(change) => {
                let really = self.sets.iter_mut().find(|really| really.set.name() == change.name);
                let set = &mut really.expect("a set").set;
                set.metadata.annotations.get_or_insert_default().extend(change.annotations);
                if change.size.0 != change.size.1 {
                    set.metadata.generation = set.metadata.generation.map(|generation| generation + 1);
                    set.spec.as_mut().expect("a spec").replicas = Some(change.size.1);
                }
            }
            Op::Delete { name, .. } => {
                let index = self.sets.iter().position(|really| really.set.name() == name).expect("a set");
                let really = self.sets.remove(index);
                assert_eq!((really.size(), really.ready + really.unready), (0, 0), "history has no pods");
            }
            Op::SetRevision(revision) => {
                let annotations = self.deployment.metadata.annotations.get_or_insert_default();
                annotations.insert(REVISION.to_owned(), revision.to_string());
            }
        }
    }

    fn set_image(&mut self, number: u8) {
        let spec = self.deployment.spec.as_mut().expect("a spec").template.spec.as_mut().expect("a pod spec");
        spec.containers[0].image = Some(format!("web:{number}"));
        self.deployment.metadata.generation = self.deployment.metadata.generation.map(|g| g + 1);
    }

    fn set_replicas(&mut self, replicas: i32) {
        self.deployment.spec.as_mut().expect("a spec").replicas = Some(replicas);
        self.deployment.metadata.generation = self.deployment.metadata.generation.map(|g| g + 1);
    }

    fn is_scaling(&self) -> bool {
        let old = self.sets.iter().map(|really| SetSize::of(&really.set)).collect();
        scaling::is_scaling(&Target::of(&self.deployment), &Sets { new: None, old })
    }

    /// Lets everybody work until nothing is left to do.
    fn settle(&mut self) -> bool {
        for _ in 0..200 {
            let plan = self.control();
            let before: Vec<_> = self.sets.iter().map(|s| (s.ready, s.set.status.clone())).collect();
            for really in &mut self.sets {
                really.follow();
                really.ready += std::mem::take(&mut really.unready);
                really.report();
            }
            let after: Vec<_> = self.sets.iter().map(|s| (s.ready, s.set.status.clone())).collect();
            if plan.ops.is_empty() && plan.status.is_none() && before == after {
                return true;
            }
        }
        false
    }
}

#[derive(Clone, Debug)]
enum Step {
    Control,
    Follow(usize),
    Ready(usize),
    Crash(usize),
    Report(usize),
    Scale(i32),
    Image(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => Just(Step::Control),
        6 => any::<usize>().prop_map(Step::Follow),
        8 => any::<usize>().prop_map(Step::Ready),
        1 => any::<usize>().prop_map(Step::Crash),
        8 => any::<usize>().prop_map(Step::Report),
        1 => (0..12).prop_map(Step::Scale),
        1 => (0..3_u8).prop_map(Step::Image),
    ];
    proptest::collection::vec(step, 0..120)
}

fn step(world: &mut World, step: &Step) -> Result<(), TestCaseError> {
    let count = world.sets.len();
    let any_set = |world: &mut World, index: usize, change: fn(&mut Really)| {
        if let Some(really) = index.checked_rem(count).and_then(|index| world.sets.get_mut(index)) {
            change(really);
        }
    };
    match step {
        Step::Control => {
            let target = Target::of(&world.deployment);
            let (total, kept, scaling) = (world.total(), world.kept(), world.is_scaling());
            world.control();
            prop_assert!(world.total() <= total.max(target.max_total()), "above the surge");
            if !scaling {
                let floor = kept.min(target.min_available());
                prop_assert!(world.kept() >= floor, "{} available of {floor}", world.kept());
            }
        }
        Step::Follow(index) => any_set(world, *index, Really::follow),
        Step::Ready(index) => any_set(world, *index, |really| {
            let moved = really.unready.min(1);
            really.unready -= moved;
            really.ready += moved;
        }),
        Step::Crash(index) => any_set(world, *index, |really| {
            let moved = really.ready.min(1);
            really.ready -= moved;
            really.unready += moved;
            really.report();
        }),
        Step::Report(index) => any_set(world, *index, Really::report),
        Step::Scale(replicas) => world.set_replicas(*replicas),
        Step::Image(number) => world.set_image(*number),
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_write_breaks_the_limits_and_all_rollouts_arrive(
        replicas in 0..12_i32, surge in 0..4_i32, unavailable in 0..4_i32, steps in steps(),
    ) {
        let mut world = World::new(replicas, surge, unavailable);
        for one in &steps {
            step(&mut world, one)?;
        }
        prop_assert!(world.settle(), "no rest: {:?}", world.plan());
        let target = Target::of(&world.deployment);
        let active: Vec<i32> = world.sets.iter().map(|really| really.ready).filter(|ready| *ready > 0).collect();
        let wanted = if target.replicas > 0 { vec![target.replicas] } else { Vec::new() };
        prop_assert_eq!(active, wanted);
        prop_assert!(world.sets.len() <= 3, "history is kept short");
    }
}

#[test]
fn the_deadline_is_reported_once_and_looked_at_in_time() {
    let mut world = World::new(2, 1, 0);
    assert!(world.settle());
    world.set_image(1);
    // The first pod of the new template never becomes ready.
    for _ in 0..5 {
        world.control();
        world.sets.iter_mut().for_each(|really| {
            really.follow();
            really.report();
        });
    }
    let requeue = world.control().requeue.expect("a deadline to look at");
    assert!((590..=601).contains(&requeue.as_secs()), "{requeue:?}");
    world.clock += 700;
    let late = world.control();
    let reasons = |plan: &Plan| -> Vec<String> {
        let status = plan.status.iter().flat_map(|status| status.conditions.iter().flatten());
        status.filter_map(|condition| condition.reason.clone()).collect()
    };
    assert!(reasons(&late).contains(&"ProgressDeadlineExceeded".to_owned()));
    assert_eq!(late.requeue, None);
    assert_eq!(world.control().status, None);
}

#[test]
fn a_selector_for_everything_is_refused() {
    let mut world = World::new(2, 1, 0);
    world.deployment.spec.as_mut().expect("a spec").selector = LabelSelector::default();
    let plan = world.plan();
    assert!(plan.ops.is_empty());
    assert_eq!(plan.events.iter().map(|event| event.1).collect::<Vec<_>>(), ["SelectingAll"]);
}

#[test]
fn the_hash_depends_on_template_and_collisions_and_is_ignored_in_comparisons() {
    let template = deployment(1, 1, 1).spec.expect("a spec").template;
    let hash = pod_template_hash(&template, None);
    assert_eq!(hash, pod_template_hash(&template, None));
    assert_ne!(hash, pod_template_hash(&template, Some(1)));
    assert!(hash.bytes().all(|byte| b"bcdfghjklmnpqrstvwxz2456789".contains(&byte)));
    let mut labelled = template.clone();
    let labels = labelled.metadata.as_mut().and_then(|meta| meta.labels.as_mut()).expect("labels");
    labels.insert(POD_TEMPLATE_HASH.to_owned(), hash);
    assert!(equal_ignoring_hash(&template, &labelled));
}

#[test]
fn a_set_that_comes_back_remembers_its_revisions() {
    let annotation = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let present = [annotation(REVISION, "2"), annotation(REVISION_HISTORY, "1"), annotation("own", "x")];
    let wanted = [annotation(REVISION, "9"), annotation("note", "y")];
    let after = annotations_of_new_set(&present.into(), &wanted.into(), 5);
    let wanted = [
        annotation(REVISION, "5"),
        annotation(REVISION_HISTORY, "1,2"),
        annotation("note", "y"),
        annotation("own", "x"),
    ];
    assert_eq!(after, wanted.into());
    assert_eq!(annotations_of_new_set(&after, &Annotations::new(), 4), after, "revisions only grow");
}

/// What Go cannot keep in 64 bits as it was written is canonical by the time a controller reads it.
#[test]
fn quantities_are_pictured_as_go_keeps_them() {
    let picture = |cpu: &str| {
        let mut template = deployment(1, 1, 1).spec.expect("a spec").template;
        template.spec = serde_json::from_value(json!({
            "containers": [{ "name": "c", "resources": { "limits": { "cpu": cpu } } }],
        }))
        .expect("a pod spec");
        let text = super::go_dump::dump(&template);
        let (_, rest) = text.split_once("Limits:(v1.ResourceList)map[cpu:").expect("the limit");
        rest.split_once(" d:").expect("an end").0.to_owned()
    };
    let amount = |value: i64, scale: i32| {
        format!("{{i:(resource.int64Amount){{value:(int64){value} scale:(resource.Scale){scale}}}")
    };
    assert_eq!(picture("250m"), amount(250, -3));
    assert_eq!(picture("1.25"), amount(125, -2));
    assert_eq!(picture("3e3"), amount(3, 3));
    assert_eq!(picture("2Gi"), amount(2 << 30, 0));
    assert_eq!(picture("1.5Gi"), amount(1536 << 20, 0));
}
