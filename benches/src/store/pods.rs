//! Pods by node: what a kubelet asks for.

use super::long_keys;
use bytes::Bytes;
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::Pod;
use kube_core::resource::Resource;
use kube_core::selector::field::FieldSelector;
use kube_core::view::PodView;
use kube_store::informer::{Index, Informer, Informers};
use kube_store::objects::Objects;
use kube_store::rt;
use kube_store::service::{ListQuery, ObjectService};
use kube_store::storage::{MemoryStorage, Storage, Txn};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many pods each node has.
pub const PODS_PER_NODE: usize = 30;

/// Where pod `n` of `count` runs.
fn node(n: usize, count: usize) -> String {
    // Not in the order of the names.
    format!("node-{:05}", n.wrapping_mul(7919) % count.div_ceil(PODS_PER_NODE))
}

/// The key of a pod and its 4,000 bytes as a control plane stores them, `managedFields` included.
pub fn pod(key: &str, n: usize, node: &str) -> Bytes {
    let mut parts = key.rsplit('/');
    let (name, namespace) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let managed: Vec<String> = ["kube-controller-manager", "kube-scheduler", "kubelet"]
        .iter()
        .map(|manager| {
            format!(
                r#"{{"apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{{"f:metadata":{{"f:generateName":{{}},"f:labels":{{".":{{}},"f:app":{{}},"f:pod-template-hash":{{}}}},"f:ownerReferences":{{".":{{}},"k:{{\"uid\":\"6f1c1f1e-0000-4000-8000-00000000{n:04}\"}}":{{}}}}}},"f:spec":{{"f:containers":{{"k:{{\"name\":\"web\"}}":{{".":{{}},"f:image":{{}},"f:imagePullPolicy":{{}},"f:name":{{}},"f:resources":{{}},"f:terminationMessagePath":{{}}}}}},"f:dnsPolicy":{{}},"f:enableServiceLinks":{{}},"f:restartPolicy":{{}},"f:schedulerName":{{}}}}}},"manager":"{manager}","operation":"Update","time":"2026-11-24T10:00:00Z"}}"#
            )
        })
        .collect();
    let mut text = format!(
        r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"creationTimestamp":"2026-11-24T10:00:00Z","generateName":"web-7f6d5c4b9d-","labels":{{"app":"web-{}","pod-template-hash":"7f6d5c4b9d"}},"managedFields":[{}],"name":"{name}","namespace":"{namespace}","ownerReferences":[{{"apiVersion":"apps/v1","blockOwnerDeletion":true,"controller":true,"kind":"ReplicaSet","name":"web-7f6d5c4b9d","uid":"6f1c1f1e-0000-4000-8000-{:012}"}}],"uid":"0b7e1c52-0000-4000-8000-{n:012}"}},"spec":{{"containers":[{{"image":"registry.example/web:1.0","name":"web","resources":{{"requests":{{"cpu":"100m","memory":"128Mi"}}}}}}],"nodeName":"{node}","restartPolicy":"Always","serviceAccountName":"default"}},"status":{{"message":""#,
        n % 1000,
        managed.join(","),
        n % 1000,
    );
    let end = r#"","phase":"Running","podIP":"10.0.0.1"}}"#;
    while text.len() + end.len() < 4000 {
        text.push('.');
    }
    text.push_str(end);
    Bytes::from(text.into_bytes().into_boxed_slice())
}

/// Pods in our store, behind the object layer's cache and an informer.
#[derive(Debug)]
pub struct Pods {
    storage: Arc<MemoryStorage>,
    objects: Arc<Objects>,
    informer: Informer<PodView>,
}

impl Pods {
    /// `count` pods, all of them in the cache.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn load(count: usize) -> Result<Self, ApiError> {
        let storage = Arc::new(MemoryStorage::new());
        for (n, key) in long_keys(count).iter().enumerate() {
            let written = storage.txn(Txn::put(key.as_str(), pod(key, n, &node(n, count)))).await;
            written.map_err(ApiError::internal)?;
        }
        let objects = Objects::new(storage.clone(), rt::env());
        let informer = Informers::new(objects.clone()).informer::<PodView>();
        informer.add_index(Index::by_node());
        informer.synced().await?;
        Ok(Self { storage, objects, informer })
    }

    /// Replaces a pod behind the object layer's back.
    pub async fn write(&self, key: &str, value: Bytes) {
        drop(self.storage.txn(Txn::put(key, value)).await);
    }

    /// Waits until the informer shows everything that was written.
    ///
    /// # Errors
    /// Why the informer ended.
    pub async fn caught_up(&self) -> Result<(), ApiError> {
        let newest = self.objects.current().await?;
        self.informer.wait_for(newest).await
    }

    /// The pods of a node, by a list with a field selector.
    ///
    /// # Errors
    /// What the object layer answers.
    pub async fn listed(&self, node: &str) -> Result<Vec<Arc<str>>, ApiError> {
        let query = ListQuery::all().fields(FieldSelector::equal("spec.nodeName", node));
        let list = self.objects.list(Pod::kind_info(), &query).await?;
        Ok(list.items.iter().map(|raw| raw.meta.name.clone()).collect())
    }

    /// The pods of a node, by an index of the informer.
    pub fn informed(&self, node: &str) -> Vec<Arc<str>> {
        self.informer.by_index("node", node).iter().map(|pod| pod.meta.name.clone()).collect()
    }
}

/// What one writes first: decoded pods in a map, and a loop that asks each for its node. It decodes nothing any more
/// and copies no pod, so that only the looking counts.
#[derive(Debug)]
pub struct ScannedPods(BTreeMap<String, (Arc<str>, String)>);

impl ScannedPods {
    /// `count` pods.
    pub fn load(count: usize) -> Self {
        let entry = |(n, key): (usize, String)| {
            let name = key.rsplit('/').next().unwrap_or_default().into();
            (key, (name, node(n, count)))
        };
        Self(long_keys(count).into_iter().enumerate().map(entry).collect())
    }

    /// The pods of a node.
    pub fn on(&self, node: &str) -> Vec<Arc<str>> {
        self.0.values().filter(|(_, on)| on == node).map(|(name, _)| name.clone()).collect()
    }
}
