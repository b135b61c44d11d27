//! Order, back-off, gates and the long flush.

use super::{Place, Queue, QueueConfig, QueuedPod};
use crate::engine::Engine;
use crate::fixtures::{info, node, pod};
use crate::framework::ClusterEvent;
use crate::profile::Profile;
use kube_core::env::Mono;
use kube_core::resource::ObjectKey;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

fn queue(pop_from_backoff: bool) -> Queue {
    let engine = Engine::new(&Profile::default()).unwrap();
    Queue::new(QueueConfig { pop_from_backoff, ..QueueConfig::default() }, &engine)
}

fn at(millis: u64) -> Mono {
    Mono::default() + Duration::from_millis(millis)
}

fn add(queue: &mut Queue, name: &str, spec: Value, now: Mono) {
    queue.add(Arc::new(info(&pod(name, spec))), now);
}

fn pop(queue: &mut Queue, now: Mono) -> Option<String> {
    queue.pop(now).map(|popped| popped.pod.key().name.to_string())
}

fn reject(queue: &mut Queue, popped: &QueuedPod, by: &'static str, now: Mono) {
    queue.unschedulable(popped, BTreeSet::from([by]), now, |_| true);
}

fn key(name: &str) -> ObjectKey {
    ObjectKey::new("default", name)
}

#[test]
fn higher_priority_goes_first_then_who_came_first() {
    let mut queue = queue(true);
    add(&mut queue, "late", json!({}), at(2));
    add(&mut queue, "early", json!({}), at(1));
    add(&mut queue, "urgent", json!({"priority": 10}), at(3));
    let order: Vec<_> = std::iter::from_fn(|| pop(&mut queue, at(4))).collect();
    assert_eq!(order, ["urgent", "early", "late"]);
}

#[test]
fn backoff_doubles_to_its_limit() {
    let config = QueueConfig::default();
    let seconds: Vec<u64> = (0..7).map(|n| config.backoff(n).as_secs()).collect();
    assert_eq!(seconds, [0, 1, 2, 4, 8, 10, 10]);
    assert_eq!(config.backoff(u32::MAX).as_secs(), 10);
}

#[test]
fn what_broke_waits_out_its_backoff_even_when_nothing_else_is_to_do() {
    let mut queue = queue(true);
    add(&mut queue, "p", json!({}), at(0));
    let popped = queue.pop(at(0)).unwrap();
    queue.failed(&popped, at(100));
    assert_eq!(queue.place(&key("p")), Some(&Place::Backoff { until: at(1100) }));
    assert_eq!(queue.next_deadline(), Some(at(1100)));
    assert_eq!(pop(&mut queue, at(1099)), None);
    assert_eq!(pop(&mut queue, at(1100)), Some("p".to_owned()));
}

#[test]
fn an_event_that_cannot_help_leaves_the_pod_where_it_is() {
    let mut queue = queue(false);
    add(&mut queue, "p", json!({"nodeSelector": {"disk": "ssd"}}), at(0));
    let popped = queue.pop(at(0)).unwrap();
    reject(&mut queue, &popped, "NodeAffinity", at(0));
    assert_eq!(queue.event(&ClusterEvent::NodeAdded(node("n1", json!({}))), at(1), |_| true), 0);
    let ssd = node("n2", json!({"metadata": {"labels": {"disk": "ssd"}}}));
    assert_eq!(queue.event(&ClusterEvent::NodeAdded(ssd), at(1), |_| true), 1);
    assert_eq!(pop(&mut queue, at(999)), None, "it still backs off");
    assert_eq!(pop(&mut queue, at(1000)), Some("p".to_owned()));
}

#[test]
fn an_event_during_the_attempt_counts_after_it() {
    let mut queue = queue(true);
    add(&mut queue, "p", json!({}), at(0));
    let popped = queue.pop(at(0)).unwrap();
    queue.event(&ClusterEvent::NodeAdded(node("n", json!({}))), at(1), |_| true);
    reject(&mut queue, &popped, "NodeResourcesFit", at(2));
    assert!(matches!(queue.place(&key("p")), Some(Place::Backoff { .. })));
    assert_eq!(pop(&mut queue, at(3)), Some("p".to_owned()), "nothing else is to do");
}

#[test]
fn a_pod_without_any_node_waits_for_one() {
    let mut queue = queue(true);
    add(&mut queue, "p", json!({}), at(0));
    let popped = queue.pop(at(0)).unwrap();
    queue.unschedulable(&popped, BTreeSet::new(), at(0), |_| true);
    let gone = pod("other", json!({"nodeName": "n"}));
    assert_eq!(queue.event(&ClusterEvent::PodDeleted(gone), at(1), |_| true), 0);
    assert_eq!(queue.event(&ClusterEvent::NodeAdded(node("n", json!({}))), at(1), |_| true), 1);
}

#[test]
fn who_waits_too_long_is_tried_again() {
    let mut queue = queue(true);
    add(&mut queue, "p", json!({}), at(0));
    let popped = queue.pop(at(0)).unwrap();
    reject(&mut queue, &popped, "NodeAffinity", at(0));
    assert_eq!(queue.next_deadline(), Some(at(300_000)));
    assert_eq!(pop(&mut queue, at(299_999)), None);
    assert_eq!(pop(&mut queue, at(300_000)), Some("p".to_owned()));
}

#[test]
fn gates_hold_a_pod_back_until_they_are_lifted() {
    let mut queue = queue(true);
    add(&mut queue, "p", json!({"schedulingGates": [{"name": "a"}, {"name": "b"}]}), at(0));
    assert_eq!(pop(&mut queue, at(0)), None);
    let (plugin, reasons) = queue.gated_by(&key("p")).unwrap();
    assert_eq!((plugin, &*reasons.to_string()), ("SchedulingGates", "waiting for scheduling gates: [a b]"));
    add(&mut queue, "p", json!({"schedulingGates": [{"name": "b"}]}), at(1));
    assert_eq!(pop(&mut queue, at(1)), None);
    add(&mut queue, "p", json!({}), at(2));
    assert_eq!(pop(&mut queue, at(2)), Some("p".to_owned()));
}

#[test]
fn a_change_of_the_status_alone_wakes_nobody() {
    let mut queue = queue(true);
    add(&mut queue, "p", json!({}), at(0));
    let popped = queue.pop(at(0)).unwrap();
    reject(&mut queue, &popped, "TaintToleration", at(0));
    add(&mut queue, "p", json!({}), at(1));
    assert_eq!(pop(&mut queue, at(1)), None);
    add(&mut queue, "p", json!({"tolerations": [{"operator": "Exists"}]}), at(2));
    assert_eq!(pop(&mut queue, at(2)), Some("p".to_owned()));
}

#[test]
fn a_pod_that_went_during_its_attempt_does_not_come_back() {
    let mut queue = queue(true);
    add(&mut queue, "p", json!({}), at(0));
    let popped = queue.pop(at(0)).unwrap();
    queue.remove(&key("p"), at(1));
    add(&mut queue, "p", json!({}), at(1));
    queue.failed(&popped, at(2));
    queue.done(&popped, at(2));
    assert_eq!(queue.place(&key("p")), Some(&Place::Active), "the new pod of that name is another one");
}
