//! Shapes, and what wakes a pod that found no room.

use super::{NodeResourcesFit, Prefer, Shape};
use crate::fixtures::{info, node, on, pod, requesting};
use crate::framework::{ClusterEvent, EnqueueHints, Hint};
use crate::plugins::resource_allocation::Allocation;
use serde_json::{Value, json};

#[test]
fn a_shape_is_linear_between_its_points() {
    let prefer = Prefer::RequestedToCapacityRatio(Shape::new([(0, 0), (50, 10), (100, 0)]));
    let score =
        |with_pod| prefer.score([(Allocation { before: 0, with_pod, allocatable: 200 }, 1)].into_iter());
    assert_eq!([score(0), score(50), score(100), score(150), score(300)], [0, 50, 100, 50, 0]);
}

#[test]
fn strategies_look_at_what_is_left() {
    let one = |prefer: Prefer, with_pod| {
        prefer.score([(Allocation { before: 0, with_pod, allocatable: 4 }, 3)].into_iter())
    };
    assert_eq!([1, 4, 5].map(|requested| one(Prefer::LeastAllocated, requested)), [75, 0, 0]);
    assert_eq!([1, 4, 5].map(|requested| one(Prefer::MostAllocated, requested)), [25, 100, 100]);
}

fn hint(event: &ClusterEvent) -> Hint {
    NodeResourcesFit::default().hint(&info(&requesting("p", "3", "1Gi")), event)
}

#[test]
fn only_nodes_that_could_hold_the_pod_wake_it() {
    let sized = |cpu: &str| node("n", json!({"status": {"allocatable": {"cpu": cpu}}}));
    assert_eq!(hint(&ClusterEvent::NodeAdded(sized("2"))), Hint::Skip);
    assert_eq!(hint(&ClusterEvent::NodeAdded(sized("3"))), Hint::Queue);
    let update = |old: &str, new: &str| ClusterEvent::NodeUpdated { old: sized(old), new: sized(new) };
    assert_eq!(hint(&update("3", "4")), Hint::Queue);
    assert_eq!(hint(&update("4", "3")), Hint::Skip);
    assert_eq!(hint(&update("1", "2")), Hint::Skip);
}

#[test]
fn pods_that_go_or_shrink_wake_it() {
    let bound = |cpu: &str| on("n", &requesting("other", cpu, "1Gi"));
    assert_eq!(hint(&ClusterEvent::PodDeleted(bound("1"))), Hint::Queue);
    let update = |old: &str, new: &str| ClusterEvent::PodUpdated { old: bound(old), new: bound(new) };
    assert_eq!(hint(&update("2", "1")), Hint::Queue);
    assert_eq!(hint(&update("1", "2")), Hint::Skip);
}

#[test]
fn what_nobody_wants_wakes_nobody() {
    let with_gpu = |count: &str| node("n", json!({"status": {"allocatable": {"example.com/gpu": count}}}));
    let update = ClusterEvent::NodeUpdated { old: with_gpu("0"), new: with_gpu("4") };
    assert_eq!(hint(&update), Hint::Skip);
    let requests: Value = json!({"example.com/gpu": "2"});
    let wants = info(&pod("p", json!({"containers": [{"name": "c", "resources": {"requests": requests}}]})));
    assert_eq!(NodeResourcesFit::default().hint(&wants, &update), Hint::Queue);
}
