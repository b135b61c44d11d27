//! What a pod needs.

use super::needed;
use crate::fixtures::pod;
use serde_json::json;

#[test]
fn a_pod_needs_what_its_spec_uses() {
    let rules = |action: &str| json!([{"action": action, "exitCodes": {"operator": "In", "values": [1]}}]);
    let with = |action| pod("p", json!({"containers": [{"name": "c", "restartPolicyRules": rules(action)}]}));
    assert_eq!(needed(&with("Restart")), [""; 0]);
    assert_eq!(needed(&with("RestartAllContainers")), ["RestartAllContainersOnContainerExits"]);
    assert_eq!(needed(&pod("p", json!({"hostNetwork": true}))), [""; 0]);
    let own_users = pod("p", json!({"hostNetwork": true, "hostUsers": false}));
    assert_eq!(needed(&own_users), ["UserNamespacesHostNetworkSupport"]);
}
