//! Which ports go together.

use super::NodePorts;
use crate::fixtures::{info, on, pod};
use crate::framework::{ClusterEvent, EnqueueHints, Hint, HostPort};
use serde_json::{Value, json};

fn port(more: &Value) -> HostPort {
    let pod = pod("p", json!({"containers": [{"name": "c", "ports": [more]}]}));
    HostPort::of(&pod)[0].clone()
}

#[test]
fn an_address_of_its_own_is_needed_only_where_the_rest_is_equal() {
    let any = port(&json!({"hostPort": 80}));
    let here = port(&json!({"hostPort": 80, "hostIP": "10.0.0.1"}));
    let there = port(&json!({"hostPort": 80, "hostIP": "10.0.0.2"}));
    assert!(any.conflicts(&here) && here.conflicts(&any) && any.conflicts(&any));
    assert!(!here.conflicts(&there));
    assert!(any.conflicts(&port(&json!({"hostPort": 80, "hostIP": "0.0.0.0", "protocol": "TCP"}))));
    assert!(!any.conflicts(&port(&json!({"hostPort": 80, "protocol": "UDP"}))));
    assert!(!any.conflicts(&port(&json!({"hostPort": 81}))));
}

#[test]
fn a_pod_that_frees_a_wanted_port_wakes() {
    let using =
        |number: i32| pod("other", json!({"containers": [{"name": "c", "ports": [{"hostPort": number}]}]}));
    let waiting = info(&using(80));
    let gone = |number| ClusterEvent::PodDeleted(on("n", &using(number)));
    assert_eq!(NodePorts.hint(&waiting, &gone(80)), Hint::Queue);
    assert_eq!(NodePorts.hint(&waiting, &gone(81)), Hint::Skip);
}
