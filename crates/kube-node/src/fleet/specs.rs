//! What lives depend on, once for all pods of one template.

use crate::machine::{LifeSpec, NodePod};
use kube_core::map::FxSet;
use std::sync::Arc;

/// Specs, each once.
#[derive(Debug, Default)]
pub(super) struct Specs {
    all: FxSet<Arc<LifeSpec>>,
    /// At that size those that nobody uses any more are dropped.
    sweep_at: usize,
}

/// Least size at which a sweep is worth it.
const SWEEP: usize = 256;

impl Specs {
    /// The spec of `pod`; of one that cannot be read an empty one.
    pub(super) fn share(&mut self, pod: &NodePod) -> Arc<LifeSpec> {
        let spec = pod.spec().unwrap_or_default();
        if let Some(shared) = self.all.get(&spec) {
            return shared.clone();
        }
        if self.all.len() >= self.sweep_at.max(SWEEP) {
            self.all.retain(|spec| Arc::strong_count(spec) > 1);
            self.sweep_at = self.all.len() * 2;
        }
        let spec = Arc::new(spec);
        self.all.insert(spec.clone());
        spec
    }
}
