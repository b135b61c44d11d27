//! Limit ranges.

use super::{pod, world};
use kube_store::objects::admission::LimitRanger;
use serde_json::{Value, json};
use std::sync::Arc;

#[expect(clippy::needless_pass_by_value, reason = "the cases read better without references")]
fn range(limits: Value) -> Value {
    json!({"metadata": {"name": "limits"}, "spec": {"limits": limits}})
}

#[test]
fn containers_get_the_defaults_of_their_namespace() {
    let w = world(vec![Arc::new(LimitRanger)]);
    let limits = json!([{"type": "Container", "default": {"cpu": "1"}, "defaultRequest": {"cpu": "100m", "memory": "1Mi"}}]);
    w.create("v1/LimitRange", range(limits));
    let created =
        w.create("v1/Pod", pod("a", json!({}), json!({"resources": {"requests": {"memory": "5Mi"}}})));
    assert_eq!(
        created["spec"]["containers"][0]["resources"],
        json!({"limits": {"cpu": "1"}, "requests": {"cpu": "100m", "memory": "5Mi"}})
    );
    assert_eq!(
        created["metadata"]["annotations"]["kubernetes.io/limit-ranger"],
        "LimitRanger plugin set: cpu request for container main; cpu limit for container main"
    );
    assert_eq!(created["status"]["qosClass"], "Burstable");
}

#[test]
fn what_is_beyond_a_limit_is_named() {
    let w = world(vec![Arc::new(LimitRanger)]);
    let limits = json!([
        {"type": "Container", "min": {"cpu": "100m"}, "max": {"cpu": "2", "memory": "1Gi"}, "maxLimitRequestRatio": {"cpu": "3"}},
        {"type": "Pod", "max": {"cpu": "3"}},
    ]);
    w.create("v1/LimitRange", range(limits));
    let with = |name: &str, requests: Value, limits: Value| {
        pod(name, json!({}), json!({"resources": {"requests": requests, "limits": limits}}))
    };
    let memory = "1Mi";
    assert_eq!(
        w.refused(
            "v1/Pod",
            with("small", json!({"cpu": "50m", "memory": memory}), json!({"cpu": "100m", "memory": memory}))
        ),
        "pods \"small\" is forbidden: minimum cpu usage per Container is 100m, but request is 50m"
    );
    assert_eq!(
        w.refused(
            "v1/Pod",
            with("ratio", json!({"cpu": "500m", "memory": memory}), json!({"cpu": "2", "memory": memory}))
        ),
        "pods \"ratio\" is forbidden: cpu max limit to request ratio per Container is 3, but provided ratio is 4.000000"
    );
    let huge = with("huge", json!({"cpu": "4", "memory": memory}), json!({"cpu": "4", "memory": "2Gi"}));
    assert_eq!(
        w.refused("v1/Pod", huge),
        "pods \"huge\" is forbidden: [maximum cpu usage per Container is 2, but limit is 4, maximum memory usage per Container is 1Gi, but limit is 2Gi, maximum cpu usage per Pod is 3, but limit is 4]"
    );
    w.create(
        "v1/Pod",
        with("fits", json!({"cpu": "1", "memory": memory}), json!({"cpu": "2", "memory": memory})),
    );
}

#[test]
fn claims_have_limits_too() {
    let w = world(vec![Arc::new(LimitRanger)]);
    w.create(
        "v1/LimitRange",
        range(
            json!([{"type": "PersistentVolumeClaim", "min": {"storage": "1Gi"}, "max": {"storage": "2Gi"}}]),
        ),
    );
    let claim = |name: &str, size: &str| json!({"metadata": {"name": name}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}});
    w.create("v1/PersistentVolumeClaim", claim("fits", "2Gi"));
    assert_eq!(
        w.refused("v1/PersistentVolumeClaim", claim("big", "3Gi")),
        "persistentvolumeclaims \"big\" is forbidden: maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi"
    );
    assert_eq!(
        w.refused("v1/PersistentVolumeClaim", claim("small", "1Mi")),
        "persistentvolumeclaims \"small\" is forbidden: minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 1Mi"
    );
}
