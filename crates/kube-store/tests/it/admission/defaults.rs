//! Plugins that fill in what was left out.

use super::{pod, world};
use kube_core::kinds::core::v1::Pod;
use kube_store::objects::admission::{
    DefaultStorageClass, DefaultTolerationSeconds, PersistentVolumeClaimResize, Policy, Priority,
    ServiceAccount, builtin,
};
use kube_store::service::Subresource;
use serde_json::{Value, json};
use std::sync::Arc;

#[test]
fn plugins_run_in_kubernetes_order() {
    let plugins = builtin();
    let names: Vec<&str> = plugins.iter().map(|plugin| plugin.name()).collect();
    assert_eq!(
        names,
        [
            "NamespaceLifecycle",
            "LimitRanger",
            "ServiceAccount",
            "PodSecurity",
            "Priority",
            "DefaultTolerationSeconds",
            "DefaultStorageClass",
            "PersistentVolumeClaimResize",
            "ResourceQuota",
        ]
    );
}

#[test]
fn a_pod_leaves_a_lost_node_after_five_minutes() {
    let w = world(vec![Arc::new(DefaultTolerationSeconds::default())]);
    let created = w.create("v1/Pod", pod("a", json!({}), json!({})));
    assert_eq!(
        created["spec"]["tolerations"],
        json!([
            {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
            {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
        ])
    );
    let own = json!([{"key": "node.kubernetes.io/unreachable", "operator": "Exists", "tolerationSeconds": 1, "effect": "NoExecute"}]);
    let created = w.create("v1/Pod", pod("b", json!({"tolerations": own}), json!({})));
    let seconds: Vec<&Value> =
        created["spec"]["tolerations"].as_array().unwrap().iter().map(|t| &t["tolerationSeconds"]).collect();
    assert_eq!(seconds, [&json!(1), &json!(300)]);
    let all = json!([{"operator": "Exists"}]);
    let created = w.create("v1/Pod", pod("c", json!({"tolerations": all}), json!({})));
    assert_eq!(created["spec"]["tolerations"], all);
}

#[test]
fn a_priority_is_that_of_the_class() {
    let w = world(vec![Arc::new(Priority)]);
    let class = |name: &str, value: i32, default: bool| json!({"metadata": {"name": name}, "value": value, "globalDefault": default});
    let plain = w.create("v1/Pod", pod("plain", json!({}), json!({})));
    assert_eq!(
        (&plain["spec"]["priority"], &plain["spec"]["preemptionPolicy"]),
        (&json!(0), &json!("PreemptLowerPriority"))
    );
    w.create("scheduling.k8s.io/v1/PriorityClass", class("low", 7, true));
    w.create("scheduling.k8s.io/v1/PriorityClass", class("high", 100, false));
    let by_default = w.create("v1/Pod", pod("default", json!({}), json!({})));
    assert_eq!(
        (&by_default["spec"]["priorityClassName"], &by_default["spec"]["priority"]),
        (&json!("low"), &json!(7))
    );
    let high = w.create("v1/Pod", pod("high", json!({"priorityClassName": "high"}), json!({})));
    assert_eq!(high["spec"]["priority"], 100);
    let system =
        w.create("v1/Pod", pod("system", json!({"priorityClassName": "system-node-critical"}), json!({})));
    assert_eq!(system["spec"]["priority"], 2_000_001_000);
    assert_eq!(
        w.refused("v1/Pod", pod("none", json!({"priorityClassName": "none"}), json!({}))),
        "pods \"none\" is forbidden: no PriorityClass with name none was found"
    );
    assert_eq!(
        w.refused("v1/Pod", pod("forged", json!({"priorityClassName": "high", "priority": 5}), json!({}))),
        "pods \"forged\" is forbidden: the integer value of priority (5) must not be provided in pod spec; priority admission controller computed 100 from the given PriorityClass name"
    );
    assert_eq!(
        w.refused("scheduling.k8s.io/v1/PriorityClass", class("second", 1, true)),
        "priorityclasses.scheduling.k8s.io \"second\" is forbidden: PriorityClass low is already marked as default. Only one default can exist"
    );
    let mut again = w.get("scheduling.k8s.io/v1/PriorityClass", "low");
    again["description"] = "for the rest".into();
    w.try_update("scheduling.k8s.io/v1/PriorityClass", Subresource::Main, again).expect("the default itself");
}

#[test]
fn a_pod_gets_its_account_and_a_token() {
    let w = world(vec![Arc::new(ServiceAccount::default())]);
    assert_eq!(
        w.refused("v1/Pod", pod("early", json!({}), json!({}))),
        "pods \"early\" is forbidden: error looking up service account default/default: serviceaccount \"default\" not found"
    );
    let account = json!({"metadata": {"name": "default"}, "imagePullSecrets": [{"name": "registry"}]});
    w.create("v1/ServiceAccount", account);
    let created =
        w.create("v1/Pod", pod("a", json!({"initContainers": [{"name": "i", "image": "i:1"}]}), json!({})));
    let spec = &created["spec"];
    assert_eq!(
        (&spec["serviceAccountName"], &spec["imagePullSecrets"]),
        (&json!("default"), &json!([{"name": "registry"}]))
    );
    let volume = &spec["volumes"][0];
    let name = volume["name"].as_str().unwrap();
    assert!(name.starts_with("kube-api-access-") && name.len() == 21, "{name}");
    assert_eq!(
        volume["projected"]["sources"][0],
        json!({"serviceAccountToken": {"path": "token", "expirationSeconds": 3607}})
    );
    assert_eq!(volume["projected"]["defaultMode"], 420);
    let mount = json!([{"name": name, "readOnly": true, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}]);
    assert_eq!(
        (&spec["containers"][0]["volumeMounts"], &spec["initContainers"][0]["volumeMounts"]),
        (&mount, &mount)
    );
    let without = w.create("v1/Pod", pod("b", json!({"automountServiceAccountToken": false}), json!({})));
    assert_eq!(without["spec"].get("volumes"), None);
}

#[test]
fn an_account_may_limit_secrets() {
    let w = world(vec![Arc::new(ServiceAccount { mount_token: false })]);
    let account = json!({
        "metadata": {"name": "default", "annotations": {"kubernetes.io/enforce-mountable-secrets": "true"}},
        "secrets": [{"name": "mine"}],
    });
    w.create("v1/ServiceAccount", account);
    let with = |name: &str, secret: &str| {
        pod(name, json!({"volumes": [{"name": "v", "secret": {"secretName": secret}}]}), json!({}))
    };
    w.create("v1/Pod", with("a", "mine"));
    assert_eq!(
        w.refused("v1/Pod", with("b", "yours")),
        "pods \"b\" is forbidden: volume with secret.secretName=\"yours\" is not allowed because service account default does not reference that secret"
    );
}

fn claim(name: &str, size: &str) -> Value {
    json!({"metadata": {"name": name}, "spec": {
        "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}},
    }})
}

#[test]
fn a_claim_gets_the_default_class() {
    let w = world(vec![Arc::new(DefaultStorageClass)]);
    assert_eq!(
        w.create("v1/PersistentVolumeClaim", claim("early", "1Gi"))["spec"].get("storageClassName"),
        None
    );
    for (name, default) in [("b", "true"), ("a", "true"), ("c", "false")] {
        let class = json!({
            "metadata": {"name": name, "annotations": {"storageclass.kubernetes.io/is-default-class": default}},
            "provisioner": "example.com/disk",
        });
        w.create("storage.k8s.io/v1/StorageClass", class);
    }
    assert_eq!(w.create("v1/PersistentVolumeClaim", claim("one", "1Gi"))["spec"]["storageClassName"], "a");
    let mut none = claim("none", "1Gi");
    none["spec"]["storageClassName"] = "".into();
    assert_eq!(
        w.create("v1/PersistentVolumeClaim", none)["spec"]["storageClassName"],
        "",
        "none is a choice"
    );
}

#[test]
fn a_claim_grows_where_its_class_allows() {
    let w = world(vec![Arc::new(PersistentVolumeClaimResize)]);
    for (name, grows) in [("fixed", false), ("elastic", true)] {
        let class = json!({"metadata": {"name": name}, "provisioner": "example.com/disk", "allowVolumeExpansion": grows});
        w.create("storage.k8s.io/v1/StorageClass", class);
        let mut object = claim(name, "1Gi");
        object["spec"]["storageClassName"] = name.into();
        w.create("v1/PersistentVolumeClaim", object);
    }
    let grow = |name: &str| {
        let mut object = w.get("v1/PersistentVolumeClaim", name);
        object["spec"]["resources"]["requests"]["storage"] = "2Gi".into();
        w.try_update("v1/PersistentVolumeClaim", Subresource::Main, object)
    };
    for name in ["fixed", "elastic"] {
        let mut bound = w.get("v1/PersistentVolumeClaim", name);
        bound["status"] = json!({"phase": "Bound"});
        let mut bound = w.try_update("v1/PersistentVolumeClaim", Subresource::Status, bound).expect("bound");
        bound["spec"]["volumeName"] = "pv".into();
        w.try_update("v1/PersistentVolumeClaim", Subresource::Main, bound).expect("bound");
    }
    assert_eq!(
        grow("fixed").expect_err("fixed").message,
        "persistentvolumeclaims \"fixed\" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize"
    );
    grow("elastic").expect("grown");
}

#[test]
fn a_policy_of_ones_own_is_a_closure() {
    let registry = Policy::validate("trusted-registry", |_cx, pod: &Pod| {
        let images = pod.spec.iter().flat_map(|spec| &spec.containers).filter_map(|c| c.image.as_deref());
        let bad = images.into_iter().find(|image| !image.starts_with("registry.example.com/"));
        bad.map_or(Ok(()), |image| Err(format!("image {image:?} is not from registry.example.com")))
    });
    let owner = Policy::mutate("owner", |cx, pod: &mut Pod| {
        let namespace = cx.key().namespace.to_string();
        pod.metadata.labels.get_or_insert_default().entry("owner".to_owned()).or_insert(namespace);
        Ok(())
    });
    let w = world(vec![Arc::new(registry), Arc::new(owner)]);
    assert_eq!(
        w.refused("v1/Pod", pod("a", json!({}), json!({}))),
        "pods \"a\" is forbidden: image \"web:1\" is not from registry.example.com"
    );
    let created = w.create("v1/Pod", pod("a", json!({}), json!({"image": "registry.example.com/web:1"})));
    assert_eq!(created["metadata"]["labels"], json!({"owner": "default"}));
    w.create("v1/ConfigMap", json!({"metadata": {"name": "other-kinds-pass"}}));
}
