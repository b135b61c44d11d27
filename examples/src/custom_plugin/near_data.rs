//! The plugin and its resource.

use kube_core::custom::{CustomKind, Object};
use kube_core::resource::ObjectKey;
use kube_sched::framework::{Filter, NodeRef, Plugin, PodInfo, Points, Reads, Score, Verdict, Watch};
use kube_store::informer::Informer;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// From which nodes a data set can be reached, and how far it is: 0 to 100.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DataLocalitySpec {
    /// By node.
    pub distances: BTreeMap<String, i64>,
}

impl CustomKind for DataLocalitySpec {
    const GROUP: &'static str = "data.example.com";
    const VERSION: &'static str = "v1";
    const KIND: &'static str = "DataLocality";
    const PLURAL: &'static str = "datalocalities";
    const SCOPE: kube_core::resource::Scope = kube_core::resource::Scope::Cluster;
    type Status = ();
}

/// Where a data set lies; its name is the data set's.
pub type DataLocality = Object<DataLocalitySpec>;

/// Pods with the label `data` go where that data set can be reached, best where it is near.
#[derive(Debug)]
pub struct NearData {
    /// What lies where.
    pub locality: Informer<DataLocality>,
}

impl NearData {
    fn distance(&self, pod: &PodInfo, node: NodeRef<'_>) -> Option<i64> {
        let Some(data) = pod.labels().get("data") else { return Some(0) };
        self.locality.get(&ObjectKey::cluster(data.clone()))?.spec.distances.get(&**node.name()).copied()
    }
}

impl Plugin for NearData {
    fn name(&self) -> &'static str {
        "NearData"
    }
    fn reads(&self) -> Reads {
        Reads::kind::<DataLocality>()
    }
    fn follow(&self, watch: &mut Watch) {
        watch.on(&self.locality);
    }
    fn points(self: Arc<Self>, points: &mut Points) {
        points.filter(self.clone()).score(self);
    }
}

impl Filter for NearData {
    fn filter(&self, pod: &PodInfo, node: NodeRef<'_>) -> Verdict {
        if self.distance(pod, node).is_some() {
            Verdict::Fits
        } else {
            Verdict::never("data set is not reachable")
        }
    }
}

impl Score for NearData {
    fn score(&self, pod: &PodInfo, node: NodeRef<'_>) -> i64 {
        100 - self.distance(pod, node).unwrap_or(100).clamp(0, 100)
    }
}
