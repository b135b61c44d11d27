//! The fleet: addresses, timers, retries.

use super::{Fleet, SimFleet};
use crate::behavior::Delays;
use crate::machine::{Effect, NodePod, Now};
use jiff::Timestamp;
use kube_core::env::{Mono, Rng};
use kube_core::resource::Uid;
use kube_core::view::from_value;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

fn at(seconds: u64) -> Now {
    Now { mono: Mono::default() + Duration::from_secs(seconds), wall: Timestamp::UNIX_EPOCH }
}

fn pod(index: usize, node: &str) -> Arc<NodePod> {
    let object = json!({
        "metadata": { "name": format!("p{index}"), "namespace": "default", "uid": format!("u{index}") },
        "spec": { "nodeName": node, "containers": [{ "name": "c" }] },
    });
    Arc::new(from_value(object).unwrap())
}

fn fleet(start: u64) -> Fleet {
    let start = Duration::from_secs(start);
    let delays = Delays { start: start..=start, ..Delays::NONE };
    Fleet::new(SimFleet::new(2).pods(400).behavior(delays), Rng::new(1))
}

#[test]
fn pods_of_other_nodes_are_left_alone() {
    let mut fleet = fleet(0);
    fleet.observe(&Uid::new("u1"), Some(&pod(1, "elsewhere")), at(0));
    assert!(fleet.is_empty());
    assert_eq!(fleet.next_deadline(), None);
}

#[test]
fn what_a_later_report_says_includes_the_earlier_ones() {
    let mut fleet = fleet(0);
    fleet.observe(&Uid::new("u1"), Some(&pod(1, "node-0")), at(0));
    let tasks = fleet.due(at(0));
    assert_eq!(tasks.len(), 1, "{tasks:?}");
    let Effect::Report(report) = &tasks[0].effect else { panic!("{tasks:?}") };
    assert!(report.ready);
}

#[test]
fn addresses_are_reused_and_never_shared() {
    let mut fleet = fleet(0);
    for index in 0..300 {
        fleet.observe(&Uid::new(format!("u{index}")), Some(&pod(index, "node-0")), at(0));
    }
    assert_eq!(fleet.len(), 253, "one pod per address");
    let first: std::collections::BTreeSet<_> = fleet.due(at(0)).iter().map(address).collect();
    assert_eq!(first.len(), 253);
    for index in 1..253 {
        fleet.written(&Uid::new(format!("u{index}")), None, at(0));
    }
    assert!(fleet.due(at(0)).is_empty());
    fleet.observe(&Uid::new("u0"), None, at(1));
    let next = fleet.due(at(1));
    assert_eq!(next.len(), 1, "a waiting pod got the address");
    assert_eq!(&*next[0].key.name, "p253");
}

fn address(task: &super::Task) -> String {
    let Effect::Report(report) = &task.effect else { panic!("{task:?}") };
    report.status["podIP"].as_str().unwrap().to_owned()
}

#[test]
fn a_failed_write_is_repeated_after_the_delay() {
    let mut fleet = fleet(5);
    let uid = Uid::new("u1");
    fleet.observe(&uid, Some(&pod(1, "node-1")), at(0));
    assert_eq!(fleet.due(at(0)).len(), 1);
    fleet.retry(&uid, Duration::from_secs(1), at(0));
    assert!(fleet.due(at(0)).is_empty());
    assert_eq!(fleet.due(at(1)).len(), 1);
    fleet.written(&uid, None, at(1));
    assert!(fleet.due(at(1)).is_empty());
    assert_eq!(fleet.next_deadline(), Some(at(5).mono), "the start is still to come");
}

#[test]
fn writes_of_one_pod_go_one_after_the_other() {
    let second = Duration::from_secs(1);
    let delays = Delays { ready: second..=second, ..Delays::NONE };
    let mut fleet = Fleet::new(SimFleet::new(1).behavior(delays), Rng::new(1));
    let uid = Uid::new("u1");
    fleet.observe(&uid, Some(&pod(1, "node-0")), at(0));
    assert_eq!(fleet.due(at(0)).len(), 1, "it runs");
    assert!(fleet.due(at(5)).is_empty(), "the first report is still under way");
    fleet.written(&uid, None, at(6));
    let tasks = fleet.due(at(6));
    let [super::Task { effect: Effect::Report(report), .. }] = tasks.as_slice() else { panic!("{tasks:?}") };
    assert!(report.ready);
}

#[test]
fn a_pod_that_waits_for_an_address_and_is_deleted_waits_no_more() {
    let mut fleet = fleet(0);
    for index in 0..254 {
        fleet.observe(&Uid::new(format!("u{index}")), Some(&pod(index, "node-0")), at(0));
    }
    fleet.observe(&Uid::new("u253"), None, at(0));
    fleet.observe(&Uid::new("u7"), None, at(0));
    assert_eq!(fleet.len(), 252, "nobody took the free address");
    fleet.observe(&Uid::new("u300"), Some(&pod(300, "node-0")), at(1));
    assert_eq!(fleet.len(), 253);
}

#[test]
fn nodes_are_known_by_the_names_they_print_and_no_others() {
    let fleet = SimFleet::new(3).first(8);
    let names: Vec<String> = fleet.node_names().collect();
    assert_eq!(names, ["node-8", "node-9", "node-10"]);
    assert!(names.iter().enumerate().all(|(index, name)| fleet.node_index(name) == Some(index)));
    for other in ["node-7", "node-11", "node-08", "node-+8", "node-", "node", "x-8", "node-8-1"] {
        assert_eq!(fleet.node_index(other), None, "{other}");
    }
}

#[test]
fn a_node_refuses_more_than_it_has_and_takes_again_what_has_ended() {
    let mut fleet = Fleet::new(SimFleet::new(1).pods(1).behavior(Delays::NONE), Rng::new(1));
    fleet.observe(&Uid::new("u1"), Some(&pod(1, "node-0")), at(0));
    fleet.observe(&Uid::new("u2"), Some(&pod(2, "node-0")), at(0));
    let told: Vec<String> = fleet.due(at(0)).iter().map(reported).collect();
    assert_eq!(told, ["Running", "Failed OutOfpods"]);
    fleet.observe(&Uid::new("u1"), None, at(1));
    fleet.observe(&Uid::new("u3"), Some(&pod(3, "node-0")), at(1));
    assert_eq!(fleet.due(at(1)).iter().map(reported).collect::<Vec<_>>(), ["Running"]);
}

fn reported(task: &super::Task) -> String {
    let Effect::Report(report) = &task.effect else { panic!("{task:?}") };
    let reason = report.status["reason"].as_str().unwrap_or_default();
    format!("{} {reason}", report.phase).trim().to_owned()
}
