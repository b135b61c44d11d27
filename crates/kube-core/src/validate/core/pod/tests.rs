//! Pods.

use serde_json::{Value, json};

use crate::kinds::core::v1::Pod;
use crate::validate::check::{filled, refusals, status_refusals, update_refusals, with};

fn base() -> Value {
    json!({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}})
}

#[track_caller]
fn check(changes: &[(&str, Value)], expected: &[&str]) {
    assert_eq!(refusals::<Pod>(&with(&base(), changes)), expected, "{changes:?}");
}

#[track_caller]
fn check_update(old: &[(&str, Value)], new: &[(&str, Value)], expected: &[&str]) {
    let (old, new) = (with(&base(), old), with(&base(), new));
    let first_lines: Vec<String> = update_refusals::<Pod>(&old, &new)
        .iter()
        .map(|error| error.lines().next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(first_lines, expected, "{new}");
}

#[track_caller]
fn check_filled(changes: &[(&str, Value)], expected: &[(&str, Value)]) {
    let filled = filled::<Pod>(&with(&base(), changes));
    for (pointer, value) in expected {
        assert_eq!(filled.pointer(pointer).unwrap_or(&Value::Null), value, "{pointer} of {filled}");
    }
}

#[test]
fn defaults_of_a_pod() {
    check_filled(
        &[],
        &[
            ("/spec/restartPolicy", json!("Always")),
            ("/spec/dnsPolicy", json!("ClusterFirst")),
            ("/spec/schedulerName", json!("default-scheduler")),
            ("/spec/terminationGracePeriodSeconds", json!(30)),
            ("/spec/enableServiceLinks", json!(true)),
            ("/spec/securityContext", json!({})),
            ("/spec/containers/0/terminationMessagePath", json!("/dev/termination-log")),
            ("/spec/containers/0/terminationMessagePolicy", json!("File")),
        ],
    );
    check_filled(
        &[("/spec/hostNetwork", json!(true)), ("/spec/containers/0/ports", json!([{"containerPort": 80}]))],
        &[("/spec/containers/0/ports/0", json!({"containerPort": 80, "hostPort": 80, "protocol": "TCP"}))],
    );
    check_filled(
        &[("/spec/serviceAccount", json!("s")), ("/spec/terminationGracePeriodSeconds", json!(-5))],
        &[("/spec/serviceAccountName", json!("s")), ("/spec/terminationGracePeriodSeconds", json!(1))],
    );
}

#[test]
fn an_image_without_a_tag_is_always_pulled() {
    let cases = [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("nginx:1", "IfNotPresent"),
        ("localhost:5000/a/b", "Always"),
        ("localhost:5000/a/b:1", "IfNotPresent"),
        ("nginx@sha256:0000000000000000000000000000000000000000000000000000000000000000", "IfNotPresent"),
        ("Not An Image", "IfNotPresent"),
        ("a__b/c---d", "Always"),
        ("a___b", "IfNotPresent"),
    ];
    for (image, policy) in cases {
        check_filled(
            &[("/spec/containers/0/image", json!(image))],
            &[("/spec/containers/0/imagePullPolicy", json!(policy))],
        );
    }
}

#[test]
fn defaults_of_what_containers_ask_for() {
    check_filled(
        &[(
            "/spec/containers/0/resources",
            json!({"limits": {"cpu": "1000m", "memory": "1Gi"}, "requests": {"cpu": "0.5"}}),
        )],
        &[("/spec/containers/0/resources/requests", json!({"cpu": "500m", "memory": "1Gi"}))],
    );
    check_filled(
        &[
            ("/spec/resources", json!({"limits": {"cpu": "2", "memory": "1Gi"}})),
            ("/spec/containers/0/resources", json!({"requests": {"cpu": "500m"}})),
        ],
        &[("/spec/resources/requests", json!({"cpu": "500m", "memory": "1Gi"}))],
    );
    check_filled(
        &[("/spec/containers/0/livenessProbe", json!({"httpGet": {"port": 80}}))],
        &[(
            "/spec/containers/0/livenessProbe",
            json!({"httpGet": {"path": "/", "port": 80, "scheme": "HTTP"}, "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}),
        )],
    );
}

#[test]
fn defaults_of_volumes() {
    check_filled(
        &[(
            "/spec/volumes",
            json!([{"name": "a"}, {"name": "b", "secret": {}}, {"name": "c", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}]),
        )],
        &[
            ("/spec/volumes/0/emptyDir", json!({})),
            ("/spec/volumes/1/secret/defaultMode", json!(420)),
            ("/spec/volumes/2/projected/sources/0/serviceAccountToken/expirationSeconds", json!(3600)),
        ],
    );
}

#[test]
fn containers_have_names_and_images() {
    check(&[("/spec/containers", json!([]))], &["spec.containers: Required value"]);
    check(
        &[("/spec/containers/1", json!({"name": "c"}))],
        &["spec.containers[1].image: Required value", "spec.containers[1].name: Duplicate value: \"c\""],
    );
    check(
        &[(
            "/spec/initContainers",
            json!([{"name": "c", "image": "i", "readinessProbe": {"exec": {"command": ["a"]}}}]),
        )],
        &[
            "spec.initContainers[0].name: Duplicate value: \"c\"",
            "spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always",
        ],
    );
    check(
        &[("/spec/containers/0/image", json!(" nginx"))],
        &[
            "spec.containers[0].image: Invalid value: \" nginx\": must not have leading or trailing whitespace",
        ],
    );
}

#[test]
fn ports_of_containers() {
    let port = "/spec/containers/0/ports";
    check(
        &[(port, json!([{"containerPort": 0}, {"containerPort": 1, "protocol": "XYZ"}]))],
        &[
            "spec.containers[0].ports[0].containerPort: Required value",
            "spec.containers[0].ports[1].protocol: Unsupported value: \"XYZ\": supported values: \"SCTP\", \"TCP\", \"UDP\"",
        ],
    );
    check(
        &[(
            port,
            json!([{"name": "a", "containerPort": 1, "hostPort": 5}, {"name": "a", "containerPort": 2, "hostPort": 5}]),
        )],
        &[
            "spec.containers[0].ports[1].name: Duplicate value: \"a\"",
            "spec.containers[0].ports[1].hostPort: Duplicate value: \"TCP//5\"",
        ],
    );
}

#[test]
fn policies_are_known() {
    check(
        &[("/spec/restartPolicy", json!("Sometimes")), ("/spec/dnsPolicy", json!("None"))],
        &[
            "spec.restartPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", \"OnFailure\", \"Never\"",
            "spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None",
        ],
    );
    check(
        &[("/spec/containers/0/imagePullPolicy", json!("Sometimes"))],
        &[
            "spec.containers[0].imagePullPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", \"IfNotPresent\", \"Never\"",
        ],
    );
}

#[test]
fn mounts_find_their_volumes() {
    let mount = (
        "/spec/containers/0/volumeMounts",
        json!([{"name": "v", "mountPath": "/a"}, {"name": "v", "mountPath": "/a"}]),
    );
    check(
        std::slice::from_ref(&mount),
        &[
            "spec.containers[0].volumeMounts[0].name: Not found: \"v\"",
            "spec.containers[0].volumeMounts[1].name: Not found: \"v\"",
            "spec.containers[0].volumeMounts[1].mountPath: Invalid value: \"/a\": must be unique",
        ],
    );
    check(
        &[mount, ("/spec/volumes", json!([{"name": "v", "hostPath": {"path": "/a/../b"}}]))],
        &[
            "spec.volumes[0].hostPath.path: Invalid value: \"/a/../b\": must not contain '..'",
            "spec.containers[0].volumeMounts[0].name: Not found: \"v\"",
            "spec.containers[0].volumeMounts[1].name: Not found: \"v\"",
            "spec.containers[0].volumeMounts[1].mountPath: Invalid value: \"/a\": must be unique",
        ],
    );
    check(
        &[("/spec/volumes", json!([{"name": "v", "emptyDir": {}, "hostPath": {"path": "/"}}]))],
        &["spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type"],
    );
}

#[test]
fn environments_read_what_may_be_read() {
    let env = |variable: Value| [("/spec/containers/0/env", json!([variable]))];
    check(&env(json!({"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['a']"}}})), &[]);
    check(&env(json!({"value": "x"})), &["spec.containers[0].env[0].name: Required value"]);
    check(
        &env(json!({"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "status.phase"}}})),
        &[
            "spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Unsupported value: \"status.phase\": supported values: \"metadata.name\", \"metadata.namespace\", \"metadata.uid\", \"spec.nodeName\", \"spec.serviceAccountName\", \"status.hostIP\", \"status.hostIPs\", \"status.podIP\", \"status.podIPs\"",
        ],
    );
    check(
        &env(json!({"name": "A", "value": "x", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}})),
        &[
            "spec.containers[0].env[0].valueFrom: Invalid value: \"\": may not be specified when `value` is not empty",
        ],
    );
}

#[test]
fn placement_is_well_formed() {
    check(
        &[(
            "/spec/tolerations",
            json!([{"operator": "Equal"}, {"key": "a", "effect": "NoSchedule", "tolerationSeconds": 1}]),
        )],
        &[
            "spec.tolerations[0].operator: Invalid value: \"Equal\": operator must be Exists when `key` is empty, which means \"match all values and all keys\"",
            "spec.tolerations[1].effect: Invalid value: \"NoSchedule\": effect must be 'NoExecute' when `tolerationSeconds` is set",
        ],
    );
    let required = json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "In"}]}]}}});
    check(
        &[("/spec/affinity", required)],
        &[
            "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
        ],
    );
    let spread = json!({"maxSkew": 1, "topologyKey": "z", "whenUnsatisfiable": "DoNotSchedule"});
    check(
        &[("/spec/topologySpreadConstraints", json!([spread, spread]))],
        &[
            "spec.topologySpreadConstraints[0].{topologyKey, whenUnsatisfiable}: Duplicate value: \"{z, DoNotSchedule}\"",
        ],
    );
    check(
        &[("/spec/nodeName", json!("n")), ("/spec/schedulingGates", json!([{"name": "a.com/g"}]))],
        &["spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared"],
    );
}

