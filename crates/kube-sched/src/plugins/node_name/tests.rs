//! One node or none.

use super::{NodeName, REASON};
use crate::fixtures::{cluster, info, node, pod};
use crate::framework::{ClusterEvent, EnqueueHints, Filter, Hint, Verdict};
use serde_json::json;

#[test]
fn the_name_decides() {
    let cluster = cluster(&[node("a", json!({})), node("b", json!({}))]);
    let pod = info(&pod("p", json!({"nodeName": "b"})));
    assert_eq!(NodeName.filter(&pod, cluster.node("a").unwrap()), Verdict::never(REASON));
    assert_eq!(NodeName.filter(&pod, cluster.node("b").unwrap()), Verdict::Fits);
}

#[test]
fn only_that_node_wakes_the_pod() {
    let pod = info(&pod("p", json!({"nodeName": "b"})));
    assert_eq!(NodeName.hint(&pod, &ClusterEvent::NodeAdded(node("a", json!({})))), Hint::Skip);
    assert_eq!(NodeName.hint(&pod, &ClusterEvent::NodeAdded(node("b", json!({})))), Hint::Queue);
}
