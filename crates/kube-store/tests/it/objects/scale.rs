//! The scale subresource.

use super::{config_maps, key, map, run, world};
use kube_core::kinds::apps::v1::Deployment;
use kube_core::kinds::core::v1::ConfigMap;
use kube_core::resource::Resource;
use kube_store::api::Api;
use kube_store::service::{ObjectService, Patch, Subresource, WriteOptions};
use serde_json::{Value, json};

fn deployment() -> Value {
    let labels = json!({"app": "web"});
    json!({"metadata": {"name": "web"}, "spec": {
        "replicas": 2,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": "web:1"}]}},
    }})
}

#[test]
fn scaling_changes_the_replica_count_alone() {
    let w = world();
    w.create(Deployment::kind_info(), deployment());
    let api = Api::<Deployment>::namespaced(w.objects.clone(), "default");
    let after = run(api.scale("web", 10)).expect("scaled");
    let spec = after.spec.expect("spec");
    assert_eq!((spec.replicas, after.metadata.generation), (Some(10), Some(2)));
    let read =
        run(w.objects.get_on(Deployment::kind_info(), &key("web"), Subresource::Scale)).expect("scale");
    assert_eq!((&read["kind"], &read["spec"]["replicas"]), (&json!("Scale"), &json!(10)));
    assert_eq!(read["status"]["selector"], "app=web");
    let typed = run(api.scale_of("web")).expect("scale");
    assert_eq!(typed.spec.and_then(|spec| spec.replicas), Some(10));
    let maps = Api::<ConfigMap>::namespaced(w.objects.clone(), "default");
    assert_eq!(run(maps.scale_of("web")).expect_err("no scale").code, 404);
    assert_eq!(read["metadata"]["resourceVersion"], w.head().to_string());

    let mut old = read.clone();
    old["metadata"]["resourceVersion"] = "1".into();
    let error = w.try_update(Deployment::kind_info(), "web", Subresource::Scale, old).expect_err("stale");
    assert_eq!(error.code, 409);
    let mut three = read;
    three["spec"]["replicas"] = 3.into();
    w.try_update(Deployment::kind_info(), "web", Subresource::Scale, three).expect("scaled");
    assert_eq!(w.get(Deployment::kind_info(), "web").expect("there")["spec"]["replicas"], 3);
}

#[test]
fn a_wrong_scale_is_refused() {
    let w = world();
    w.create(Deployment::kind_info(), deployment());
    w.create(config_maps(), map("web", "1"));
    let patch = |kind, replicas: Value| {
        let patch = Patch::Merge(json!({"spec": {"replicas": replicas}}));
        run(w.objects.patch(kind, &key("web"), Subresource::Scale, &patch, &WriteOptions::default()))
    };
    let error = patch(Deployment::kind_info(), json!(-1)).expect_err("negative");
    assert_eq!((error.code, error.details.causes[0].field.as_str()), (422, "spec.replicas"));
    assert_eq!(patch(Deployment::kind_info(), json!("x")).expect_err("text").code, 400);
    assert_eq!(patch(config_maps(), json!(1)).expect_err("no scale").code, 404);
    assert_eq!(w.get(Deployment::kind_info(), "web").expect("there")["spec"]["replicas"], 2);
}
