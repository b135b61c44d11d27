//! The kinds whose rules are few.

use serde_json::{Value, json};

use super::Kind;
use super::check::{filled, refusals, update_refusals, with};
use crate::kinds::coordination::v1::Lease;
use crate::kinds::core::v1::{
    ConfigMap, Event, LimitRange, Namespace, Node, PersistentVolume, PersistentVolumeClaim, ResourceQuota,
    Secret,
};
use crate::kinds::discovery::v1::EndpointSlice;
use crate::kinds::networking::v1::IPAddress;
use crate::kinds::policy::v1::PodDisruptionBudget;
use crate::kinds::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use crate::kinds::scheduling::v1::PriorityClass;
use crate::kinds::storage::v1::{CSINode, StorageClass};

#[track_caller]
fn check<K: Kind>(object: &Value, expected: &[&str]) {
    assert_eq!(refusals::<K>(object), expected, "{object}");
}

#[track_caller]
fn check_update<K: Kind>(old: &Value, changes: &[(&str, Value)], expected: &[&str]) {
    assert_eq!(update_refusals::<K>(old, &with(old, changes)), expected, "{changes:?}");
}

#[track_caller]
fn check_filled<K: Kind>(object: &Value, expected: &[(&str, Value)]) {
    let filled = filled::<K>(object);
    for (pointer, value) in expected {
        assert_eq!(filled.pointer(pointer).unwrap_or(&Value::Null), value, "{pointer} of {filled}");
    }
}

#[test]
fn configuration_has_keys_that_can_be_files_and_may_be_frozen() {
    check::<ConfigMap>(&json!({"data": {"a.b": "1"}}), &[]);
    check::<ConfigMap>(&json!({"data": {"..": "1"}}), &["data[..]: Invalid value: \"..\": must not be '..'"]);
    check::<ConfigMap>(
        &json!({"data": {"a": "1"}, "binaryData": {"a": "MQ=="}}),
        &["data[a]: Invalid value: \"a\": duplicate of key present in binaryData"],
    );
    let frozen = json!({"data": {"a": "1"}, "immutable": true});
    check_update::<ConfigMap>(&frozen, &[("/metadata", json!({"labels": {"a": "b"}}))], &[]);
    check_update::<ConfigMap>(
        &frozen,
        &[("/data/a", json!("2")), ("/immutable", json!(false))],
        &[
            "immutable: Forbidden: field is immutable when `immutable` is set",
            "data: Forbidden: field is immutable when `immutable` is set",
        ],
    );
}

#[test]
fn secrets_take_texts_and_hold_what_their_type_promises() {
    check_filled::<Secret>(
        &json!({"data": {"a": "MQ=="}, "stringData": {"a": "x", "b": "y"}}),
        &[
            ("/type", json!("Opaque")),
            ("/data", json!({"a": "eA==", "b": "eQ=="})),
            ("/stringData", Value::Null),
        ],
    );
    check::<Secret>(
        &json!({"type": "kubernetes.io/tls", "data": {"tls.crt": ""}}),
        &["data[tls.key]: Required value"],
    );
    check::<Secret>(&json!({"type": "kubernetes.io/basic-auth", "data": {"password": ""}}), &[]);
    check::<Secret>(
        &json!({"type": "kubernetes.io/basic-auth"}),
        &["data[username]: Required value", "data[password]: Required value"],
    );
    check_update::<Secret>(
        &json!({"type": "Opaque"}),
        &[("/type", json!("other"))],
        &["type: Invalid value: \"other\": field is immutable"],
    );
}

#[test]
fn namespaces_are_labelled_with_their_names() {
    let label = json!("n");
    check_filled::<Namespace>(
        &json!({"metadata": {"name": "n"}}),
        &[("/metadata/labels/kubernetes.io~1metadata.name", label)],
    );
    check::<Namespace>(
        &json!({"metadata": {"name": "n"}, "spec": {"finalizers": ["x"]}}),
        &[
            "spec.finalizers: Invalid value: \"x\": name is neither a standard finalizer name nor is it fully qualified",
        ],
    );
}

