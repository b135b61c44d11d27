//! Profiles, Windows, and what ephemeral containers may not have.

use serde_json::{Value, json};

use crate::kinds::apps::v1::Deployment;
use crate::kinds::core::v1::Pod;
use crate::validate::Kind;
use crate::validate::check::{refusals, template, with};

const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/c";
const SECCOMP: &str = "container.seccomp.security.alpha.kubernetes.io/c";

#[expect(clippy::needless_pass_by_value, reason = "annotations are written in place")]
fn pod(annotations: Value, changes: &[(&str, Value)]) -> Value {
    let base = json!({
        "metadata": {"name": "p", "annotations": annotations},
        "spec": {"containers": [{"name": "c", "image": "nginx", "securityContext": {}}], "securityContext": {}},
    });
    with(&base, changes)
}

#[track_caller]
fn check(annotations: Value, changes: &[(&str, Value)], expected: &[&str]) {
    assert_eq!(refusals::<Pod>(&pod(annotations, changes)), expected, "{changes:?}");
}

#[test]
fn profiles_in_annotations_are_known_ones_of_known_containers() {
    check(json!({APP_ARMOR: "runtime/default", SECCOMP: "localhost/a"}), &[], &[]);
    check(
        json!({"container.apparmor.security.beta.kubernetes.io/x": "bad"}),
        &[],
        &[
            "metadata.annotations[container.apparmor.security.beta.kubernetes.io/x]: Invalid value: \"x\": container not found",
            "metadata.annotations[container.apparmor.security.beta.kubernetes.io/x]: Invalid value: \"bad\": invalid AppArmor profile name: \"bad\"",
        ],
    );
    check(
        json!({"seccomp.security.alpha.kubernetes.io/pod": "bad", SECCOMP: "localhost//a"}),
        &[],
        &[
            "metadata.annotations.container.seccomp.security.alpha.kubernetes.io/c: Invalid value: \"/a\": must be a relative path",
            "metadata.annotations.seccomp.security.alpha.kubernetes.io/pod: Invalid value: \"bad\": must be a valid seccomp profile",
        ],
    );
}

#[test]
fn annotation_and_field_say_the_same() {
    let own = "/spec/containers/0/securityContext/appArmorProfile";
    check(json!({APP_ARMOR: "unconfined"}), &[(own, json!({"type": "Unconfined"}))], &[]);
    check(
        json!({APP_ARMOR: "localhost/a"}),
        &[(own, json!({"type": "Localhost", "localhostProfile": "b"}))],
        &[
            "spec.containers[0].securityContext.appArmorProfile.localhostProfile: Forbidden: apparmor profile in annotation and field must match",
        ],
    );
    check(
        json!({APP_ARMOR: "localhost/a"}),
        &[("/spec/securityContext/appArmorProfile", json!({"type": "RuntimeDefault"}))],
        &[
            "spec.containers[0].securityContext.appArmorProfile.type: Forbidden: apparmor type in annotation and field must match",
        ],
    );
    check(
        json!({"seccomp.security.alpha.kubernetes.io/pod": "docker/default"}),
        &[("/spec/securityContext/seccompProfile", json!({"type": "RuntimeDefault"}))],
        &[],
    );
    check(
        json!({SECCOMP: "unconfined"}),
        &[("/spec/containers/0/securityContext/seccompProfile", json!({"type": "RuntimeDefault"}))],
        &[
            "spec.containers[0].securityContext.seccompProfile.type: Forbidden: seccomp type in annotation and field must match",
        ],
    );
}

#[test]
fn templates_are_held_to_both() {
    let mut template = template();
    template["metadata"]["annotations"] = json!({SECCOMP: "unconfined"});
    template["spec"]["containers"][0]["securityContext"] =
        json!({"seccompProfile": {"type": "RuntimeDefault"}});
    let deployment = json!({"spec": {"selector": {"matchLabels": {"app": "x"}}, "template": template}});
    assert_eq!(
        refusals::<Deployment>(&deployment),
        [
            "spec.template.spec.containers[0].securityContext.seccompProfile.type: Forbidden: seccomp type in annotation and field must match"
        ],
    );
}

