//! Making room, several profiles, other kinds.

use super::world::{World, key};
use kube_core::condition;
use kube_core::kinds::core::v1::Service;
use kube_sched::config::{Configuration, Registry};
use kube_sched::{Profile, Scheduler};
use kube_store::api::Api;
use kube_store::client::Running;
use kube_store::service::DeleteOptions;
use serde_json::json;
use std::time::Duration;

#[test]
fn a_more_important_pod_gets_the_room_of_a_lesser_one() {
    let world = World::new();
    world.node("n", "1");
    let (_running, handle) = world.schedule(Profile::default());
    world.pod("lesser", "1", &json!({}));
    world.settle();
    world.pod("urgent", "1", &json!({"priority": 100}));
    world.settle();
    let lesser = world.read("lesser");
    assert!(lesser.metadata.deletion_timestamp.is_some(), "it is told to go");
    let conditions = lesser.status.unwrap().conditions.unwrap();
    let target = condition::find(&conditions, "DisruptionTarget").unwrap();
    assert_eq!(target.reason.as_deref(), Some("PreemptionByScheduler"));
    assert_eq!(world.read("urgent").status.unwrap().nominated_node_name.as_deref(), Some("n"));
    assert!(world.events("lesser").iter().any(|(reason, _)| reason == "Preempted"));

    // A pod that came later does not get the room that was made.
    world.pod("late", "1", &json!({"priority": 50}));
    world.settle();
    world.finish(world.pods().delete("lesser", &DeleteOptions::now())).unwrap();
    world.pass(Duration::from_secs(3));
    assert_eq!(world.placed()["urgent"].as_deref(), Some("n"));
    assert_eq!(world.placed()["late"], None);
    assert_eq!(handle.why(&key("urgent")), None);
}

#[test]
fn room_that_a_more_important_pod_takes_is_no_longer_set_aside_for_a_lesser_one() {
    let world = World::new();
    world.node("n", "1");
    let (_running, handle) = world.schedule(Profile::default());
    world.pod("lesser", "1", &json!({}));
    world.settle();
    world.pod("middle", "1", &json!({"priority": 50}));
    world.settle();
    let nominated = |name: &str| world.read(name).status.unwrap().nominated_node_name;
    assert_eq!(nominated("middle").as_deref(), Some("n"));
    world.pod("urgent", "1", &json!({"priority": 100}));
    world.settle();
    assert_eq!((nominated("urgent").as_deref(), nominated("middle")), (Some("n"), None));
    assert_eq!(handle.cluster().nominated("n").len(), 1);
    world.finish(world.pods().delete("lesser", &DeleteOptions::now())).unwrap();
    world.pass(Duration::from_secs(3));
    assert_eq!((world.placed()["urgent"].as_deref(), &world.placed()["middle"]), (Some("n"), &None));
}

#[test]
fn profiles_share_the_cluster_and_decide_each_in_its_way() {
    let world = World::new();
    world.node("a", "4");
    world.node("b", "4");
    let text = "
profiles:
- schedulerName: default-scheduler
- schedulerName: packing
  pluginConfig: [{name: NodeResourcesFit, args: {scoringStrategy: {type: MostAllocated}}}]
  plugins: {score: {disabled: [{name: NodeResourcesBalancedAllocation}]}}
";
    let configuration = Configuration::from_yaml(text, &Registry::built_in()).unwrap();
    let scheduler = Scheduler::builder(&world.informers).configuration(configuration).build().unwrap();
    let handle = scheduler.handle();
    let _running = Running::start(&world.env, Box::new(scheduler));
    for number in 0..3 {
        world.pod(&format!("packed-{number}"), "1", &json!({"schedulerName": "packing"}));
    }
    world.settle();
    let placed = world.placed();
    assert!(placed.values().all(|node| *node == placed["packed-0"] && node.is_some()), "{placed:?}");
    world.pod("spread", "1", &json!({}));
    world.pod("nobodys", "1", &json!({"schedulerName": "another"}));
    world.settle();
    let placed = world.placed();
    assert_ne!(placed["spread"], placed["packed-0"]);
    assert_eq!((placed["nobodys"].clone(), handle.why(&key("nobodys"))), (None, None));
}

#[test]
fn pods_of_a_service_are_spread_without_saying_so() {
    let world = World::new();
    world.node("a", "4");
    world.node("b", "4");
    let service =
        json!({"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}});
    let services: Api<Service> = Api::namespaced(world.objects.clone(), "default");
    world.finish(services.create(&serde_json::from_value(service).unwrap())).unwrap();
    let (_running, handle) = world.schedule(Profile::default());
    world.settle();
    assert_eq!(handle.cluster().objects().all::<kube_sched::snapshot::ServiceView>().len(), 1);
}

#[test]
fn a_profile_that_cannot_work_is_named_with_its_plugin_and_field() {
    let world = World::new();
    let build = |profile: Profile| {
        let builder = Scheduler::builder(&world.informers).named_profile("batch", profile);
        builder.build().err().map(|error| (error.profile, error.plugin, error.field))
    };
    let named = |plugin: &str, field: &str| Some(("batch".to_owned(), plugin.to_owned(), field.to_owned()));
    let twice = Profile::default().with(kube_sched::plugins::node_name::NodeName);
    assert_eq!(build(twice), named("NodeName", "plugins"));
    assert_eq!(
        build(Profile::default().weight(0)).map(|named| named.2),
        Some("plugins.score.weight".to_owned())
    );
    assert_eq!(build(Profile::default()), None);
}
