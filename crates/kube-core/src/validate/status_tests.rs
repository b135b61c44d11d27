//! What controllers and nodes may report.

use super::Kind;
use super::check::{status_refusals, template, with};
use crate::kinds::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use crate::kinds::autoscaling::v2::HorizontalPodAutoscaler;
use crate::kinds::core::v1::{
    Namespace, Node, PersistentVolumeClaim, Pod, ReplicationController, ResourceQuota, Service,
};
use crate::kinds::networking::v1::Ingress;
use crate::kinds::policy::v1::PodDisruptionBudget;
use crate::wire::Scanned;
use jiff::Timestamp;
use serde_json::{Value, json};

/// The errors of `new` as the status of an object whose status was `old`.
#[track_caller]
fn check<K: Kind>(spec: &Value, old: &Value, new: &Value, expected: &[&str]) {
    let object = |status: &Value| json!({"metadata": {"name": "a"}, "spec": spec, "status": status});
    assert_eq!(status_refusals::<K>(&object(old), &object(new)), expected, "{new}");
}

fn workload() -> Value {
    json!({"selector": {"matchLabels": {"app": "x"}}, "template": template()})
}

#[test]
fn counts_of_workloads_are_parts_of_the_whole() {
    let all = json!({"replicas": 1, "readyReplicas": 2, "availableReplicas": 3});
    let above = "cannot be greater than";
    let ready = format!("status.readyReplicas: Invalid value: 2: {above} status.replicas");
    let available = format!("status.availableReplicas: Invalid value: 3: {above} status.replicas");
    let unready = format!("status.availableReplicas: Invalid value: 3: {above} readyReplicas");
    let expected = [ready.as_str(), available.as_str(), unready.as_str()];
    check::<ReplicaSet>(&workload(), &json!({"replicas": 0}), &all, &expected);
    check::<Deployment>(&workload(), &json!({}), &all, &expected);
    check::<ReplicationController>(
        &json!({"template": template()}),
        &json!({"replicas": 0}),
        &all,
        &expected,
    );
    let unready = format!("status.availableReplicas: Invalid value: 3: {above} status.readyReplicas");
    check::<StatefulSet>(&workload(), &json!({"replicas": 0}), &all, &[&ready, &available, &unready]);
    check::<ReplicaSet>(
        &workload(),
        &json!({"replicas": 0}),
        &json!({"replicas": -1, "observedGeneration": -2}),
        &[
            "status.replicas: Invalid value: -1: must be greater than or equal to 0",
            "status.observedGeneration: Invalid value: -2: must be greater than or equal to 0",
            "status.fullyLabeledReplicas: Invalid value: 0: cannot be greater than status.replicas",
            "status.readyReplicas: Invalid value: 0: cannot be greater than status.replicas",
            "status.availableReplicas: Invalid value: 0: cannot be greater than status.replicas",
        ],
    );
}

#[test]
fn collisions_are_counted_up() {
    let lost = ["status.collisionCount: Invalid value: 1: cannot be decremented"];
    let (old, new) = (json!({"collisionCount": 2}), json!({"collisionCount": 1}));
    check::<Deployment>(&workload(), &old, &new, &lost);
    check::<Deployment>(
        &workload(),
        &old,
        &json!({}),
        &["status.collisionCount: Invalid value: 0: cannot be decremented"],
    );
    check::<Deployment>(&workload(), &new, &old, &[]);
    let counts = json!({"currentNumberScheduled": 0, "desiredNumberScheduled": 0, "numberMisscheduled": 0, "numberReady": 0});
    let (old, new) =
        (with(&counts, &[("/collisionCount", 2.into())]), with(&counts, &[("/collisionCount", 1.into())]));
    check::<DaemonSet>(&workload(), &old, &new, &lost);
    check::<DaemonSet>(
        &workload(),
        &old,
        &with(&old, &[("/numberReady", (-1).into())]),
        &["status.numberReady: Invalid value: -1: must be greater than or equal to 0"],
    );
}

fn pod_spec(policy: &str) -> Value {
    json!({
        "restartPolicy": policy,
        "containers": [{"name": "c", "image": "i"}],
        "initContainers": [{"name": "side", "image": "i", "restartPolicy": "Always"}, {"name": "init", "image": "i"}],
    })
}

fn container(name: &str, state: &Value) -> Value {
    json!({"name": name, "image": "i", "imageID": "", "ready": false, "restartCount": 0, "state": state})
}