const UNCHANGEABLE: &str = "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

#[test]
fn little_of_a_pod_changes() {
    check_update(
        &[],
        &[
            // The tag stays, so the policy of pulling that it defaults to stays.
            ("/spec/containers/0/image", json!("other")),
            ("/spec/activeDeadlineSeconds", json!(5)),
            ("/spec/tolerations", json!([{"operator": "Exists"}])),
        ],
        &[],
    );
    check_update(&[], &[("/spec/nodeName", json!("n"))], &[UNCHANGEABLE]);
    check_update(
        &[],
        &[("/spec/containers/1", json!({"name": "d", "image": "i"}))],
        &["spec.containers: Forbidden: pod updates may not add or remove containers"],
    );
    let deadline = |seconds: i64| [("/spec/activeDeadlineSeconds", json!(seconds))];
    check_update(&deadline(10), &deadline(5), &[]);
    check_update(
        &deadline(5),
        &deadline(10),
        &["spec.activeDeadlineSeconds: Invalid value: 10: must be less than or equal to previous value"],
    );
    check_update(
        &[("/spec/tolerations", json!([{"key": "a", "operator": "Exists"}]))],
        &[],
        &[
            "spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds",
        ],
    );
}

#[test]
fn a_gated_pod_may_get_pickier() {
    let gated = ("/spec/schedulingGates", json!([{"name": "a.com/g"}]));
    let picky = ("/spec/nodeSelector", json!({"a": "b"}));
    check_update(std::slice::from_ref(&gated), &[gated.clone(), picky.clone()], &[]);
    check_update(std::slice::from_ref(&gated), &[], &[]);
    check_update(&[], std::slice::from_ref(&picky), &[UNCHANGEABLE]);
    check_update(
        &[],
        std::slice::from_ref(&gated),
        &[
            "spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'a.com/g'",
        ],
    );
    check_update(
        &[gated.clone(), picky],
        &[gated],
        &[
            "spec.nodeSelector: Invalid value: null: only additions to spec.nodeSelector are allowed (no mutations or deletions)",
        ],
    );
}

