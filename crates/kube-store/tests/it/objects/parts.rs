//! The subresources of pods that change a part of the spec.

use super::{World, pod, pods, world};
use kube_core::error::ApiError;
use kube_store::service::Subresource;
use serde_json::{Value, json};

fn put(w: &World, part: Subresource, change: impl FnOnce(&mut Value)) -> Result<Value, ApiError> {
    let mut object = w.get(pods(), "a").expect("there");
    change(&mut object);
    w.try_update(pods(), "a", part, object).map(|raw| super::value(&raw))
}

#[test]
fn ephemeral_containers_are_added_and_nothing_else_changes() {
    let w = world();
    w.create(pods(), pod("a"));
    let add = |name: &'static str, image: &'static str| {
        move |pod: &mut Value| {
            pod["metadata"]["labels"] = json!({"x": "y"});
            pod["spec"]["containers"][0]["image"] = "other:1".into();
            let mut all = pod["spec"]["ephemeralContainers"].as_array().cloned().unwrap_or_default();
            all.retain(|container| container["name"] != name);
            all.push(json!({"name": name, "image": image}));
            pod["spec"]["ephemeralContainers"] = all.into();
        }
    };
    let part = Subresource::EphemeralContainers;
    let added = put(&w, part, add("debug", "busybox:1")).expect("added");
    assert_eq!(
        added["spec"]["ephemeralContainers"][0]["terminationMessagePolicy"], "File",
        "defaults are filled in"
    );
    assert_eq!(added["spec"]["containers"][0]["image"], "web:1");
    assert_eq!((added["metadata"].get("labels"), &added["metadata"]["generation"]), (None, &json!(2)));
    put(&w, part, add("again", "busybox:1")).expect("added");
    let error = put(&w, part, add("debug", "busybox:2")).expect_err("changed");
    assert_eq!(
        (error.code, error.details.causes[0].message.as_str()),
        (422, "Forbidden: existing ephemeral containers \"debug\" may not be changed")
    );
    let error = put(&w, part, |pod| pod["spec"]["ephemeralContainers"] = json!([])).expect_err("removed");
    assert_eq!(error.details.causes.len(), 2);
    let error = put(&w, part, add("no image", "")).expect_err("invalid");
    assert_eq!(error.code, 422);
    assert!(
        put(&w, Subresource::Main, |pod| pod["spec"]["ephemeralContainers"] = json!([])).is_err(),
        "not through the pod"
    );
}

#[test]
fn a_resize_changes_cpu_and_memory_within_the_qos_class() {
    let w = world();
    let mut object = pod("a");
    object["spec"]["containers"][0]["resources"] =
        json!({"requests": {"cpu": "100m", "memory": "1Gi", "ephemeral-storage": "1Gi"}});
    w.create(pods(), object);
    let part = Subresource::Resize;
    let resize = |name: &'static str, amount: &'static str| {
        put(&w, part, move |pod| {
            pod["spec"]["containers"][0]["resources"]["requests"][name] = amount.into();
            pod["spec"]["nodeName"] = "elsewhere".into();
        })
    };
    let resized = resize("cpu", "200m").expect("resized");
    assert_eq!(resized["spec"]["containers"][0]["resources"]["requests"]["cpu"], "200m");
    assert_eq!((resized["spec"].get("nodeName"), &resized["metadata"]["generation"]), (None, &json!(2)));
    let error = resize("ephemeral-storage", "2Gi").expect_err("disk");
    assert_eq!(
        (error.details.causes[0].field.as_str(), error.details.causes[0].message.as_str()),
        ("spec.containers[0].resources.requests", "Forbidden: only cpu and memory resources are mutable")
    );
    let guaranteed = json!({"cpu": "200m", "memory": "1Gi"});
    let error = put(&w, part, |pod| {
        pod["spec"]["containers"][0]["resources"] =
            json!({"requests": {"cpu": "200m", "memory": "1Gi", "ephemeral-storage": "1Gi"}, "limits": guaranteed});
    })
    .expect_err("class");
    assert_eq!(
        error.details.causes[0].message,
        "Forbidden: Pod QOS Class may not change as a result of resizing"
    );
    let error = put(&w, part, |pod| {
        pod["spec"]["containers"].as_array_mut().unwrap().push(json!({"name": "b", "image": "b:1"}));
    })
    .expect_err("added");
    assert_eq!(error.details.causes[0].field, "spec.containers");
}
