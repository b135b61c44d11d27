//! What one writes first: pods as `serde_json::Value` in a map behind a lock, decoded as a `Pod` once to see that they
//! are one.
//!
//! It fills in no defaults, asks no plugin, checks no rule, keeps no history, tells no watcher and counts no revision:
//! it is what a fake of an API server in a test does. A create that also did what ours does would cost more. A list
//! clones what it found, since that must outlive the lock.

use kube_core::kinds::core::v1::Pod;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Pods by name, behind a lock.
#[derive(Debug, Default)]
pub struct Naive(Mutex<BTreeMap<String, Value>>);

impl Naive {
    /// A map of these pods.
    pub fn with(pods: impl IntoIterator<Item = Value>) -> Self {
        let naive = Self::default();
        for pod in pods {
            naive.create(pod);
        }
        naive
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Value>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Creates a pod: how many bytes the answer has, or `None` where it was refused.
    pub fn create(&self, mut pod: Value) -> Option<usize> {
        Pod::deserialize(&pod).ok()?;
        pod["metadata"]["uid"] = "8b4c0a3e-5a0e-4c1c-9d7e-2f6f0f1c9a11".into();
        pod["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z".into();
        pod["status"]["phase"] = "Pending".into();
        let name = pod["metadata"]["name"].as_str()?.to_owned();
        let answer = pod.to_string().len();
        self.lock().insert(name, pod);
        Some(answer)
    }

    /// Replaces a pod's status: how many bytes the answer has.
    pub fn update_status(&self, name: &str, mut object: Value) -> Option<usize> {
        Pod::deserialize(&object).ok()?;
        let mut pods = self.lock();
        let pod = pods.get_mut(name)?;
        pod["status"] = object["status"].take();
        Some(pod.to_string().len())
    }

    /// How many pods have the label `app=<app>`; they are cloned.
    pub fn list(&self, app: &str) -> usize {
        let pods = self.lock();
        let found = pods.values().filter(|pod| pod["metadata"]["labels"]["app"] == app);
        let found: Vec<Value> = found.cloned().collect();
        drop(pods);
        found.len()
    }
}
