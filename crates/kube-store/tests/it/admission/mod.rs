//! Kubernetes' own admission plugins, and policies of one's own.

mod defaults;
mod limits;
mod quota;
mod quota_race;
mod security;

use crate::objects::run;
use kube_core::env::Env;
use kube_core::error::ApiError;
use kube_core::resource::{KindInfo, ObjectKey, find_builtin};
use kube_store::objects::{Admission, Objects};
use kube_store::service::{ObjectService, Subresource, WriteOptions};
use kube_store::storage::{MemoryStorage, ReadAt};
use serde_json::{Value, json};
use std::sync::Arc;

/// Objects with these plugins, and the namespace `default`.
pub(crate) struct World {
    pub(crate) objects: Arc<Objects>,
}

pub(crate) fn world(plugins: Vec<Arc<dyn Admission>>) -> World {
    let (env, _) = Env::manual(7);
    let builder = Objects::builder(Arc::new(MemoryStorage::new()), env);
    let objects = plugins.into_iter().fold(builder, kube_store::objects::ObjectsBuilder::admission).build();
    let w = World { objects };
    w.create("v1/Namespace", json!({"metadata": {"name": "default"}}));
    w
}

pub(crate) fn kind(name: &str) -> &'static KindInfo {
    let (version, kind) = name.rsplit_once('/').expect("apiVersion/Kind");
    let (group, version) = version.split_once('/').unwrap_or(("", version));
    find_builtin(group, version, kind).expect("a built-in kind")
}

fn key(kind: &KindInfo, name: &str) -> ObjectKey {
    if kind.is_namespaced() { ObjectKey::new("default", name) } else { ObjectKey::cluster(name) }
}

impl World {
    pub(crate) fn try_create(&self, name: &str, object: Value) -> Result<Value, ApiError> {
        let kind = kind(name);
        let namespace = if kind.is_namespaced() { "default" } else { "" };
        let raw = run(self.objects.create(kind, namespace, object, &WriteOptions::default()))?;
        Ok(raw.to_value().expect("JSON"))
    }

    pub(crate) fn create(&self, name: &str, object: Value) -> Value {
        self.try_create(name, object).expect("created")
    }

    /// The message of a create that is refused with 403.
    pub(crate) fn refused(&self, name: &str, object: Value) -> String {
        let error = self.try_create(name, object).expect_err("refused");
        assert_eq!((error.code, error.reason), (403, kube_core::error::Reason::Forbidden), "{error}");
        error.message
    }

    pub(crate) fn try_update(&self, name: &str, part: Subresource, object: Value) -> Result<Value, ApiError> {
        let kind = kind(name);
        let key = key(kind, object["metadata"]["name"].as_str().expect("a name"));
        let raw = run(self.objects.update(kind, &key, part, object, &WriteOptions::default()))?;
        Ok(raw.to_value().expect("JSON"))
    }

    pub(crate) fn get(&self, name: &str, object: &str) -> Value {
        let kind = kind(name);
        let raw = run(self.objects.get(kind, &key(kind, object), ReadAt::Latest)).expect("there");
        raw.to_value().expect("JSON")
    }
}

/// A pod of one container, with `spec` merged into its spec and `container` into the container.
#[expect(clippy::needless_pass_by_value, reason = "the cases read better without references")]
pub(crate) fn pod(name: &str, spec: Value, container: Value) -> Value {
    let mut object = json!({
        "metadata": {"name": name},
        "spec": {"containers": [{"name": "main", "image": "web:1"}]},
    });
    kube_core::patch::apply_merge(&mut object["spec"], &spec);
    kube_core::patch::apply_merge(&mut object["spec"]["containers"][0], &container);
    object
}