#[test]
fn profiles_of_annotations_become_fields() {
    let made = |annotation: &str, changes: &[(&str, Value)]| {
        let mut pod = Pod::decode(&pod(json!({APP_ARMOR: annotation}), changes)).unwrap();
        pod.prepare_create();
        serde_json::to_value(&pod).unwrap()["spec"]["containers"][0]["securityContext"]["appArmorProfile"]
            .clone()
    };
    assert_eq!(made("runtime/default", &[]), json!({"type": "RuntimeDefault"}));
    assert_eq!(made("localhost/a", &[]), json!({"type": "Localhost", "localhostProfile": "a"}));
    assert_eq!(made("bad", &[]), Value::Null);
    let of_pod = ("/spec/securityContext/appArmorProfile", json!({"type": "RuntimeDefault"}));
    assert_eq!(made("runtime/default", std::slice::from_ref(&of_pod)), Value::Null);
    assert_eq!(made("unconfined", &[of_pod]), json!({"type": "Unconfined"}));
    assert_eq!(made("unconfined", &[("/spec/os", json!({"name": "windows"}))]), Value::Null);
}

#[test]
fn tolerations_may_stand_in_an_annotation() {
    let key = "scheduler.alpha.kubernetes.io/tolerations";
    check(json!({key: "[{\"key\": \"a\", \"operator\": \"Exists\"}]"}), &[], &[]);
    check(
        json!({key: "[{\"key\": \"a\", \"operator\": \"Exists\", \"value\": \"b\"}]"}),
        &[],
        &[
            "metadata.annotations.scheduler.alpha.kubernetes.io/tolerations[0].operator: Invalid value: \"b\": value must be empty when `operator` is 'Exists'",
        ],
    );
}

#[test]
fn users_of_windows_have_names_of_windows() {
    let path = "/spec/securityContext/windowsOptions";
    for name in ["a", "DOMAIN\\user", "example.com\\user.name"] {
        check(json!({}), &[(path, json!({"runAsUserName": name}))], &[]);
    }
    for (name, shown, detail) in [
        ("", "", "runAsUserName cannot be an empty string"),
        ("a\\b\\c", "a\\\\b\\\\c", "runAsUserName cannot contain more than one backslash"),
        ("a?\\b", "a?\\\\b", "runAsUserName's Domain doesn't match the NetBios nor the DNS format"),
        ("..", "..", "runAsUserName's User cannot contain only periods or spaces"),
        ("a:b", "a:b", "runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]"),
    ] {
        let expected = format!(
            "spec.securityContext.windowsOptions.runAsUserName: Invalid value: \"{shown}\": {detail}"
        );
        check(json!({}), &[(path, json!({"runAsUserName": name}))], &[&expected]);
    }
}

#[test]
fn either_all_containers_are_processes_of_the_host_or_none() {
    let own = "/spec/containers/0/securityContext/windowsOptions";
    check(
        json!({}),
        &[
            ("/spec/securityContext/windowsOptions", json!({"hostProcess": false})),
            (own, json!({"hostProcess": true})),
        ],
        &[
            "spec.containers[0].securityContext.windowsOptions.hostProcess: Invalid value: true: pod hostProcess value must be identical if both are specified, was false",
            "spec.hostNetwork: Invalid value: false: hostNetwork must be true if pod contains any hostProcess containers",
        ],
    );
    check(
        json!({}),
        &[
            ("/spec/hostNetwork", json!(true)),
            ("/spec/initContainers", json!([{"name": "i", "image": "nginx"}])),
            (own, json!({"hostProcess": true})),
        ],
        &[
            "spec: Invalid value: \"\": If pod contains any hostProcess containers then all containers must be HostProcess containers",
        ],
    );
}
