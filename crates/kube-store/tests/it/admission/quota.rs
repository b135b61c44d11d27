//! Quotas: what is charged, refused and given back.

use super::{World, kind, pod, world};
use crate::objects::run;
use kube_core::resource::ObjectKey;
use kube_store::objects::admission::ResourceQuota;
use kube_store::service::{DeleteOptions, ObjectService, Subresource, Write, WriteOptions};
use serde_json::{Value, json};
use std::sync::Arc;

/// A quota, with the status that its controller gives it.
#[expect(clippy::needless_pass_by_value, reason = "the cases read better without references")]
fn quota(w: &World, name: &str, hard: Value, spec: Value) {
    let mut object = json!({"metadata": {"name": name}, "spec": {"hard": hard}});
    kube_core::patch::apply_merge(&mut object["spec"], &spec);
    let mut created = w.create("v1/ResourceQuota", object);
    let used: serde_json::Map<String, Value> =
        hard.as_object().unwrap().keys().map(|name| (name.clone(), "0".into())).collect();
    created["status"] = json!({"hard": hard, "used": used});
    w.try_update("v1/ResourceQuota", Subresource::Status, created).expect("status");
}

fn used(w: &World, name: &str) -> Value {
    w.get("v1/ResourceQuota", name)["status"]["used"].clone()
}

fn sized(name: &str, cpu: &str) -> Value {
    pod(name, json!({}), json!({"resources": {"requests": {"cpu": cpu}}}))
}

#[test]
fn a_pod_is_charged_with_its_create_and_given_back_with_its_end() {
    let w = world(vec![Arc::new(ResourceQuota)]);
    quota(&w, "q", json!({"pods": "3", "requests.cpu": "1", "count/pods": "5"}), json!({}));
    w.create("v1/Pod", sized("a", "600m"));
    assert_eq!(used(&w, "q"), json!({"pods": "1", "requests.cpu": "600m", "count/pods": "1"}));
    assert_eq!(
        w.refused("v1/Pod", sized("b", "500m")),
        "pods \"b\" is forbidden: exceeded quota: q, requested: requests.cpu=500m, used: requests.cpu=600m, limited: requests.cpu=1"
    );
    assert_eq!(
        w.refused("v1/Pod", pod("c", json!({}), json!({}))),
        "pods \"c\" is forbidden: failed quota: q: must specify requests.cpu for: main"
    );
    assert_eq!(used(&w, "q")["pods"], "1", "nothing is charged for what is refused");
    let mut done = w.get("v1/Pod", "a");
    done["status"]["phase"] = "Succeeded".into();
    w.try_update("v1/Pod", Subresource::Status, done).expect("done");
    assert_eq!(used(&w, "q"), json!({"pods": "0", "requests.cpu": "0", "count/pods": "1"}));
    w.create("v1/Pod", sized("b", "1"));
    for name in ["a", "b"] {
        run(w.objects.delete(kind("v1/Pod"), &ObjectKey::new("default", name), &DeleteOptions::now()))
            .expect("gone");
    }
    assert_eq!(used(&w, "q"), json!({"pods": "0", "requests.cpu": "0", "count/pods": "0"}));
}

#[test]
fn a_dry_run_and_a_lost_transaction_charge_nothing() {
    let w = world(vec![Arc::new(ResourceQuota)]);
    quota(&w, "q", json!({"pods": "2"}), json!({}));
    run(w.objects.create(kind("v1/Pod"), "default", sized("a", "1"), &WriteOptions::default().dry_run()))
        .expect("checked");
    let write = |name: &str| Write::Create {
        kind: Arc::new(kind("v1/Pod").clone()),
        namespace: "default".to_owned(),
        object: sized(name, "1"),
    };
    let error = run(w.objects.transact(vec![write("a"), write("b"), write("c")], &WriteOptions::default()))
        .expect_err("one too many");
    assert_eq!((error.write, error.error.code), (Some(2), 403));
    assert_eq!(used(&w, "q"), json!({"pods": "0"}));
    run(w.objects.transact(vec![write("a"), write("b")], &WriteOptions::default())).expect("stored");
    assert_eq!(used(&w, "q"), json!({"pods": "2"}));
}