#[test]
fn nodes_keep_their_network_and_their_provider() {
    check_filled::<Node>(
        &json!({"status": {"capacity": {"cpu": "4000m"}}}),
        &[("/status/allocatable/cpu", json!("4"))],
    );
    check::<Node>(
        &json!({"spec": {"taints": [{"key": "a", "effect": "NoSchedule"}, {"key": "a", "effect": "NoSchedule"}]}}),
        &[
            "metadata.taints[1]: Duplicate value: {\"effect\":\"NoSchedule\",\"key\":\"a\"}: taints must be unique by key and effect pair",
        ],
    );
    check::<Node>(
        &json!({"status": {"capacity": {"pods": "1500m"}, "allocatable": {}}}),
        &["status.capacity.pods: Invalid value: \"1500m\": must be an integer"],
    );
    let node = json!({"spec": {"podCIDR": "10.0.0.0/24", "providerID": "a"}});
    check_update::<Node>(&node, &[("/spec/unschedulable", json!(true))], &[]);
    check_update::<Node>(
        &node,
        &[("/spec/podCIDR", json!("10.1.0.0/24")), ("/spec/providerID", json!("b"))],
        &[
            "spec.podCIDRs: Forbidden: node updates may not change podCIDR except from \"\" to valid",
            "spec.providerID: Forbidden: node updates may not change providerID except from \"\" to valid",
        ],
    );
}

#[test]
fn claims_only_grow_and_only_when_bound() {
    let claim =
        json!({"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1024Mi"}}}});
    check_filled::<PersistentVolumeClaim>(
        &claim,
        &[
            ("/spec/volumeMode", json!("Filesystem")),
            ("/spec/resources/requests/storage", json!("1Gi")),
            ("/status/phase", json!("Pending")),
        ],
    );
    check::<PersistentVolumeClaim>(
        &json!({"spec": {"resources": {"requests": {"storage": "0"}}}}),
        &[
            "spec.accessModes: Required value: at least 1 access mode is required",
            "spec.resources[storage]: Invalid value: \"0\": must be greater than zero",
        ],
    );
    let immutable = "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
    let more = ("/spec/resources/requests/storage", json!("2Gi"));
    check_update::<PersistentVolumeClaim>(&claim, std::slice::from_ref(&more), &[immutable]);
    let bound = with(&claim, &[("/status", json!({"phase": "Bound", "capacity": {"storage": "1Gi"}}))]);
    check_update::<PersistentVolumeClaim>(&bound, &[more], &[]);
    check_update::<PersistentVolumeClaim>(
        &bound,
        &[("/spec/resources/requests/storage", json!("1Mi"))],
        &["spec.resources.requests.storage: Forbidden: field can not be less than status.capacity"],
    );
    check_update::<PersistentVolumeClaim>(&claim, &[("/spec/volumeName", json!("v"))], &[]);
}

#[test]
fn volumes_have_one_source_that_stays() {
    let volume = json!({"spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/a"}}});
    check_filled::<PersistentVolume>(
        &volume,
        &[
            ("/spec/persistentVolumeReclaimPolicy", json!("Retain")),
            ("/spec/volumeMode", json!("Filesystem")),
            ("/status/phase", json!("Pending")),
        ],
    );
    check::<PersistentVolume>(&volume, &[]);
    check::<PersistentVolume>(
        &with(&volume, &[("/spec/nfs", json!({"server": "s", "path": "/"}))]),
        &["spec.nfs: Forbidden: may not specify more than 1 volume type"],
    );
    check_update::<PersistentVolume>(
        &volume,
        &[("/spec/hostPath/path", json!("/b"))],
        &["spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation"],
    );
}

#[test]
fn storage_classes_do_not_change() {
    let class = json!({"provisioner": "example.com/p"});
    check_filled::<StorageClass>(
        &class,
        &[("/reclaimPolicy", json!("Delete")), ("/volumeBindingMode", json!("Immediate"))],
    );
    check::<StorageClass>(&json!({}), &["provisioner: Required value"]);
    check_update::<StorageClass>(
        &class,
        &[("/parameters", json!({"a": "b"})), ("/reclaimPolicy", json!("Retain"))],
        &[
            "parameters: Invalid value: {\"a\":\"b\"}: field is immutable",
            "reclaimPolicy: Invalid value: \"Retain\": field is immutable",
        ],
    );
    let term = |zones: &[&str]| json!({"matchLabelExpressions": [{"key": "zone", "values": zones}]});
    let topologies = json!([term(&["a", "b"]), term(&["a"]), term(&["b", "a"])]);
    check::<StorageClass>(
        &with(&class, &[("/allowedTopologies", topologies)]),
        &["allowedTopologies[2].matchLabelExpressions: Duplicate value: \"\""],
    );
    // That one is told of is Kubernetes' doing.
    check::<StorageClass>(
        &with(&class, &[("/allowedTopologies", json!([{}]))]),
        &["allowedTopologies[0].matchLabelExpressions: Duplicate value: \"\""],
    );
}

