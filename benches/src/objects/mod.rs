//! The object layer in process: a create with defaults, admission and rules, a status write, a list by label.
//!
//! Everything stands on the memory store, which answers on the caller's own poll, so no executor stands between the
//! figures and the layer.

pub mod baseline;

use futures::FutureExt;
use kube_core::env::Env;
use kube_core::kinds::core::v1::{Namespace, Pod, ServiceAccount};
use kube_core::resource::{KindInfo, ObjectKey, Resource, ResourceExt};
use kube_store::objects::{Objects, ObjectsBuilder, admission};
use kube_store::service::{ListQuery, ObjectService, Subresource, WriteOptions};
use kube_store::storage::MemoryStorage;
use serde_json::{Value, json};
use std::future::Future;
use std::sync::Arc;

/// The namespace of all pods.
const NAMESPACE: &str = "prod";

/// A pod of about 4 KB, as a Deployment's controller creates it: two containers with environment, probes, resources
/// and volumes, a sidecar, affinity, spread, annotations of the sort that tools leave.
pub fn pod(number: usize, app: &str) -> Value {
    let env: Vec<Value> = (0..14)
        .map(|n| json!({"name": format!("SETTING_{n}"), "value": format!("value-of-setting-{n}")}))
        .collect();
    let probe =
        json!({"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 5, "failureThreshold": 3});
    let resources =
        json!({"requests": {"cpu": "250m", "memory": "256Mi"}, "limits": {"cpu": "1", "memory": "512Mi"}});
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": format!("{app}-{number:06}"),
            "labels": {"app": app, "pod-template-hash": "7d9c5b8f6d", "tier": "web", "team": "shop"},
            "annotations": {
                "prometheus.io/scrape": "true", "prometheus.io/port": "8080",
                "example.com/deployed-by": "pipeline-4711", "example.com/notes": "n".repeat(900),
            },
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": format!("{app}-7d9c5b8f6d"),
                "uid": "8b4c0a3e-5a0e-4c1c-9d7e-2f6f0f1c9a11", "controller": true, "blockOwnerDeletion": true}],
        },
        "spec": {
            "containers": [
                {"name": "main", "image": "registry.example.com/shop/web:1.27.3", "env": env, "resources": resources,
                 "ports": [{"name": "http", "containerPort": 8080}, {"name": "metrics", "containerPort": 9090}],
                 "livenessProbe": probe, "readinessProbe": probe,
                 "volumeMounts": [{"name": "config", "mountPath": "/etc/web"}, {"name": "cache", "mountPath": "/var/cache"}]},
                {"name": "log", "image": "registry.example.com/tools/log:2.1", "resources": resources,
                 "args": ["--follow", "--level=info"], "volumeMounts": [{"name": "cache", "mountPath": "/var/cache"}]},
            ],
            "volumes": [{"name": "config", "configMap": {"name": "web"}}, {"name": "cache", "emptyDir": {}}],
            "nodeSelector": {"disk": "ssd"},
            "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone",
                "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": {"matchLabels": {"app": app}}}],
            "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100,
                "podAffinityTerm": {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": app}}}}]}},
        },
    })
}

/// The status of a pod that runs, as a node reports it; `round` makes each another.
pub fn status(round: usize) -> Value {
    let condition =
        |kind: &str| json!({"type": kind, "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"});
    let container = |name: &str| {
        json!({"name": name, "ready": true, "started": true, "restartCount": round, "image": "web:1",
            "imageID": "sha256:0123456789abcdef", "containerID": "containerd://0123456789abcdef",
            "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}})
    };
    json!({
        "phase": "Running", "qosClass": "Burstable", "podIP": "10.0.0.7", "podIPs": [{"ip": "10.0.0.7"}], "hostIP": "10.1.0.1",
        "startTime": "2026-01-01T00:00:00Z", "containerStatuses": [container("main"), container("log")],
        "conditions": [condition("Initialized"), condition("Ready"), condition("ContainersReady"), condition("PodScheduled")],
    })
}

/// Our object layer, with Kubernetes' own admission plugins.
#[derive(Debug)]
pub struct Ours(Arc<Objects>);

impl Default for Ours {
    fn default() -> Self {
        let (env, _) = Env::manual(1);
        let builder = Objects::builder(Arc::new(MemoryStorage::new()), env);
        let ours = Self(admission::builtin().into_iter().fold(builder, ObjectsBuilder::admission).build());
        ours.put(Namespace::kind_info(), "", json!({"metadata": {"name": NAMESPACE}}));
        ours.put(ServiceAccount::kind_info(), NAMESPACE, json!({"metadata": {"name": "default"}}));
        ours
    }
}

impl Ours {
    /// A layer of these pods.
    pub fn with(pods: impl IntoIterator<Item = Value>) -> Self {
        let ours = Self::default();
        for pod in pods {
            ours.create(pod);
        }
        ours
    }

    fn put(&self, kind: &KindInfo, namespace: &str, object: Value) -> Option<usize> {
        let created = now(self.0.create(kind, namespace, object, &WriteOptions::default()))?;
        Some(created.ok()?.bytes.len())
    }

    /// Creates a pod: how many bytes were stored, or `None` where it was refused.
    pub fn create(&self, pod: Value) -> Option<usize> {
        self.put(Pod::kind_info(), NAMESPACE, pod)
    }

    /// Creates a pod that a program made, as [`Api::create`](kube_store::api::Api::create) does.
    pub fn create_typed(&self, pod: &Pod) -> Option<usize> {
        let (kind, options) = (Pod::kind_info(), WriteOptions::default());
        let created = now(self.0.create_typed(kind, NAMESPACE, pod.as_typed(), &options))?;
        Some(created.ok()?.bytes.len())
    }

    /// Replaces a pod's status by that of a pod that a program made, as
    /// [`Api::update_status`](kube_store::api::Api::update_status) does.
    pub fn update_status_typed(&self, pod: &Pod) -> Option<usize> {
        let (kind, key) = (Pod::kind_info(), ObjectKey::new(NAMESPACE, pod.name()));
        let options = WriteOptions::default();
        let written = now(self.0.update_typed(kind, &key, Subresource::Status, pod.as_typed(), &options))?;
        Some(written.ok()?.bytes.len())
    }

    /// Replaces a pod's status by what a node reports: how many bytes were stored.
    pub fn update_status(&self, name: &str, object: Value) -> Option<usize> {
        let (kind, key) = (Pod::kind_info(), ObjectKey::new(NAMESPACE, name));
        let options = WriteOptions::default();
        let written = now(self.0.update(kind, &key, Subresource::Status, object, &options))?;
        Some(written.ok()?.bytes.len())
    }

    /// How many pods have the label `app=<app>`, and how many bytes they are.
    pub fn list(&self, app: &str) -> Option<(usize, usize)> {
        let query = ListQuery::namespaced(NAMESPACE).labels(format!("app={app}").parse().ok()?);
        let list = now(self.0.list(Pod::kind_info(), &query))?.ok()?;
        Some((list.items.len(), list.items.iter().map(|item| item.bytes.len()).sum()))
    }

    /// Lets go of what stood there before, as a control plane does every few minutes.
    pub fn compact(&self) {
        if let Some(Ok(revision)) = now(self.0.storage().current()) {
            drop(now(self.0.storage().compact(revision)));
        }
    }
}

/// The answer of a layer that never waits.
fn now<T>(answer: impl Future<Output = T>) -> Option<T> {
    answer.now_or_never()
}
