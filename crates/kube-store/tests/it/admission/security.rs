//! The Pod Security Standards.

use super::{World, pod, world};
use kube_store::objects::admission::PodSecurity;
use kube_store::service::Subresource;
use serde_json::{Value, json};
use std::sync::Arc;

fn at(level: &str, version: &str) -> World {
    let w = world(vec![Arc::new(PodSecurity::default())]);
    let mut namespace = w.get("v1/Namespace", "default");
    namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] = level.into();
    if !version.is_empty() {
        namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce-version"] = version.into();
    }
    w.try_update("v1/Namespace", Subresource::Main, namespace).expect("labelled");
    w
}

/// What is said behind `violates PodSecurity "…": `.
fn violation(w: &World, policy: &str, object: Value) -> String {
    let message = w.refused("v1/Pod", object);
    let start = format!("pods \"a\" is forbidden: violates PodSecurity \"{policy}\": ");
    message.strip_prefix(&start).unwrap_or_else(|| panic!("{message}")).to_owned()
}

#[test]
fn every_check_of_baseline_is_told_in_kubernetes_words() {
    let w = at("baseline", "");
    let secure = |context: Value| json!({"securityContext": context});
    let cases = [
        (
            json!({"hostNetwork": true, "hostPID": true}),
            json!({}),
            "host namespaces (hostNetwork=true, hostPID=true)",
        ),
        (
            json!({}),
            secure(json!({"privileged": true})),
            "privileged (container \"main\" must not set securityContext.privileged=true)",
        ),
        (
            json!({}),
            secure(json!({"capabilities": {"add": ["SYS_TIME", "CHOWN", "NET_RAW"]}})),
            "non-default capabilities (container \"main\" must not include \"NET_RAW\", \"SYS_TIME\" in securityContext.capabilities.add)",
        ),
        (
            json!({"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}),
            json!({}),
            "hostPath volumes (volume \"v\")",
        ),
        (
            json!({}),
            json!({"ports": [{"containerPort": 80, "hostPort": 8080}]}),
            "hostPort (container \"main\" uses hostPort 8080)",
        ),
        (
            json!({}),
            json!({"livenessProbe": {"httpGet": {"path": "/", "port": 80, "host": "10.0.0.1"}}}),
            "probe or lifecycle host (container \"main\" uses probe or lifecycle host \"10.0.0.1\")",
        ),
        (
            json!({"securityContext": {"appArmorProfile": {"type": "Unconfined"}}}),
            json!({}),
            "forbidden AppArmor profile (pod must not set AppArmor profile type to \"Unconfined\")",
        ),
        (
            json!({"securityContext": {"seLinuxOptions": {"type": "bad_t", "user": "root"}}}),
            json!({}),
            "seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type \"bad_t\"; user may not be set)",
        ),
        (
            json!({"securityContext": {"seccompProfile": {"type": "Unconfined"}}}),
            json!({}),
            "seccompProfile (pod must not set securityContext.seccompProfile.type to \"Unconfined\")",
        ),
        (
            json!({"securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}, {"name": "net.ipv4.tcp_rmem", "value": "1"}]}}),
            json!({}),
            "forbidden sysctl (kernel.msgmax)",
        ),
    ];
    for (spec, container, want) in cases {
        assert_eq!(violation(&w, "baseline:latest", pod("a", spec, container)), want);
    }
    w.create("v1/Pod", pod("a", json!({}), json!({})));
}

#[test]
fn restricted_asks_for_hardened_pods() {
    let w = at("restricted", "latest");
    assert_eq!(
        violation(&w, "restricted:latest", pod("a", json!({}), json!({}))),
        "allowPrivilegeEscalation != false (container \"main\" must set securityContext.allowPrivilegeEscalation=false), \
         unrestricted capabilities (container \"main\" must set securityContext.capabilities.drop=[\"ALL\"]), \
         runAsNonRoot != true (pod or container \"main\" must set securityContext.runAsNonRoot=true), \
         seccompProfile (pod or container \"main\" must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\")"
    );
    let hardened =
        json!({"securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}}});
    let container = json!({"securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}}});
    let mut volumes = hardened.clone();
    volumes["volumes"] =
        json!([{"name": "v", "hostPath": {"path": "/"}}, {"name": "n", "nfs": {"server": "s", "path": "/"}}]);
    assert_eq!(
        violation(&w, "restricted:latest", pod("a", volumes, container.clone())),
        "restricted volume types (volumes \"v\", \"n\" use restricted volume types \"hostPath\", \"nfs\")"
    );
    let mut root = hardened.clone();
    root["securityContext"]["runAsUser"] = 0.into();
    assert_eq!(
        violation(&w, "restricted:latest", pod("a", root, container.clone())),
        "runAsUser=0 (pod must not set runAsUser=0)"
    );
    w.create("v1/Pod", pod("a", hardened, container));
}

#[test]
fn a_version_holds_to_what_was_known_then() {
    let w = at("baseline", "v1.33");
    let host = json!({"livenessProbe": {"tcpSocket": {"port": 80, "host": "10.0.0.1"}}});
    w.create("v1/Pod", pod("a", json!({}), host));
    let message = w.refused("v1/Pod", pod("b", json!({"hostIPC": true}), json!({})));
    assert!(message.contains("violates PodSecurity \"baseline:v1.33\": host namespaces"), "{message}");
}

#[test]
fn a_level_that_is_none_is_refused_on_the_namespace() {
    let w = world(vec![Arc::new(PodSecurity::default())]);
    let labels = json!({"pod-security.kubernetes.io/enforce": "strict", "pod-security.kubernetes.io/warn-version": "1.2"});
    let error = w
        .try_create("v1/Namespace", json!({"metadata": {"name": "team", "labels": labels}}))
        .expect_err("no level");
    assert_eq!(error.code, 422);
    let causes: Vec<(&str, &str)> =
        error.details.causes.iter().map(|cause| (cause.field.as_str(), cause.message.as_str())).collect();
    assert_eq!(
        causes,
        [
            (
                "metadata.labels[pod-security.kubernetes.io/enforce]",
                "Invalid value: \"strict\": must be one of privileged, baseline, restricted"
            ),
            (
                "metadata.labels[pod-security.kubernetes.io/warn-version]",
                "Invalid value: \"1.2\": must be \"latest\" or \"v1.x\""
            ),
        ]
    );
}

#[test]
fn what_ran_before_may_be_labelled_but_not_changed() {
    let w = world(vec![Arc::new(PodSecurity::default())]);
    w.create("v1/Pod", pod("a", json!({"hostPID": true}), json!({})));
    let mut namespace = w.get("v1/Namespace", "default");
    namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] = "baseline".into();
    w.try_update("v1/Namespace", Subresource::Main, namespace).expect("labelled");
    let mut labelled = w.get("v1/Pod", "a");
    labelled["metadata"]["labels"] = json!({"x": "y"});
    w.try_update("v1/Pod", Subresource::Main, labelled.clone()).expect("labels are not looked at");
    labelled["metadata"].as_object_mut().unwrap().remove("resourceVersion");
    labelled["spec"]["containers"][0]["image"] = "web:2".into();
    let error = w.try_update("v1/Pod", Subresource::Main, labelled).expect_err("image");
    assert!(error.message.contains("host namespaces (hostPID=true)"), "{error}");
}
