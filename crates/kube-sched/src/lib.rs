//! Which node, and why not: the scheduler as a library.
//!
//! - [`framework`]: what a plugin is; [`plugins`]: the built-in ones; [`profile`]: which of them decide.
//! - [`config`]: `KubeSchedulerConfiguration`, for those who have one.
//! - [`snapshot`]: the cluster in columns; [`engine`]: one pod, one cluster, one decision; [`explain`]: why not.
//! - [`queue`]: which pod is next, and what the others wait for. All of these are values and functions: no store, no
//!   runtime, no clock.
//! - [`driver`]: the [`Scheduler`] that does it on a store; [`guard`]: several of them on one store.
//!
//! # A scheduler over your own nodes
//! ```
//! use kube_core::view::{NodeView, PodView, from_value};
//! use kube_sched::{Decision, Engine, Profile, Snapshot};
//! use serde_json::json;
//! use std::sync::Arc;
//!
//! let node = |name: &str, cpu: &str| from_value::<NodeView>(json!({
//!     "metadata": {"name": name}, "status": {"allocatable": {"cpu": cpu, "memory": "8Gi", "pods": "110"}}
//! }));
//! let pod = |name: &str, cpu: &str| from_value::<PodView>(json!({
//!     "metadata": {"name": name, "namespace": "default"},
//!     "spec": {"containers": [{"name": "main", "resources": {"requests": {"cpu": cpu, "memory": "1Gi"}}}]}
//! }));
//!
//! let mut cluster = Snapshot::new();
//! cluster.upsert_node(&Arc::new(node("small", "2")?));
//! cluster.upsert_node(&Arc::new(node("large", "8")?));
//! let engine = Engine::new(&Profile::default())?;
//!
//! match engine.schedule(&cluster, &Arc::new(pod("web", "1")?)) {
//!     Decision::Place { node, .. } => assert_eq!(&*node, "large"),
//!     other => panic!("{other:?}"),
//! }
//! match engine.schedule(&cluster, &Arc::new(pod("huge", "9")?)) {
//!     Decision::Unschedulable(why) => assert_eq!(
//!         why.to_string(),
//!         "0/2 nodes are available: 2 Insufficient cpu. \
//!          preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."
//!     ),
//!     other => panic!("{other:?}"),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A plugin of your own
//! ```
//! use kube_core::view::{NodeView, PodView, from_value};
//! use kube_sched::framework::{Filter, NodeRef, Plugin, PodInfo, Points, Reads, Score, Verdict};
//! use kube_sched::{Engine, Profile, Snapshot};
//! use serde_json::json;
//! use std::sync::Arc;
//!
//! /// Pods that name a data set go where it can be reached, best where it lies.
//! struct NearData;
//!
//! impl NearData {
//!     fn distance(pod: &PodInfo, node: NodeRef<'_>) -> Option<i64> {
//!         let Some(data) = pod.labels().get("data") else { return Some(0) };
//!         node.labels().get(&format!("distance/{data}"))?.parse().ok()
//!     }
//! }
//! impl Plugin for NearData {
//!     fn name(&self) -> &'static str { "NearData" }
//!     fn reads(&self) -> Reads { Reads::NODE_LABELS }
//!     fn points(self: Arc<Self>, points: &mut Points) { points.filter(self.clone()).score(self); }
//! }
//! impl Filter for NearData {
//!     fn filter(&self, pod: &PodInfo, node: NodeRef<'_>) -> Verdict {
//!         if Self::distance(pod, node).is_some() { Verdict::Fits } else { Verdict::never("data set is not reachable") }
//!     }
//! }
//! impl Score for NearData {
//!     fn score(&self, pod: &PodInfo, node: NodeRef<'_>) -> i64 {
//!         100 - Self::distance(pod, node).unwrap_or(100).clamp(0, 100)
//!     }
//! }
//!
//! let engine = Engine::new(&Profile::default().with(NearData).weight(5))?;
//! # let mut cluster = Snapshot::new();
//! # for (name, labels) in [("a", json!({})), ("b", json!({"distance/genome": "40"})), ("c", json!({"distance/genome": "2"}))] {
//! #     cluster.upsert_node(&Arc::new(from_value::<NodeView>(json!({"metadata": {"name": name, "labels": labels},
//! #         "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"}}}))?));
//! # }
//! # let pod = Arc::new(from_value::<PodView>(json!({"metadata": {"name": "p", "labels": {"data": "genome"}}}))?);
//! assert_eq!(engine.schedule(&cluster, &pod).node().map(AsRef::as_ref), Some("c"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod config;
pub mod driver;
pub mod engine;
pub mod explain;
pub mod framework;
pub mod guard;
pub mod plugins;
pub mod profile;
pub mod queue;
pub mod snapshot;
mod volumes;

#[cfg(test)]
mod fixtures;

pub use driver::{Scheduler, SchedulerHandle};
pub use engine::{Decision, Engine};
pub use explain::Why;
pub use profile::Profile;
pub use snapshot::Snapshot;