#[test]
fn services_claims_and_counts_are_charged() {
    let w = world(vec![Arc::new(ResourceQuota)]);
    let hard = json!({
        "services.nodeports": "2", "requests.storage": "3Gi", "fast.storageclass.storage.k8s.io/persistentvolumeclaims": "1",
        "configmaps": "1", "count/deployments.apps": "1",
    });
    quota(&w, "q", hard, json!({}));
    let mut two = json!({"metadata": {"name": "s"}, "spec": {"type": "NodePort", "ports": [{"port": 80}, {"name": "b", "port": 81}]}});
    two["spec"]["ports"][0]["name"] = "a".into();
    w.create("v1/Service", two);
    let mut clustered = w.get("v1/Service", "s");
    clustered["spec"]["type"] = "ClusterIP".into();
    w.try_update("v1/Service", Subresource::Main, clustered).expect("changed");
    assert_eq!(used(&w, "q")["services.nodeports"], "0");
    let claim = |name: &str, class: &str| {
        json!({"metadata": {"name": name}, "spec": {
            "accessModes": ["ReadWriteOnce"], "storageClassName": class, "resources": {"requests": {"storage": "2Gi"}},
        }})
    };
    w.create("v1/PersistentVolumeClaim", claim("a", "fast"));
    let message = w.refused("v1/PersistentVolumeClaim", claim("b", "slow"));
    assert!(message.ends_with("exceeded quota: q, requested: requests.storage=2Gi, used: requests.storage=2Gi, limited: requests.storage=3Gi"), "{message}");
    w.create("v1/ConfigMap", json!({"metadata": {"name": "a"}}));
    let message = w.refused("v1/ConfigMap", json!({"metadata": {"name": "b"}}));
    assert!(
        message.ends_with(
            "exceeded quota: q, requested: configmaps=1, used: configmaps=1, limited: configmaps=1"
        ),
        "{message}"
    );
}

#[test]
fn scopes_select_the_pods_of_a_quota() {
    let w = world(vec![Arc::new(ResourceQuota)]);
    quota(&w, "best", json!({"pods": "1"}), json!({"scopes": ["BestEffort"]}));
    let selector = json!({"scopeSelector": {"matchExpressions": [{"scopeName": "PriorityClass", "operator": "In", "values": ["high"]}]}});
    quota(&w, "high", json!({"pods": "1"}), selector);
    w.create("v1/Pod", pod("a", json!({}), json!({})));
    w.create("v1/Pod", sized("b", "1"));
    assert!(w.refused("v1/Pod", pod("c", json!({}), json!({}))).contains("exceeded quota: best"));
    let high = |name: &str| {
        let mut object = sized(name, "1");
        object["spec"]["priorityClassName"] = "high".into();
        object
    };
    w.create("v1/Pod", high("d"));
    assert!(w.refused("v1/Pod", high("e")).contains("exceeded quota: high"));
}

#[test]
fn a_quota_without_status_does_not_act_and_one_without_usage_refuses() {
    let w = world(vec![Arc::new(ResourceQuota)]);
    let mut created =
        w.create("v1/ResourceQuota", json!({"metadata": {"name": "q"}, "spec": {"hard": {"pods": "0"}}}));
    w.create("v1/Pod", sized("a", "1"));
    created["status"] = json!({"hard": {"pods": "0"}});
    w.try_update("v1/ResourceQuota", Subresource::Status, created).expect("status");
    assert_eq!(
        w.refused("v1/Pod", sized("b", "1")),
        "pods \"b\" is forbidden: status unknown for quota: q, resources: pods"
    );
}
