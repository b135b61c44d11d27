//! What happened to every pod, from etcd's own history.

use crate::screen::Screen;
use futures::StreamExt;
use kube_core::env::{Env, TaskHandle};
use kube_store::storage::{
    Event, KeyRange, Storage, StorageResult, WatchFrom, WatchItem, WatchOptions, WatchStream,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Follows the pods in the store.
#[derive(Debug)]
pub(super) struct History {
    pods: Arc<Mutex<Vec<Pod>>>,
    _task: TaskHandle,
}

/// One pod that was created, under its name and uid.
#[derive(Clone, Debug, Default)]
struct Pod {
    key: String,
    uid: String,
    owner: String,
    nodes: BTreeSet<String>,
    removed: bool,
}

impl History {
    pub(super) async fn follow(env: &Env, storage: &dyn Storage) -> StorageResult<Self> {
        let options = WatchOptions { from: WatchFrom::Now, previous: false, bookmarks: false };
        let stream = storage.watch(&KeyRange::prefix("/registry/core/pods/"), &options).await?;
        let pods = Arc::<Mutex<Vec<Pod>>>::default();
        let task = env.spawn("history", read(stream, pods.clone()));
        Ok(Self { pods, _task: task })
    }

    /// How many pods were created so far.
    pub(super) fn created(&self) -> usize {
        lock(&self.pods).len()
    }

    /// How many pods are there now.
    pub(super) fn there(&self) -> usize {
        lock(&self.pods).iter().filter(|pod| !pod.removed).count()
    }

    /// Tells what was done, and whether anything was done twice.
    pub(super) fn judge(&self, screen: &mut Screen, replicas: usize) -> Result<(), Box<dyn Error>> {
        let pods = lock(&self.pods);
        let mut sets = BTreeMap::<&str, usize>::new();
        for pod in pods.iter() {
            *sets.entry(&pod.owner).or_default() += 1;
        }
        let names: BTreeSet<&str> = pods.iter().map(|pod| pod.key.as_str()).collect();
        let uids: BTreeSet<&str> = pods.iter().map(|pod| pod.uid.as_str()).collect();
        let bound_twice = pods.iter().filter(|pod| pod.nodes.len() > 1).count();
        let there = pods.iter().filter(|pod| !pod.removed).count();
        screen.line(format_args!(
            "{} creations of {} names and {} uids, for {sets:?}; {bound_twice} pods bound twice; {there} are there",
            pods.len(),
            names.len(),
            uids.len(),
        ));
        let once = sets.len() == 2 && sets.values().all(|count| *count == replicas);
        let right =
            names.len() == pods.len() && uids.len() == pods.len() && bound_twice == 0 && there == replicas;
        if once && right { Ok(()) } else { Err("something was done twice, or not at all".into()) }
    }
}

async fn read(mut stream: WatchStream, pods: Arc<Mutex<Vec<Pod>>>) {
    while let Some(Ok(item)) = stream.next().await {
        let WatchItem::Batch(batch) = item else { continue };
        for event in batch.events.iter() {
            let key = event.key().as_str();
            match event {
                Event::Put { kv, .. } => {
                    let Ok(pod) = serde_json::from_slice::<Value>(&kv.value) else { continue };
                    put(&mut lock(&pods), key, kv.version == 1, &pod);
                }
                Event::Delete { .. } => {
                    let mut pods = lock(&pods);
                    if let Some(pod) = pods.iter_mut().rev().find(|pod| pod.key == key) {
                        pod.removed = true;
                    }
                }
            }
        }
    }
}

fn put(pods: &mut Vec<Pod>, key: &str, created: bool, pod: &Value) {
    let text = |path: &str| pod.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
    if created {
        let (uid, owner) = (text("/metadata/uid"), text("/metadata/ownerReferences/0/name"));
        pods.push(Pod { key: key.to_owned(), uid, owner, ..Pod::default() });
    }
    let node = text("/spec/nodeName");
    if let Some(known) = pods.iter_mut().rev().find(|known| known.key == key)
        && !node.is_empty()
    {
        known.nodes.insert(node);
    }
}

fn lock(pods: &Mutex<Vec<Pod>>) -> MutexGuard<'_, Vec<Pod>> {
    pods.lock().unwrap_or_else(PoisonError::into_inner)
}
