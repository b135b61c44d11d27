//! `InterPodAffinity`: pods near other pods, or away from them.
//!
//! Source: `pkg/scheduler/framework/plugins/interpodaffinity`.

mod filter;
mod hints;
mod score;
#[cfg(test)]
mod tests;

pub use filter::Neighbours;
pub use score::Liking;

use crate::framework::{AffinityTerm, Nodes, Plugin, PodShape, Points, Reads};
use crate::snapshot::{NamespaceView, Table};
use kube_core::resource::ObjectKey;
use kube_core::selector::LabelSet;
use std::sync::Arc;

/// Rejects nodes by required terms of the pod and of those that are there; prefers by the others.
#[derive(Clone, Copy, Debug)]
pub struct InterPodAffinity {
    hard_weight: i32,
    ignores_preferences_of_others: bool,
}

impl InterPodAffinity {
    /// `hard_weight` is what a required term of a pod on a node counts for in scoring (0 to 100); with
    /// `ignores_preferences_of_others` pods without terms of their own are not scored.
    pub fn new(hard_weight: i32, ignores_preferences_of_others: bool) -> Self {
        Self { hard_weight, ignores_preferences_of_others }
    }
}

impl Default for InterPodAffinity {
    fn default() -> Self {
        Self::new(1, false)
    }
}

impl Plugin for InterPodAffinity {
    fn name(&self) -> &'static str {
        "InterPodAffinity"
    }

    fn reads(&self) -> Reads {
        Reads::NODE_LABELS | Reads::SHAPES | Reads::kind::<NamespaceView>()
    }

    fn points(self: Arc<Self>, points: &mut Points) {
        points.pre_filter(self.clone()).pre_score(self.clone()).hints(self);
    }
}

/// The labels of all namespaces.
#[derive(Clone, Copy)]
struct Namespaces<'s>(&'s Table<NamespaceView>);

impl<'s> Namespaces<'s> {
    fn of(nodes: Nodes<'s>) -> Self {
        Self(nodes.objects::<NamespaceView>())
    }

    fn labels(self, namespace: &Arc<str>) -> Option<&'s LabelSet> {
        self.0.get(&ObjectKey::cluster(namespace.clone())).map(|found| &found.meta.labels)
    }

    /// Whether a term of the pod that is to be placed is about the pods of a shape.
    fn about(self, term: &AffinityTerm, shape: &PodShape) -> bool {
        term.matches_as_own(&shape.namespace, &shape.labels, self.labels(&shape.namespace))
    }
}
