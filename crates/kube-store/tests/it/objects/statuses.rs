//! What controllers and nodes may report.

use super::{key, namespaces, pod, pods, run, value, world};
use kube_core::custom::{CustomKind, Object};
use kube_core::kinds::apps::v1::ReplicaSet;
use kube_core::resource::{ObjectKey, Resource};
use kube_store::api::Api;
use kube_store::objects::{Admission, Candidate, Contribution, Objects, Stored};
use kube_store::service::{ObjectService, Patch, Subresource, WriteOptions};
use kube_store::storage::MemoryStorage;
use serde_json::{Value, json};
use std::sync::Arc;

#[test]
fn a_pod_keeps_its_class_whether_it_is_sent_or_not() {
    let w = world();
    w.create(pods(), pod("a"));
    let status = |status: Value| {
        let object = json!({"metadata": {"name": "a"}, "status": status});
        w.try_update(pods(), "a", Subresource::Status, object)
    };
    let running = value(&status(json!({"phase": "Running", "podIP": "10.0.0.1"})).expect("running"));
    assert_eq!(
        running["status"],
        json!({"phase": "Running", "qosClass": "BestEffort", "podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}]})
    );
    let before = w.head();
    let refused = status(json!({"qosClass": "Guaranteed"})).expect_err("another class");
    assert_eq!(
        refused.message,
        "Pod \"a\" is invalid: status.qosClass: Invalid value: \"Guaranteed\": field is immutable"
    );
    assert_eq!(w.head(), before);
}

#[test]
fn counts_and_phases_are_judged_by_patch_and_update() {
    let w = world();
    w.create(
        ReplicaSet::kind_info(),
        json!({"metadata": {"name": "a"}, "spec": {
            "selector": {"matchLabels": {"app": "x"}},
            "template": {"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}},
        }}),
    );
    let patch = Patch::Merge(json!({"status": {"replicas": 1, "readyReplicas": 2}}));
    let options = WriteOptions::default();
    let patched =
        run(w.objects.patch(ReplicaSet::kind_info(), &key("a"), Subresource::Status, &patch, &options));
    assert_eq!(patched.expect_err("more than there are").details.causes[0].field, "status.readyReplicas");
    w.create(namespaces(), json!({"metadata": {"name": "n"}}));
    let patch = Patch::Merge(json!({"status": {"phase": "Terminating"}}));
    let key = ObjectKey::cluster("n");
    let patched = run(w.objects.patch(namespaces(), &key, Subresource::Status, &patch, &options));
    assert_eq!(patched.expect_err("it is not deleted").code, 422);
}

#[derive(Clone, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
struct CacheSpec {
    engine: String,
}

#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
struct CacheStatus {
    #[schemars(range(max = 64))]
    replicas: u32,
}

impl CustomKind for CacheSpec {
    const GROUP: &'static str = "cache.example.com";
    const VERSION: &'static str = "v1";
    const KIND: &'static str = "Cache";
    const PLURAL: &'static str = "caches";
    type Status = CacheStatus;
}

#[test]
fn the_status_of_a_kind_of_your_own_is_held_to_its_schema() {
    let w = world();
    w.objects.register_kind::<Object<CacheSpec>>();
    let caches: Api<Object<CacheSpec>> = Api::namespaced(w.objects, "default");
    run(caches.create(&Object::new("c", CacheSpec { engine: "redis".into() }))).expect("created");
    let report = |replicas| run(caches.edit_status("c", |c| c.status = Some(CacheStatus { replicas })));
    report(64).expect("as many as there may be");
    assert_eq!(report(65).expect_err("too many").details.causes[0].field, "status.replicas");
}

/// Looks at status writes, so that they become whole objects.
#[derive(Debug)]
struct Looks;

#[async_trait::async_trait]
impl Admission for Looks {
    fn name(&self) -> &'static str {
        "looks"
    }

    fn handles(&self, cx: &Contribution<'_>) -> bool {
        cx.subresource() == Subresource::Status
    }

    async fn mutate(
        &self,
        _cx: &Contribution<'_>,
        _old: Option<&Stored>,
        _object: &mut Candidate,
    ) -> Result<(), kube_core::error::ApiError> {
        Ok(())
    }
}

#[test]
fn a_plugin_that_looks_at_the_status_changes_no_rule() {
    let (env, _) = kube_core::env::Env::manual(7);
    let objects = Objects::builder(Arc::new(MemoryStorage::new()), env).admission(Arc::new(Looks)).build();
    let options = WriteOptions::default();
    run(objects.create(pods(), "default", pod("a"), &options)).expect("created");
    let status = |status: Value| {
        let patch = Patch::Merge(json!({"status": status}));
        run(objects.patch(pods(), &key("a"), Subresource::Status, &patch, &options))
    };
    status(json!({"phase": "Running"})).expect("running");
    assert_eq!(status(json!({"qosClass": "Guaranteed"})).expect_err("another class").code, 422);
}
