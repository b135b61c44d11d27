//! The scheduler on a store.

mod gang;
mod numbers;
mod plugins;
mod room;
mod world;

use kube_core::condition;
use kube_core::kinds::core::v1::Pod;
use kube_sched::Profile;
use kube_sched::driver::Tally;
use kube_store::api::Api;
use kube_store::service::DeleteOptions;
use kube_store::storage::{Key, Op, Storage, Txn};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;
use world::{World, key};

#[test]
fn pods_get_nodes_and_events_tell() {
    let world = World::new();
    for name in ["a", "b", "c"] {
        world.node(name, "4");
    }
    let (_running, handle) = world.schedule(Profile::default());
    for number in 0..9 {
        world.pod(&format!("p{number}"), "1", &json!({}));
    }
    world.settle();
    let placed = world.placed();
    let per_node = |node: &str| placed.values().filter(|on| on.as_deref() == Some(node)).count();
    assert_eq!(["a", "b", "c"].map(per_node), [3, 3, 3], "{placed:?}");
    assert!(handle.pending().is_empty());
    assert_eq!(handle.tally().bound, 9);
    let node = placed["p0"].clone().unwrap();
    let said = format!("Successfully assigned default/p0 to {node}");
    assert_eq!(world.events("p0"), [("Scheduled".to_owned(), said)]);
}

#[test]
fn a_pod_that_does_not_fit_says_why_and_goes_when_it_can() {
    let world = World::new();
    world.node("small", "2");
    let (_running, handle) = world.schedule(Profile::default());
    world.pod("big", "3", &json!({}));
    world.settle();
    let text = "0/1 nodes are available: 1 Insufficient cpu. \
         preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.";
    let pod = world.read("big");
    let conditions = pod.status.unwrap().conditions.unwrap();
    let scheduled = condition::find(&conditions, "PodScheduled").unwrap();
    assert_eq!((&*scheduled.status, scheduled.reason.as_deref()), ("False", Some("Unschedulable")));
    assert_eq!(scheduled.message.as_deref(), Some(text));
    assert_eq!(world.events("big"), [("FailedScheduling".to_owned(), text.to_owned())]);
    let why = handle.why(&key("big")).unwrap();
    assert_eq!(why.to_string(), text);
    assert!(why.report().contains("free or add 1000m of cpu on small"), "{}", why.report());
    assert_eq!(handle.tally().rejected, 1, "its own report does not wake the pod");

    world.node("large", "4");
    world.settle();
    assert_eq!(world.placed()["big"].as_deref(), Some("large"));
    assert_eq!(handle.why(&key("big")), None);
}

#[test]
fn room_that_a_deleted_pod_leaves_is_used() {
    let world = World::new();
    world.node("n", "1");
    let (_running, _handle) = world.schedule(Profile::default());
    world.pod("first", "1", &json!({}));
    world.settle();
    world.pod("second", "1", &json!({}));
    world.settle();
    assert_eq!(world.placed()["second"], None);
    world.finish(world.pods().delete("first", &DeleteOptions::now())).unwrap();
    world.settle();
    assert_eq!(world.placed()["second"].as_deref(), Some("n"));
}

#[test]
fn gated_pods_and_those_of_other_schedulers_are_left_alone() {
    let world = World::new();
    world.node("n", "4");
    let (_running, handle) = world.schedule(Profile::default());
    world.pod("other", "1", &json!({"schedulerName": "another"}));
    world.pod("gated", "1", &json!({"schedulingGates": [{"name": "review"}]}));
    world.settle();
    assert_eq!(world.placed().values().flatten().count(), 0);
    let why = handle.why(&key("gated")).unwrap().to_string();
    assert_eq!(why, "0/1 nodes are available: waiting for scheduling gates: [review].");
    assert_eq!(handle.why(&key("other")), None);
    let pods: Api<Pod> = world.pods();
    world.finish(pods.edit("gated", |pod| pod.spec.as_mut().unwrap().scheduling_gates = None)).unwrap();
    world.settle();
    assert_eq!(world.placed()["gated"].as_deref(), Some("n"));
}

#[test]
fn pods_that_were_there_before_count_and_are_found() {
    let world = World::new();
    world.node("n", "2");
    world.pod("bound", "2", &json!({"nodeName": "n"}));
    world.pod("waiting", "1", &json!({}));
    let (_running, handle) = world.schedule(Profile::default());
    assert_eq!(world.placed()["waiting"], None);
    assert_eq!(handle.cluster().node("n").unwrap().requested().milli_cpu, 2000);
    assert_eq!(handle.pending(), [key("waiting")]);
}

