//! Who has to go; more is held to the vectors.

use crate::engine::{Decision, Engine};
use crate::fixtures::{cluster, node, on, pod};
use crate::profile::Profile;
use serde_json::json;

#[test]
fn the_least_important_pods_make_room_and_the_node_is_nominated() {
    let requests = |cpu: &str| json!([{"name": "c", "resources": {"requests": {"cpu": cpu}}}]);
    let mut world = cluster(&[node("a", json!({})), node("b", json!({}))]);
    for (name, on_node, priority) in [("a1", "a", 5), ("a2", "a", 1), ("b1", "b", 5), ("b2", "b", 3)] {
        let spec = json!({"containers": requests("2"), "priority": priority});
        world.upsert_pod(&on(on_node, &pod(name, spec)));
    }
    let engine = Engine::new(&Profile::default()).unwrap();
    let urgent = |policy: &str| {
        let spec = json!({"containers": requests("2"), "priority": 9, "preemptionPolicy": policy});
        match engine.schedule(&world, &pod("urgent", spec)) {
            Decision::Unschedulable(why) => why,
            other => panic!("{other:?}"),
        }
    };
    let why = urgent("PreemptLowerPriority");
    assert_eq!(why.nominated.as_deref(), Some("a"));
    assert_eq!(why.victims.iter().map(|key| &*key.name).collect::<Vec<_>>(), ["a2"]);
    let text = urgent("Never").to_string();
    assert_eq!(
        text,
        "0/2 nodes are available: 2 Insufficient cpu. preemption: not eligible due to preemptionPolicy=Never."
    );
}
