//! Gates.

use super::SchedulingGates;
use crate::fixtures::{info, pod};
use crate::framework::{PreEnqueue, Verdict};
use serde_json::json;

#[test]
fn gates_are_named() {
    let gated = info(&pod("p", json!({"schedulingGates": [{"name": "quota"}, {"name": "review"}]})));
    let verdict = SchedulingGates.pre_enqueue(&gated);
    assert_eq!(verdict, Verdict::never("waiting for scheduling gates: [quota review]".to_owned()));
    assert_eq!(SchedulingGates.pre_enqueue(&info(&pod("p", json!({})))), Verdict::Fits);
}