#[test]
fn a_container_that_ended_for_good_stays_ended() {
    let ended = |code: i32| json!({"terminated": {"exitCode": code}});
    let status = |c: &Value, side: &Value, init: &Value| {
        json!({
            "qosClass": "BestEffort",
            "containerStatuses": [container("c", c)],
            "initContainerStatuses": [container("side", side), container("init", init)],
        })
    };
    let running = json!({"running": {}});
    let (old, new) = (status(&ended(1), &ended(0), &ended(0)), status(&running, &running, &running));
    let again = |path: &str| {
        format!("status.{path}.state: Forbidden: may not be transitioned to non-terminated state")
    };
    let (main, init) = (again("containerStatuses[0]"), again("initContainerStatuses[1]"));
    check::<Pod>(&pod_spec("Always"), &old, &new, &[]);
    check::<Pod>(&pod_spec("OnFailure"), &old, &new, &[&init]);
    check::<Pod>(&pod_spec("Never"), &old, &new, &[&main, &init]);
    check::<Pod>(&pod_spec("Never"), &old, &old, &[]);
}

#[test]
fn a_pod_keeps_its_class_and_has_one_address_of_each_family() {
    let old = json!({"qosClass": "Burstable", "podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}]});
    let check = |new: Value, expected: &[&str]| check::<Pod>(&pod_spec("Always"), &old, &new, expected);
    check(json!({"phase": "Running"}), &[]);
    check(
        json!({"qosClass": "Guaranteed"}),
        &["status.qosClass: Invalid value: \"Guaranteed\": field is immutable"],
    );
    check(
        json!({"podIPs": [{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}, {"ip": "x"}]}),
        &[
            "status.podIPs[2]: Invalid value: \"x\": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
            "status.podIPs: Invalid value: [{\"ip\":\"10.0.0.1\"},{\"ip\":\"10.0.0.2\"},{\"ip\":\"x\"}]: may specify no more than one IP for each IP family",
        ],
    );
    check(json!({"podIPs": [{"ip": "10.0.0.1"}, {"ip": "2001:db8::1"}]}), &[]);
    check(
        json!({"hostIP": "10.1.0.1", "hostIPs": [{"ip": "10.1.0.2"}]}),
        &["status.hostIPs[0].ip: Invalid value: \"10.1.0.2\": must be equal to `hostIP`"],
    );
    check(
        json!({"conditions": [{"type": "not good", "status": "True"}, {"type": "Ready", "status": "True"}], "nominatedNodeName": "Upper"}),
        &[
            "metadata.conditions[0].Type: Invalid value: \"not good\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
            "status.nominatedNodeName: Invalid value: \"Upper\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        ],
    );
    check(
        json!({"resourceClaimStatuses": [{"name": "x"}]}),
        &[
            "status.resourceClaimStatuses[0].name: Invalid value: \"x\": must match the name of an entry in `spec.resourceClaims`",
        ],
    );
}

#[test]
fn addresses_of_a_pod_stand_in_both_fields() {
    let pod = |status: Value| Pod::decode(&json!({"metadata": {"name": "a"}, "status": status})).unwrap();
    let filled = |status: Value| {
        let mut pod = pod(status);
        pod.prepare_status_update(&Pod::default(), Timestamp::UNIX_EPOCH);
        let status = pod.status.unwrap();
        (
            status.pod_ip.unwrap_or_default(),
            status.pod_ips.iter().flatten().map(|ip| ip.ip.clone()).collect::<Vec<_>>(),
        )
    };
    let one = ("10.0.0.1".to_owned(), vec!["10.0.0.1".to_owned()]);
    assert_eq!(filled(json!({"podIP": "10.0.0.1"})), one);
    assert_eq!(filled(json!({"podIPs": [{"ip": "10.0.0.1"}]})), one);
    assert_eq!(
        filled(json!({"podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.2"}]})),
        one,
        "the older one counts"
    );
    assert_eq!(filled(json!({})), (String::new(), vec![]));
}

#[test]
fn only_balanced_services_have_addresses_outside() {
    let status = |ingress: Value| json!({"loadBalancer": {"ingress": ingress}});
    let balanced = json!({"type": "LoadBalancer", "ports": [{"port": 80}]});
    check::<Service>(
        &balanced,
        &json!({}),
        &status(json!([{"ip": "192.0.2.1"}, {"hostname": "a.example.com"}])),
        &[],
    );
    check::<Service>(
        &json!({"ports": [{"port": 80}]}),
        &json!({}),
        &status(json!([{"ip": "192.0.2.1"}])),
        &["status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'"],
    );
    check::<Service>(
        &balanced,
        &json!({}),
        &status(json!([{"ipMode": "VIP"}, {"ip": "192.0.2.1", "ipMode": "x"}, {"hostname": "192.0.2.1"}])),
        &[
            "status.loadBalancer.ingress[0].ipMode: Forbidden: may not be specified when `ip` is not set",
            "status.loadBalancer.ingress[1].ipMode: Unsupported value: \"x\": supported values: \"Proxy\", \"VIP\"",
            "status.loadBalancer.ingress[2].hostname: Invalid value: \"192.0.2.1\": must be a DNS name, not an IP address",
        ],
    );
    check::<Ingress>(
        &json!({"defaultBackend": {"service": {"name": "s", "port": {"number": 80}}}}),
        &json!({}),
        &status(json!([{"hostname": "192.0.2.1"}])),
        &[
            "status.loadBalancer.ingress[0].hostname: Invalid value: \"192.0.2.1\": must be a DNS name, not an IP address",
        ],
    );
}

#[test]
fn the_phase_of_a_namespace_follows_its_deletion() {
    let check = |status: &str, deleted: bool, expected: &[&str]| {
        let mut object = json!({"metadata": {"name": "a"}, "status": {"phase": status}});
        if deleted {
            object["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z".into();
        }
        assert_eq!(status_refusals::<Namespace>(&object, &object), expected);
    };
    check("Active", false, &[]);
    check("Terminating", true, &[]);
    check(
        "Terminating",
        false,
        &[
            "status.Phase: Invalid value: \"Terminating\": may only be 'Active' if `deletionTimestamp` is empty",
        ],
    );
    check(
        "Active",
        true,
        &[
            "status.Phase: Invalid value: \"Active\": may only be 'Terminating' if `deletionTimestamp` is not empty",
        ],
    );
}

#[test]
fn amounts_are_amounts() {
    check::<Node>(
        &json!({}),
        &json!({}),
        &json!({
            "capacity": {"pods": "1500m"},
            "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}, {"type": "InternalIP", "address": "10.0.0.1"}],
        }),
        &[
            "status.capacity.pods: Invalid value: \"1500m\": must be an integer",
            "status.addresses[1]: Duplicate value: {\"address\":\"10.0.0.1\",\"type\":\"InternalIP\"}",
        ],
    );
    check::<ResourceQuota>(
        &json!({}),
        &json!({}),
        &json!({"hard": {"pods": "1"}, "used": {"pods": "-1"}}),
        &["status.used[pods]: Invalid value: \"-1\": must be greater than or equal to 0"],
    );
    check::<PersistentVolumeClaim>(
        &json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}),
        &json!({}),
        &json!({"capacity": {"storage": "-1"}, "allocatedResourceStatuses": {"storage": "x"}}),
        &[
            "status.capacity[storage]: Invalid value: -1: must be a valid resource quantity",
            "status.allocatedResourceStatus: Unsupported value: \"storage\": supported values: \"ControllerResizeInProgress\", \"ControllerResizeInfeasible\", \"NodeResizeInProgress\", \"NodeResizeInfeasible\", \"NodeResizePending\"",
        ],
    );
    check::<HorizontalPodAutoscaler>(
        &json!({"maxReplicas": 1, "scaleTargetRef": {"kind": "Deployment", "name": "d"}}),
        &json!({"desiredReplicas": 0}),
        &json!({"currentReplicas": -1, "desiredReplicas": -2}),
        &[
            "status.currentReplicas: Invalid value: -1: must be greater than or equal to 0",
            "status.desiredReplicas: Invalid value: -2: must be greater than or equal to 0",
        ],
    );
}