#[test]
fn endpoint_slices_hold_addresses_of_their_family() {
    check_filled::<EndpointSlice>(
        &json!({"addressType": "IPv4", "ports": [{"port": 80}]}),
        &[("/ports/0/protocol", json!("TCP")), ("/ports/0/name", json!(""))],
    );
    check::<EndpointSlice>(
        &json!({"addressType": "IPv4", "endpoints": [{"addresses": []}, {"addresses": ["::1"]}]}),
        &[
            "endpoints[0].addresses: Required value: must contain at least 1 address",
            "endpoints[1].addresses[0]: Invalid value: \"::1\": must be an IPv4 address",
            "endpoints[1].addresses[0]: Invalid value: \"::1\": may not be in the loopback range (127.0.0.0/8, ::1/128)",
        ],
    );
    check_update::<EndpointSlice>(
        &json!({"addressType": "IPv4"}),
        &[("/addressType", json!("IPv6"))],
        &["addressType: Invalid value: \"IPv6\": field is immutable"],
    );
}

#[test]
fn roles_grant_something_and_bindings_keep_their_role() {
    check::<Role>(
        &json!({"rules": [{"verbs": ["get"], "nonResourceURLs": ["/x"]}]}),
        &[
            "rules[0].nonResourceURLs: Invalid value: [\"/x\"]: namespaced rules cannot apply to non-resource URLs",
        ],
    );
    check::<ClusterRole>(&json!({"rules": [{"verbs": ["get"], "nonResourceURLs": ["/x"]}]}), &[]);
    let selector = json!({"matchExpressions": [{"key": "a", "operator": "Near"}]});
    check::<ClusterRole>(
        &json!({"rules": [], "aggregationRule": {"clusterRoleSelectors": [selector]}}),
        &[
            "aggregationRule.clusterRoleSelectors[0].matchExpressions[0].operator: Invalid value: \"Near\": not a valid selector operator",
            "aggregationRule.clusterRoleSelectors[0]: Invalid value: null: invalid label selector.",
        ],
    );
    let binding =
        json!({"roleRef": {"kind": "ClusterRole", "name": "r"}, "subjects": [{"kind": "User", "name": "a"}]});
    let group = json!("rbac.authorization.k8s.io");
    check_filled::<RoleBinding>(
        &binding,
        &[("/roleRef/apiGroup", group.clone()), ("/subjects/0/apiGroup", group)],
    );
    let account = [("/subjects/0", json!({"kind": "ServiceAccount", "name": "s"}))];
    check::<RoleBinding>(&with(&binding, &account), &[]);
    check::<ClusterRoleBinding>(&with(&binding, &account), &["subjects[0].namespace: Required value"]);
    check_update::<RoleBinding>(
        &binding,
        &[("/roleRef/name", json!("other"))],
        &[
            "roleRef: Invalid value: {\"apiGroup\":\"rbac.authorization.k8s.io\",\"kind\":\"ClusterRole\",\"name\":\"other\"}: cannot change roleRef",
        ],
    );
}

#[test]
fn numbers_of_leases_priorities_and_budgets_are_bounded() {
    check::<Lease>(
        &json!({"spec": {"leaseDurationSeconds": 0, "leaseTransitions": -1}}),
        &[
            "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0",
            "spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0",
        ],
    );
    check::<PriorityClass>(
        &json!({"metadata": {"name": "p"}, "value": 1_000_000_001}),
        &["value: Forbidden: maximum allowed value of a user defined priority is 1000000000"],
    );
    check::<PriorityClass>(
        &json!({"metadata": {"name": "system-node-critical"}, "value": 2_000_001_000}),
        &[],
    );
    check::<PodDisruptionBudget>(
        &json!({"spec": {"minAvailable": "101%"}}),
        &["spec.minAvailable: Invalid value: \"101%\": must not be greater than 100%"],
    );
}

#[test]
fn quotas_name_resources_that_can_be_counted() {
    check::<ResourceQuota>(
        &json!({"spec": {"hard": {"bogus": "1", "pods": "-1"}}}),
        &[
            "spec.hard[bogus]: Invalid value: \"bogus\": must be a standard resource type or fully qualified",
            "spec.hard[bogus]: Invalid value: \"bogus\": must be a standard resource for quota",
            "spec.hard[pods]: Invalid value: \"-1\": must be greater than or equal to 0",
        ],
    );
    check::<ResourceQuota>(
        &json!({"spec": {"hard": {"pods": "1"}, "scopes": ["BestEffort", "NotBestEffort"]}}),
        &["spec.scopes: Invalid value: [\"BestEffort\",\"NotBestEffort\"]: conflicting scopes"],
    );
    check_filled::<LimitRange>(
        &json!({"spec": {"limits": [{"type": "Container", "max": {"cpu": "1000m"}, "min": {"memory": "1Mi"}}]}}),
        &[
            ("/spec/limits/0/default", json!({"cpu": "1"})),
            ("/spec/limits/0/defaultRequest", json!({"cpu": "1", "memory": "1Mi"})),
        ],
    );
}

