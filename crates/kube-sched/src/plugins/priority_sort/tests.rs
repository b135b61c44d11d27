//! Order.

use super::PrioritySort;
use crate::fixtures::{info, pod};
use crate::framework::{QueueSort, SortKey};
use kube_core::env::Mono;
use serde_json::json;

#[test]
fn priority_before_time() {
    let key = |priority: i32, nanos: u64| {
        PrioritySort.key(&info(&pod("p", json!({"priority": priority}))), Mono::from_nanos(nanos))
    };
    assert!(key(1, 9) < key(0, 1));
    assert!(key(0, 1) < key(0, 2));
    assert!(key(i32::MAX, 0) < key(i32::MIN, 0));
    assert_eq!(PrioritySort.key(&info(&pod("p", json!({}))), Mono::from_nanos(5)), SortKey([0, 5]));
}
