//! Pods of one group: all of them or none.

use super::world::{World, key};
use kube_core::condition;
use kube_core::kinds::core::v1::Pod;
use kube_sched::framework::{
    Permission, Permit, Plugin, PodInfo, Points, Reads, Reason, Reasons, Reserve, Verdict,
};
use kube_sched::plugins::gang_scheduling::GangScheduling;
use kube_sched::{Profile, SchedulerHandle, Snapshot};
use kube_store::client::Running;
use kube_store::service::DeleteOptions;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn profile() -> Profile {
    Profile::default().with(GangScheduling)
}

fn member_of(group: &str) -> Value {
    json!({"schedulingGroup": {"podGroupName": group}})
}

fn bound(world: &World) -> usize {
    world.placed().values().flatten().count()
}

#[test]
fn a_gang_waits_for_its_group_and_for_enough_pods() {
    let world = World::new();
    world.node("a", "2");
    world.node("b", "2");
    let (_running, handle) = world.schedule(profile());
    world.pod("g0", "1", &member_of("g"));
    world.pod("g1", "1", &member_of("g"));
    world.settle();
    let why = |name: &str| handle.why(&key(name)).unwrap().to_string();
    let no_group = "waiting for pod's pod group \"g\" to appear in scheduling queue";
    assert_eq!(why("g0"), format!("0/2 nodes are available: {no_group}."));
    world.group("g", 3);
    world.settle();
    let too_few = "waiting for minCount pods from a gang to appear in scheduling queue";
    assert_eq!(why("g1"), format!("0/2 nodes are available: {too_few}."));
    assert_eq!(bound(&world), 0);
    let before = world.finish(world.pods().get("g0")).unwrap().metadata.resource_version;
    world.pod("g2", "1", &member_of("g"));
    world.settle();
    assert_eq!(bound(&world), 3);
    let versions = ["g0", "g1", "g2"].map(|name| world.read(name).metadata.resource_version);
    assert!(
        versions[0] != before && versions.iter().all(|version| *version == versions[0]),
        "one transaction"
    );
}

#[test]
fn a_gang_that_does_not_fit_takes_nothing_and_goes_when_it_can() {
    let world = World::new();
    world.node("a", "2");
    let (_running, handle) = world.schedule(profile());
    world.group("g", 3);
    for name in ["g0", "g1", "g2"] {
        world.pod(name, "1", &member_of("g"));
    }
    world.settle();
    assert_eq!(bound(&world), 0);
    assert_eq!(handle.cluster().node("a").unwrap().pod_count(), 0, "nothing is held meanwhile");
    let said = |name: &str| {
        let conditions = world.read(name).status.unwrap().conditions.unwrap();
        condition::find(&conditions, "PodScheduled").unwrap().message.clone().unwrap()
    };
    assert!(said("g2").starts_with("0/1 nodes are available: 1 Insufficient cpu."), "{}", said("g2"));
    assert_eq!(said("g0"), "0/1 nodes are available: minCount (3) cannot be satisfied: 2 scheduled.");
    world.pod("other", "2", &json!({}));
    world.settle();
    assert_eq!(world.placed()["other"].as_deref(), Some("a"), "others get what the gang cannot use");
    world.node("b", "4");
    world.pass(Duration::from_secs(15));
    assert_eq!(bound(&world), 4);
}

#[test]
fn of_two_gangs_that_both_want_all_the_room_one_goes() {
    let world = World::new();
    world.node("a", "2");
    world.node("b", "2");
    for group in ["g", "h"] {
        world.group(group, 3);
        for number in 0..3 {
            world.pod(&format!("{group}{number}"), "1", &member_of(group));
        }
    }
    let (_running, _handle) = world.schedule(profile());
    world.pass(Duration::from_secs(30));
    let placed = world.placed();
    let of =
        |group: &str| placed.iter().filter(|(pod, node)| pod.starts_with(group) && node.is_some()).count();
    assert_eq!((of("g"), of("h")), (3, 0), "{placed:?}");
}

#[test]
fn more_pods_than_the_gang_needs_go_as_far_as_they_can() {
    let world = World::new();
    world.node("a", "3");
    let (_running, _handle) = world.schedule(profile());
    world.group("g", 2);
    for number in 0..5 {
        world.pod(&format!("g{number}"), "1", &member_of("g"));
    }
    world.settle();
    assert_eq!(bound(&world), 3);
    world.node("b", "1");
    world.pass(Duration::from_secs(15));
    assert_eq!(bound(&world), 4, "enough of them run: the others go alone");
}

fn terminating(world: &World, names: &[&str]) -> usize {
    names.iter().filter(|name| world.read(name).metadata.deletion_timestamp.is_some()).count()
}

#[test]
fn nobody_has_to_go_for_a_gang_that_would_not_fit_all_the_same() {
    let world = World::new();
    world.node("a", "2");
    let (_running, _handle) = world.schedule(profile());
    for name in ["l0", "l1"] {
        world.pod(name, "1", &json!({}));
    }
    world.settle();
    world.group("g", 3);
    let mut urgent = member_of("g");
    urgent["priority"] = json!(100);
    for name in ["g0", "g1", "g2"] {
        world.pod(name, "1", &urgent);
    }
    world.pass(Duration::from_secs(30));
    assert_eq!(terminating(&world, &["l0", "l1"]), 0, "room for two is no room for three");
    assert_eq!(bound(&world), 2);
}