/// KEP-4680.
#[test]
fn a_node_reports_the_devices_that_its_containers_asked_for() {
    let resources = json!({"requests": {"example.com/gpu": "1"}, "limits": {"example.com/gpu": "1"}, "claims": [{"name": "nic", "request": "fast"}]});
    let stored = with(
        &base(),
        &[
            ("/spec/resourceClaims", json!([{"name": "nic", "resourceClaimName": "n"}])),
            ("/spec/containers/0/resources", resources),
        ],
    );
    let status = |list: &str, name: &str, told: Value| {
        let one = json!({"name": name, "image": "nginx", "imageID": "", "ready": true, "restartCount": 0, "allocatedResourcesStatus": told});
        with(&base(), &[("/status", json!({ list: [one] }))])
    };
    let check = |list: &str, name: &str, told: Value, expected: &[&str]| {
        assert_eq!(status_refusals::<Pod>(&stored, &status(list, name, told)), expected);
    };
    let healthy = |id: &str| json!({"resourceID": id, "health": "Healthy"});
    let known = json!([
        {"name": "example.com/gpu", "resources": [healthy("0"), healthy("1")]},
        {"name": "claim:nic/fast", "resources": [{"resourceID": "eth0", "health": "Unknown"}]},
    ]);
    check("containerStatuses", "c", known.clone(), &[]);
    check("containerStatuses", "gone", json!([{"name": "other"}]), &[]);
    check(
        "containerStatuses",
        "c",
        json!([
            {"name": "cpu", "resources": [healthy("0"), {"resourceID": "0", "health": "Fine"}]},
            {"name": "claim:nic"},
        ]),
        &[
            "status.containerStatuses[0].allocatedResourcesStatus[0].name: Invalid value: \"cpu\": must match one of the container's resource requests",
            "status.containerStatuses[0].allocatedResourcesStatus[0].resources[1].health: Unsupported value: \"Fine\": supported values: \"Healthy\", \"Unhealthy\", \"Unknown\"",
            "status.containerStatuses[0].allocatedResourcesStatus[0].resources[1].resourceID: Duplicate value: \"0\"",
            "status.containerStatuses[0].allocatedResourcesStatus[1].name: Invalid value: \"claim:nic\": must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty",
        ],
    );
    check(
        "ephemeralContainerStatuses",
        "c",
        known,
        &[
            "status.ephemeralContainerStatuses[0].allocatedResourcesStatus: Forbidden: must not be specified in container status",
        ],
    );
}

/// Its gate is closed.
#[test]
fn a_stop_signal_is_dropped() {
    let lifecycle = |lifecycle: Value| [("/spec/containers/0/lifecycle", lifecycle)];
    check_filled(
        &lifecycle(json!({"stopSignal": "SIGUSR1"})),
        &[("/spec/containers/0/lifecycle", Value::Null)],
    );
    let hook = json!({"sleep": {"seconds": 1}});
    check_filled(
        &lifecycle(json!({"stopSignal": "SIGUSR1", "preStop": hook})),
        &[("/spec/containers/0/lifecycle", json!({"preStop": hook}))],
    );
}
