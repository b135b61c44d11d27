//! However an object is written, the same bytes are stored.

use super::{config_maps, key, pods, run, world};
use kube_core::dynamic::DynamicObject;
use kube_core::kinds::core::v1::{ConfigMap, Pod};
use kube_core::resource::Resource;
use kube_core::view::RawObject;
use kube_store::api::{Api, DynamicApi};
use kube_store::service::{ObjectService, Patch, Subresource, WriteOptions};
use kube_store::storage::ReadAt;
use proptest::collection::btree_map;
use proptest::prelude::{Strategy, any, prop_assert_eq, proptest};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

type Texts = BTreeMap<String, String>;

fn texts() -> impl Strategy<Value = Texts> {
    btree_map("[a-z]{1,5}", "[a-z0-9]{0,6}", 0..4)
}

/// An object with everything in an order that is not canonical, and a `null` where nothing is meant.
fn object(labels: &Texts, data: &Texts) -> Value {
    json!({
        "metadata": {"name": "a", "labels": labels, "annotations": null, "creationTimestamp": null},
        "kind": "ConfigMap",
        "data": data,
        "apiVersion": "v1",
    })
}

/// Without what differs from store to store.
fn bytes(raw: &RawObject) -> Value {
    let mut value: Value = serde_json::from_slice(&raw.bytes).expect("JSON");
    assert_eq!(kube_core::wire::canonical(&value), raw.bytes, "stored bytes are canonical");
    value["metadata"]["uid"] = "uid".into();
    value
}

proptest! {
    #[test]
    fn typed_dynamic_and_patched_writes_agree(labels in texts(), data in texts(), more in texts()) {
        let options = WriteOptions::default();
        let kind = Arc::new(config_maps().clone());
        let mut wanted = data.clone();
        wanted.extend(more.clone());
        let stored = |w: &super::World| {
            let raw = run(w.objects.get(config_maps(), &key("a"), ReadAt::Latest)).expect("there");
            bytes(&raw)
        };

        let typed = world();
        let whole: ConfigMap = serde_json::from_value(object(&labels, &wanted)).expect("typed");
        run(Api::<ConfigMap>::namespaced(typed.objects.clone(), "default").create(&whole)).expect("created");

        let dynamic = world();
        let whole: DynamicObject = serde_json::from_value(object(&labels, &wanted)).expect("dynamic");
        run(DynamicApi::namespaced(dynamic.objects.clone(), kind, "default").create(&whole)).expect("created");

        let patched = world();
        patched.create(config_maps(), object(&labels, &data));
        let patch = Patch::Merge(json!({"data": more}));
        run(patched.objects.patch(config_maps(), &key("a"), Subresource::Main, &patch, &options)).expect("patched");

        prop_assert_eq!(stored(&typed), stored(&dynamic));
        prop_assert_eq!(stored(&typed), stored(&patched));
    }

    #[test]
    fn writing_back_what_was_read_changes_nothing(labels in texts(), priority in any::<i32>(), host in any::<bool>()) {
        let w = world();
        let pod = json!({
            "metadata": {"name": "a", "labels": labels},
            "spec": {"priority": priority, "hostNetwork": host, "containers": [{"image": "i:1", "name": "c"}]},
        });
        let created = w.create(pods(), pod);
        let api = Api::<Pod>::namespaced(w.objects.clone(), "default");
        let read = run(api.get("a")).expect("there");
        let head = w.head();
        run(api.update(&read)).expect("updated");
        run(api.update_status(&read)).expect("updated");
        let dynamic = DynamicApi::namespaced(w.objects.clone(), Arc::new(Pod::kind_info().clone()), "default");
        let read = run(dynamic.get("a")).expect("there");
        run(dynamic.update(&read)).expect("updated");
        prop_assert_eq!(w.head(), head);
        let raw = run(w.objects.get(pods(), &key("a"), ReadAt::Latest)).expect("there");
        prop_assert_eq!(&raw.bytes, &created.bytes);
    }
}
