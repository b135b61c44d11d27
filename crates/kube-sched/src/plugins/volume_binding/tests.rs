//! Volumes set aside are not given twice.

use super::VolumeBinding;
use crate::engine::Engine;
use crate::fixtures::{cluster, info, node, pod};
use crate::framework::Reserve;
use crate::profile::Profile;
use kube_core::kinds::core::v1::{PersistentVolume, PersistentVolumeClaim};
use kube_core::kinds::storage::v1::StorageClass;
use serde_json::{Value, from_value, json};
use std::sync::Arc;

fn claim(name: &str) -> Arc<PersistentVolumeClaim> {
    Arc::new(
        from_value(json!({
            "metadata": {"name": name, "namespace": "default", "uid": name},
            "spec": {"storageClassName": "local", "resources": {"requests": {"storage": "1Gi"}}}
        }))
        .unwrap(),
    )
}

fn using(name: &str, claim: &str) -> Value {
    json!({"volumes": [{"name": name, "persistentVolumeClaim": {"claimName": claim}}]})
}

#[test]
fn a_volume_that_is_set_aside_is_not_given_again_until_it_is_free() {
    let mut world = cluster(&[node("n", json!({}))]);
    let class = json!({"metadata": {"name": "local"}, "provisioner": "kubernetes.io/no-provisioner",
        "volumeBindingMode": "WaitForFirstConsumer"});
    world.upsert::<StorageClass>(Arc::new(from_value(class).unwrap()));
    let volume = json!({"metadata": {"name": "v"}, "status": {"phase": "Available"},
        "spec": {"storageClassName": "local", "capacity": {"storage": "2Gi"}}});
    world.upsert::<PersistentVolume>(Arc::new(from_value(volume).unwrap()));
    world.upsert(claim("a"));
    world.upsert(claim("b"));
    let plugin = VolumeBinding::default();
    let engine = Engine::new(&Profile::default()).unwrap();
    let (first, second) = (pod("first", using("v", "a")), pod("second", using("v", "b")));
    assert!(engine.schedule(&world, &first).node().is_some());
    assert!(plugin.reserve(&mut world, &info(&first), "n").fits());
    assert_eq!(engine.schedule(&world, &second).node(), None);
    plugin.unreserve(&mut world, &info(&first), "n");
    assert!(engine.schedule(&world, &second).node().is_some());
}