#[test]
fn conditions_of_the_common_form_have_a_reason() {
    let condition = |kind: &str, reason: &str, status: &str| json!({"type": kind, "status": status, "reason": reason, "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"});
    let list = json!([condition("A", "Good", "True"), condition("A", "", "Maybe")]);
    check::<PodDisruptionBudget>(
        &json!({}),
        &json!({}),
        &json!({"conditions": list, "disruptionsAllowed": -1}),
        &[
            "status.conditions[1].type: Duplicate value: \"A\"",
            "status.conditions[1].status: Unsupported value: \"Maybe\": supported values: \"False\", \"True\", \"Unknown\"",
            "status.conditions[1].reason: Required value: must be set",
            "status.disruptionsAllowed: Invalid value: -1: must be greater than or equal to 0",
        ],
    );
}

#[test]
fn generations_that_a_node_leaves_out_are_kept() {
    let ready =
        |generation: i64| json!({"type": "Ready", "status": "True", "observedGeneration": generation});
    let stored = json!({
        "metadata": {"name": "p"},
        "spec": {"containers": [{"name": "c", "image": "nginx"}]},
        "status": {"observedGeneration": 3, "conditions": [ready(2)]},
    });
    let mut new = Pod::decode(&json!({
        "status": {"conditions": [{"type": "Ready", "status": "False"}, {"type": "Other", "status": "True"}]},
    }))
    .unwrap();
    let old = Pod::decode_for_status(&Scanned::new(serde_json::to_vec(&stored).unwrap()), &new).unwrap();
    new.prepare_status_update(&old, Timestamp::UNIX_EPOCH);
    let status = serde_json::to_value(new.status).unwrap();
    assert_eq!(status["observedGeneration"], 3);
    assert_eq!(status["conditions"][0]["observedGeneration"], 2);
    assert_eq!(status["conditions"][1]["observedGeneration"], Value::Null);
}