#[test]
fn names_follow_the_rule_of_their_kind() {
    let complaints = |rule: crate::names::NameRule, name: &str| rule(name, false).len();
    assert_eq!(complaints(Role::name_rule(), "system:x"), 0);
    assert_eq!(complaints(ConfigMap::name_rule(), "a.b"), 0);
    assert_ne!(complaints(Namespace::name_rule(), "a.b"), 0);
    assert_eq!(complaints(IPAddress::name_rule(), "10.0.0.1"), 0);
    assert_ne!(complaints(IPAddress::name_rule(), "010.0.0.1"), 0);
}

#[test]
fn events_stand_in_the_namespace_of_what_they_tell_of() {
    check::<Event>(
        &json!({"metadata": {"namespace": "a"}, "involvedObject": {"namespace": "b"}}),
        &["involvedObject.namespace: Invalid value: \"b\": does not match event.namespace"],
    );
    check::<Event>(&json!({"metadata": {"namespace": "default"}, "involvedObject": {"kind": "Node"}}), &[]);
}

#[test]
fn the_amounts_of_a_range_are_in_order() {
    let of = |sort: &str, item: Value| {
        let mut item = item;
        item["type"] = json!(sort);
        json!({"spec": {"limits": [item]}})
    };
    check::<LimitRange>(
        &of(
            "Pod",
            json!({"min": {"cpu": "2"}, "max": {"cpu": "1"}, "maxLimitRequestRatio": {"cpu": "500m"}}),
        ),
        &[
            "spec.limits[0].min[cpu]: Invalid value: \"2\": min value 2 is greater than max value 1",
            "spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: \"500m\": ratio 500m is less than 1",
        ],
    );
    check::<LimitRange>(
        &of(
            "Pod",
            json!({"min": {"cpu": "1"}, "max": {"cpu": "1500m"}, "maxLimitRequestRatio": {"cpu": "2"}}),
        ),
        &[
            "spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: \"2\": ratio 2 is greater than max/min = 1.500000",
        ],
    );
    check::<LimitRange>(
        &of(
            "Container",
            json!({"max": {"cpu": "2"}, "min": {"cpu": "1"}, "default": {"cpu": "3"}, "defaultRequest": {"cpu": "500m"}}),
        ),
        &[
            "spec.limits[0].defaultRequest[cpu]: Invalid value: \"500m\": min value 1 is greater than default request value 500m",
            "spec.limits[0].default[cpu]: Invalid value: \"2\": default value 3 is greater than max value 2",
        ],
    );
    check::<LimitRange>(
        &of("Container", json!({"default": {"a.io/gpu": "2"}, "defaultRequest": {"a.io/gpu": "1"}})),
        &[
            "spec.limits[0].defaultRequest[a.io/gpu]: Invalid value: \"1\": default value 2 must equal to defaultRequest value 1 in a.io/gpu",
        ],
    );
}

#[test]
fn hints_name_each_node_once() {
    check::<EndpointSlice>(
        &json!({
            "addressType": "IPv4",
            "endpoints": [{"addresses": ["10.0.0.1"], "hints": {"forNodes": [{"name": "a"}, {"name": "a"}]}}],
        }),
        &["endpoints[0].hints.forNodes[1].name: Duplicate value: \"a\""],
    );
}

#[test]
fn a_driver_on_a_node_may_find_that_it_attaches_more() {
    let old = json!({
        "metadata": {"name": "n"},
        "spec": {"drivers": [{"name": "d.io", "nodeID": "n", "allocatable": {"count": 1}}]},
    });
    let driver = |id: &str| json!([{"name": "d.io", "nodeID": id, "allocatable": {"count": 2}}]);
    check_update::<CSINode>(&old, &[("/spec/drivers", driver("n"))], &[]);
    check_update::<CSINode>(
        &old,
        &[("/spec/drivers", driver("m"))],
        &["CSINodeDriver: Invalid value: {\"name\":\"d.io\",\"nodeID\":\"m\"}: field is immutable"],
    );
}
