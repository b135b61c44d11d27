//! Constraints for pods that have none of their own.

use crate::framework::{Nodes, PodInfo, SpreadConstraint};
use crate::snapshot::{ReplicaSetView, ReplicationControllerView, ServiceView, StatefulSetView};
use kube_core::resource::ObjectKey;
use kube_core::selector::{LabelSet, Selector};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a pod without constraints is spread by, if it belongs to a Service or a workload: `defaultingType` and
/// `defaultConstraints` of `PodTopologySpreadArgs`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum DefaultConstraints {
    /// Over hosts (skew 3) and zones (skew 5), as a wish; nodes without these labels are scored as well.
    #[default]
    System,
    /// These; their selectors do not count.
    List {
        /// Those that must hold.
        hard: Vec<SpreadConstraint>,
        /// Those that are wished.
        soft: Vec<SpreadConstraint>,
    },
}

impl DefaultConstraints {
    pub(super) fn is_system(&self) -> bool {
        matches!(self, Self::System)
    }

    pub(super) fn hard(&self, pod: &PodInfo, nodes: Nodes<'_>) -> Vec<SpreadConstraint> {
        match self {
            Self::System => Vec::new(),
            Self::List { hard, .. } => with_selector(hard, pod, nodes),
        }
    }

    pub(super) fn soft(&self, pod: &PodInfo, nodes: Nodes<'_>) -> Vec<SpreadConstraint> {
        match self {
            Self::System => with_selector(&[system(super::HOSTNAME, 3), system(ZONE, 5)], pod, nodes),
            Self::List { soft, .. } => with_selector(soft, pod, nodes),
        }
    }
}

fn system(key: &str, max_skew: i32) -> SpreadConstraint {
    SpreadConstraint {
        max_skew,
        topology_key: key.into(),
        selector: Selector::nothing(),
        min_domains: 1,
        honors_affinity: true,
        honors_taints: false,
    }
}

fn with_selector(list: &[SpreadConstraint], pod: &PodInfo, nodes: Nodes<'_>) -> Vec<SpreadConstraint> {
    if list.is_empty() {
        return Vec::new();
    }
    let selector = selector_of(pod, nodes);
    if selector.is_everything() {
        return Vec::new();
    }
    list.iter().map(|one| SpreadConstraint { selector: selector.clone(), ..one.clone() }).collect()
}

/// What selects the pod and its like: the selectors of its Services and of its owner together; everything where there
/// are none.
///
/// Source: `pkg/scheduler/framework/plugins/helper` (`DefaultSelector`).
fn selector_of(pod: &PodInfo, nodes: Nodes<'_>) -> Selector {
    let namespace = &pod.key().namespace;
    let mut labels: BTreeMap<Arc<str>, Arc<str>> = BTreeMap::new();
    let mut merge =
        |set: &LabelSet| labels.extend(set.iter().map(|(key, value)| (key.clone(), value.clone())));
    let first = ObjectKey::new(namespace.clone(), "");
    let services = nodes.objects::<ServiceView>().range(first..);
    for (_, service) in services.take_while(|(key, _)| key.namespace == *namespace) {
        let selects = !service.selector.is_empty()
            && service.selector.iter().all(|(key, value)| pod.labels().get(key) == Some(value));
        if selects {
            merge(&service.selector);
        }
    }
    let owner = pod.view().meta.controller();
    let owned_by = |version: &str, kind: &str| {
        owner
            .filter(|owner| &*owner.api_version == version && &*owner.kind == kind)
            .map(|owner| ObjectKey::new(namespace.clone(), owner.name.clone()))
    };
    if let Some(owner) = owned_by("v1", "ReplicationController")
        && let Some(owner) = nodes.objects::<ReplicationControllerView>().get(&owner)
    {
        merge(&owner.selector);
    }
    let replica_set = owned_by("apps/v1", "ReplicaSet")
        .and_then(|key| nodes.objects::<ReplicaSetView>().get(&key)?.selector.clone());
    let stateful_set = owned_by("apps/v1", "StatefulSet")
        .and_then(|key| nodes.objects::<StatefulSetView>().get(&key)?.selector.clone());
    let more = replica_set.or(stateful_set);
    let more = more.as_ref().and_then(Selector::requirements).unwrap_or_default();
    Selector::from_labels(labels.into_iter().collect::<LabelSet>()).and(more.iter().cloned())
}

/// Source: `k8s.io/api/core/v1` (`LabelTopologyZone`).
const ZONE: &str = "topology.kubernetes.io/zone";
