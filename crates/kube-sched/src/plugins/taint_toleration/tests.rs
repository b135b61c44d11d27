//! Hints; verdicts and scores are held to the vectors.

use super::TaintToleration;
use crate::fixtures::{info, node, pod};
use crate::framework::{ClusterEvent, EnqueueHints, Hint};
use serde_json::json;
use std::sync::Arc;

#[test]
fn a_node_that_opens_wakes_the_pod() {
    let tainted = node("n", json!({"spec": {"taints": [{"key": "maint", "effect": "NoExecute"}]}}));
    let soft = node("n", json!({"spec": {"taints": [{"key": "maint", "effect": "PreferNoSchedule"}]}}));
    let waiting = info(&pod("p", json!({})));
    let update = |old: &_, new: &_| ClusterEvent::NodeUpdated { old: Arc::clone(old), new: Arc::clone(new) };
    assert_eq!(TaintToleration.hint(&waiting, &update(&tainted, &soft)), Hint::Queue);
    assert_eq!(TaintToleration.hint(&waiting, &update(&soft, &tainted)), Hint::Skip);
    assert_eq!(TaintToleration.hint(&waiting, &ClusterEvent::NodeAdded(tainted)), Hint::Skip);
    assert_eq!(TaintToleration.hint(&waiting, &ClusterEvent::NodeAdded(soft)), Hint::Queue);
}
