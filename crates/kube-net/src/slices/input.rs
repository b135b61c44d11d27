//! What the planner looks at.

use super::ZoneCapacity;
use jiff::Timestamp;
use kube_core::kinds::core::v1::Service;
use kube_core::kinds::discovery::v1::EndpointSlice;
use kube_core::view::{NodeView, PodView};
use std::fmt;
use std::sync::Arc;

/// Finds a node by name.
pub type NodeLookup<'a> = dyn Fn(&str) -> Option<Arc<NodeView>> + 'a;

/// What the planner looks at.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct SliceInput<'a> {
    /// The Service.
    pub service: &'a Service,
    /// The pods that its selector selects, in any order.
    pub pods: &'a [Arc<PodView>],
    /// Finds a pod's node, for its zone.
    pub nodes: &'a NodeLookup<'a>,
    /// The slices labelled with the Service's name, in any order. Those of other controllers, and those whose deletion
    /// has begun, are left alone.
    pub existing: &'a [Arc<EndpointSlice>],
    /// Most endpoints in a slice; 100 unless told.
    pub max_endpoints: usize,
    /// What `endpoints.kubernetes.io/last-change-trigger-time` says on written slices; without it the annotation goes.
    pub trigger_time: Option<Timestamp>,
    /// The zones' shares of the cluster, for Services with `service.kubernetes.io/topology-mode: Auto`. Without it such
    /// Services get no hints.
    pub zones: Option<&'a ZoneCapacity>,
}

impl<'a> SliceInput<'a> {
    /// An input with 100 endpoints per slice, no trigger time and no zone shares.
    pub fn new(
        service: &'a Service,
        pods: &'a [Arc<PodView>],
        nodes: &'a NodeLookup<'a>,
        existing: &'a [Arc<EndpointSlice>],
    ) -> Self {
        Self { service, pods, nodes, existing, max_endpoints: 100, trigger_time: None, zones: None }
    }

    /// The same with at most `max` endpoints in a slice (at least one).
    #[must_use]
    pub fn max_endpoints(mut self, max: usize) -> Self {
        self.max_endpoints = max.max(1);
        self
    }

    /// The same with a trigger time.
    #[must_use]
    pub fn trigger_time(mut self, time: Timestamp) -> Self {
        self.trigger_time = Some(time);
        self
    }

    /// The same with the zones' shares.
    #[must_use]
    pub fn zones(mut self, zones: &'a ZoneCapacity) -> Self {
        self.zones = Some(zones);
        self
    }
}

impl fmt::Debug for SliceInput<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SliceInput")
            .field("service", &self.service.metadata.name)
            .field("pods", &self.pods.len())
            .field("existing", &self.existing.len())
            .field("max_endpoints", &self.max_endpoints)
            .finish_non_exhaustive()
    }
}
