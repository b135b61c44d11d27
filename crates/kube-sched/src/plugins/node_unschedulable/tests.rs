//! Cordons.

use super::{NodeUnschedulable, REASON};
use crate::fixtures::{cluster, info, node, pod};
use crate::framework::{ClusterEvent, EnqueueHints, Filter, Hint, Verdict};
use serde_json::json;

#[test]
fn a_cordoned_node_takes_only_pods_that_tolerate_it() {
    let cluster = cluster(&[node("n", json!({"spec": {"unschedulable": true}}))]);
    let node = cluster.node("n").unwrap();
    assert_eq!(NodeUnschedulable.filter(&info(&pod("p", json!({}))), node), Verdict::never(REASON));
    let bears = json!({"tolerations": [{"key": "node.kubernetes.io/unschedulable", "operator": "Exists"}]});
    assert_eq!(NodeUnschedulable.filter(&info(&pod("p", bears)), node), Verdict::Fits);
}

#[test]
fn an_uncordoned_node_wakes() {
    let (open, cordoned) = (node("n", json!({})), node("n", json!({"spec": {"unschedulable": true}})));
    let waiting = info(&pod("p", json!({})));
    let uncordon = ClusterEvent::NodeUpdated { old: cordoned.clone(), new: open.clone() };
    assert_eq!(NodeUnschedulable.hint(&waiting, &uncordon), Hint::Queue);
    let cordon = ClusterEvent::NodeUpdated { old: open, new: cordoned };
    assert_eq!(NodeUnschedulable.hint(&waiting, &cordon), Hint::Skip);
}