#[test]
fn a_stopped_scheduler_ends_well_and_a_closed_store_is_its_cause() {
    let world = World::new();
    let (running, _handle) = world.schedule(Profile::default());
    running.stop();
    assert_eq!(world.ended(&running), Ok(()));

    let (running, _handle) = world.schedule(Profile::default());
    world.close();
    assert!(world.ended(&running).unwrap_err().is_closed());
}

#[test]
fn a_full_cluster_takes_what_fits_and_no_more() {
    let world = World::new();
    world.node("a", "2");
    world.node("b", "2");
    let (_running, handle) = world.schedule(Profile::default());
    for number in 0..100 {
        world.pod(&format!("p{number:02}"), "1", &json!({}));
    }
    world.pass(Duration::from_secs(5));
    let placed: Vec<String> = world.placed().into_values().flatten().collect();
    assert_eq!(placed.len(), 4);
    assert_eq!(placed.iter().collect::<BTreeSet<_>>().len(), 2);
    let Tally { bound, failed, .. } = handle.tally();
    assert_eq!((bound, failed), (4, 0));
    assert_eq!(handle.pending().len(), 96);
}

/// Two schedulers that share a name, as when one takes the other for dead: both decide about every pod.
#[test]
fn two_schedulers_of_one_name_do_not_give_away_more_than_there_is() {
    let world = World::new();
    world.node("a", "3");
    world.node("b", "3");
    let (_first, one) = world.schedule(Profile::default());
    let other = kube_store::informer::Informers::new(world.objects.clone());
    let scheduler = kube_sched::Scheduler::builder(&other).build().unwrap();
    let two = scheduler.handle();
    let _second = kube_store::client::Running::start(&world.env, Box::new(scheduler));
    for number in 0..12 {
        world.pod(&format!("p{number:02}"), "1", &json!({}));
    }
    world.pass(Duration::from_secs(20));
    let placed = world.placed();
    let on = |node: &str| placed.values().filter(|on| on.as_deref() == Some(node)).count();
    assert_eq!((on("a"), on("b")), (3, 3), "{placed:?}");
    assert_eq!(one.tally().bound + two.tally().bound, 6);
}

/// A pod as a server that checks less may have stored it.
fn store(world: &World, name: &str, spec: &serde_json::Value) {
    let pod = json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "uid": name, "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": spec, "status": {"phase": "Pending"}});
    let key = Key::new(format!("/registry/core/pods/default/{name}"));
    let op = Op::Put { key, value: pod.to_string().into(), ttl: None };
    world.finish(world.storage.txn(Txn::of(vec![op]))).unwrap();
}

#[test]
fn malformed_pods_are_told_why_and_hold_nobody_up() {
    let world = World::new();
    world.node("n", "8");
    let (_running, handle) = world.schedule(Profile::default());
    let container = |requests: serde_json::Value| json!([{"name": "c", "image": "app:1", "resources": {"requests": requests}}]);
    let bad = json!({"matchExpressions": [{"key": "app", "operator": "Sometimes"}]});
    let term = json!({"topologyKey": "zone", "labelSelector": bad});
    let required = "requiredDuringSchedulingIgnoredDuringExecution";
    store(&world, "quantity", &json!({"containers": container(json!({"cpu": "much"}))}));
    store(&world, "huge", &json!({"containers": container(json!({"cpu": "9223372036854775807"}))}));
    let affinity = json!({"podAffinity": {required: [term]}});
    store(&world, "affinity", &json!({"containers": container(json!({})), "affinity": affinity}));
    let spread = json!([{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": bad}]);
    store(
        &world,
        "spread",
        &json!({"containers": container(json!({})), "topologySpreadConstraints": spread}),
    );
    let terms = json!({"nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "Gt", "values": ["x"]}]}]});
    let affinity = json!({"nodeAffinity": {required: terms}});
    store(&world, "node", &json!({"containers": container(json!({})), "affinity": affinity}));
    world.pod("good", "1", &json!({}));
    world.settle();
    let mut said = String::new();
    for name in ["quantity", "huge", "affinity", "spread", "node"] {
        let pod = world.read(name);
        let conditions = pod.status.unwrap().conditions.unwrap_or_default();
        let scheduled = condition::find(&conditions, "PodScheduled").unwrap_or_else(|| panic!("{name}"));
        assert_eq!(scheduled.status, "False", "{name}");
        said.extend([name, ": ", scheduled.message.as_deref().unwrap_or_default(), "\n"]);
        assert!(!world.events(name).is_empty(), "{name}");
    }
    assert!(
        said.contains("quantity: the pod cannot be read: spec.containers[0].resources.requests"),
        "{said}"
    );
    assert!(said.contains("Sometimes"), "{said}");
    assert!(said.contains("huge: 0/1 nodes are available: 1 Insufficient cpu."), "{said}");
    assert_eq!(world.placed()["good"].as_deref(), Some("n"));
    assert_eq!(handle.tally().bound, 1);
}
