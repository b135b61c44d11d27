//! What a node is, apart from the pods on it.

use crate::framework::Amounts;
use kube_core::taint::Effect;
use kube_core::view::NodeView;
use std::sync::Arc;

/// A node as read, with what scheduling computes from it once.
#[derive(Clone, Debug)]
pub(crate) struct NodeFacts {
    view: Arc<NodeView>,
    allocatable: Amounts,
    pod_limit: i64,
    images: Box<[(Arc<str>, i64)]>,
}

/// What may keep pods away from a node, for a quick look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Marks {
    /// It has a taint of `NoSchedule` or `NoExecute`.
    pub hard_taint: bool,
    /// It has a taint of `PreferNoSchedule`.
    pub soft_taint: bool,
    /// It is cordoned.
    pub unschedulable: bool,
}

/// An image as one node has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageState {
    /// Its size on this node, in bytes.
    pub size_bytes: i64,
    /// On how many nodes it is.
    pub nodes: usize,
}

impl NodeFacts {
    pub(super) fn new(view: Arc<NodeView>) -> Self {
        let (allocatable, pod_limit) = Amounts::of_node(&view);
        let names = view
            .status
            .images
            .iter()
            .flat_map(|image| image.names.iter().map(|name| (name.clone(), image.size_bytes)));
        let mut images: Vec<(Arc<str>, i64)> = names.collect();
        // Of an image listed twice the last entry counts, as in Kubernetes' map.
        images.reverse();
        images.sort_by(|(a, _), (b, _)| a.cmp(b));
        images.dedup_by(|later, kept| later.0 == kept.0);
        Self { view, allocatable, pod_limit, images: images.into() }
    }

    /// The node as read from the store.
    pub(crate) fn view(&self) -> &Arc<NodeView> {
        &self.view
    }

    /// What it has for pods.
    pub(crate) fn allocatable(&self) -> &Amounts {
        &self.allocatable
    }

    /// What may keep pods away.
    pub(super) fn marks(&self) -> Marks {
        let spec = &self.view.spec;
        let soft = |soft: bool| spec.taints.iter().any(|t| (t.effect == Effect::PreferNoSchedule) == soft);
        Marks { hard_taint: soft(false), soft_taint: soft(true), unschedulable: spec.unschedulable }
    }

    /// How many pods it may hold.
    pub(crate) fn pod_limit(&self) -> i64 {
        self.pod_limit
    }

    /// The size of an image on it.
    pub(crate) fn image_size(&self, name: &str) -> Option<i64> {
        let place = self.images.binary_search_by(|(other, _)| (**other).cmp(name)).ok()?;
        Some(self.images[place].1)
    }

    /// Its images and their sizes, each name once.
    pub(super) fn images(&self) -> impl Iterator<Item = &(Arc<str>, i64)> {
        self.images.iter()
    }

    /// Whether both have the same images.
    pub(super) fn same_images(&self, other: &Self) -> bool {
        self.images == other.images
    }
}