#[test]
fn a_gang_that_fits_once_others_have_gone_gets_all_its_room() {
    let world = World::new();
    world.node("a", "2");
    world.node("b", "1");
    let (_running, _handle) = world.schedule(profile());
    world.finish(world.pods().create(&lesser("l0"))).unwrap();
    world.finish(world.pods().create(&lesser("l1"))).unwrap();
    world.settle();
    world.group("g", 3);
    let mut urgent = member_of("g");
    urgent["priority"] = json!(100);
    for name in ["g0", "g1", "g2"] {
        world.pod(name, "1", &urgent);
    }
    world.settle();
    assert_eq!(terminating(&world, &["l0", "l1"]), 2);
    // Less important, and small enough for the node that is free: it is kept for the gang.
    world.pod("late", "1", &json!({"priority": 50}));
    world.settle();
    assert_eq!(world.placed()["late"], None);
    for name in ["l0", "l1"] {
        world.finish(world.pods().delete(name, &DeleteOptions::now())).unwrap();
    }
    world.pass(Duration::from_secs(15));
    let placed = world.placed();
    let all = ["g0", "g1", "g2"].iter().all(|name| placed[*name].is_some());
    assert!(all && placed["late"].is_none(), "{placed:?}");
}

/// A pod of priority 0 on node `a`.
fn lesser(name: &str) -> Pod {
    let requests = json!({"cpu": "1", "memory": "64Mi"});
    let container = json!({"name": "main", "image": "app:1", "resources": {"requests": requests}});
    let spec = json!({"nodeName": "a", "containers": [container]});
    serde_json::from_value(json!({"metadata": {"name": name, "namespace": "default"}, "spec": spec})).unwrap()
}

#[test]
fn the_priority_of_the_group_counts_for_its_pods_waiting_and_placed() {
    let world = World::new();
    world.node("a", "2");
    let (_running, _handle) = world.schedule(profile());
    world.pod("lesser", "1", &json!({"priority": 10}));
    world.settle();
    world.group_of("g", &json!({"priority": 50, "schedulingPolicy": {"gang": {"minCount": 2}}}));
    for name in ["g0", "g1"] {
        world.pod(name, "1", &member_of("g"));
    }
    world.settle();
    assert_eq!(terminating(&world, &["lesser"]), 1, "their own priority is 0");
    world.finish(world.pods().delete("lesser", &DeleteOptions::now())).unwrap();
    world.pass(Duration::from_secs(15));
    assert_eq!(bound(&world), 2);
    world.pod("between", "1", &json!({"priority": 20}));
    world.settle();
    assert_eq!(terminating(&world, &["g0", "g1"]), 0, "placed, they are as important as before");
    world.pod("above", "1", &json!({"priority": 60}));
    world.settle();
    assert_eq!(terminating(&world, &["g0", "g1"]), 1);
}

/// Lets the pods of a gang wait, and writes down who was undone.
#[derive(Clone, Default)]
struct Slow(Arc<Mutex<Vec<String>>>);

impl Plugin for Slow {
    fn name(&self) -> &'static str {
        "Slow"
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }

    fn points(self: Arc<Self>, points: &mut Points) {
        points.reserve(self.clone()).permit(self);
    }
}

impl Reserve for Slow {
    fn reserve(&self, _cluster: &mut Snapshot, _pod: &PodInfo, _node: &str) -> Verdict {
        Verdict::Fits
    }

    fn unreserve(&self, _cluster: &mut Snapshot, pod: &PodInfo, _node: &str) {
        self.0.lock().unwrap().push(pod.key().name.to_string());
    }
}

impl Permit for Slow {
    fn permit(&self, _pod: &PodInfo, _node: &str) -> Permission {
        Permission::Wait(Duration::from_mins(10))
    }
}

fn waiting(world: &World, slow: &Slow) -> (Running, SchedulerHandle) {
    world.node("a", "4");
    world.group("g", 3);
    let (running, handle) = world.schedule(profile().with(slow.clone()));
    for name in ["g0", "g1", "g2"] {
        world.pod(name, "1", &member_of("g"));
    }
    world.settle();
    assert_eq!(handle.waiting_for_permission(), ["g0", "g1", "g2"].map(key));
    (running, handle)
}

#[test]
fn permissions_that_do_not_come_in_time_undo_the_whole_gang_last_pod_first() {
    let (world, slow) = (World::new(), Slow::default());
    let (_running, handle) = waiting(&world, &slow);
    assert!(handle.allow(&key("g0"), "Slow") && handle.allow(&key("g1"), "Slow"));
    world.pass(Duration::from_secs(298));
    assert_eq!(handle.cluster().node("a").unwrap().pod_count(), 3, "all are held until then");
    assert!(slow.0.lock().unwrap().is_empty());
    world.pass(Duration::from_secs(2));
    assert_eq!(*slow.0.lock().unwrap(), ["g2", "g1", "g0"]);
    assert_eq!((bound(&world), handle.tally().bound), (0, 0), "nothing is half bound");
}

#[test]
fn one_refusal_undoes_the_whole_gang_and_all_permissions_bind_it() {
    let (world, slow) = (World::new(), Slow::default());
    let (_running, handle) = waiting(&world, &slow);
    assert!(handle.allow(&key("g0"), "Slow"));
    assert!(handle.refuse(&key("g1"), "Slow", Reasons::from(Reason::from("not this one"))));
    world.pass(Duration::from_millis(500));
    assert_eq!(bound(&world), 0);
    assert_eq!(*slow.0.lock().unwrap(), ["g2", "g1", "g0"]);
    let refused = "0/1 nodes are available: not this one.".to_owned();
    assert!(world.events("g1").contains(&("FailedScheduling".to_owned(), refused)));
    // The refusal of a plugin without hints is looked at again with the next event.
    world.node("b", "4");
    world.pass(Duration::from_secs(3));
    for name in ["g0", "g1", "g2"] {
        assert!(handle.allow(&key(name), "Slow"), "{name} waits again");
    }
    world.settle();
    assert_eq!(bound(&world), 3);
}
