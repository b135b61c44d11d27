//! What a plugin declares to read.

use kube_core::resource::KindInfo;
use kube_core::view::KindView;
use std::ops::{BitOr, BitOrAssign};

/// The columns of a node and the other kinds that a plugin's answers depend on.
///
/// What a plugin does not declare it does not get: [`NodeRef`](super::NodeRef) panics in debug builds. In return
/// whoever keeps answers knows when they are stale.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    columns: u32,
    kinds: Vec<&'static KindInfo>,
}

impl Reads {
    /// Nothing of the node but its name.
    pub const NOTHING: Self = Self::column(0);
    /// Labels.
    pub const NODE_LABELS: Self = Self::column(1);
    /// Taints and `spec.unschedulable`.
    pub const NODE_TAINTS: Self = Self::column(1 << 1);
    /// Allocatable resources and the limit of pods.
    pub const NODE_ALLOCATABLE: Self = Self::column(1 << 2);
    /// What the pods on the node request, and how many they are.
    pub const NODE_REQUESTED: Self = Self::column(1 << 3);
    /// Host ports in use.
    pub const NODE_PORTS: Self = Self::column(1 << 4);
    /// Images on the node, and on how many nodes each is.
    pub const NODE_IMAGES: Self = Self::column(1 << 5);
    /// The pods on the node themselves.
    pub const NODE_PODS: Self = Self::column(1 << 6);
    /// The node object itself, whatever else it holds.
    pub const NODE_OBJECT: Self = Self::column(1 << 7);

    /// All pods of the cluster by what affinity and spreading see of them, and how many use each claim.
    pub const SHAPES: Self = Self::column(1 << 8);

    const fn column(columns: u32) -> Self {
        Self { columns, kinds: Vec::new() }
    }

    /// Objects of the kind that `V` views, through an informer the plugin holds.
    pub fn kind<V: KindView>() -> Self {
        Self { columns: 0, kinds: vec![V::kind()] }
    }

    /// The kinds read beside nodes and pods.
    pub fn kinds(&self) -> &[&'static KindInfo] {
        &self.kinds
    }

    /// Whether everything in `other` is declared here.
    pub fn contains(&self, other: &Self) -> bool {
        other.columns & !self.columns == 0 && other.kinds.iter().all(|kind| self.kinds.contains(kind))
    }

    /// Whether anything of it depends on the pods that are on nodes.
    pub(crate) fn looks_at_pods(&self) -> bool {
        let of_pods = Self::NODE_REQUESTED.columns
            | Self::NODE_PORTS.columns
            | Self::NODE_PODS.columns
            | Self::SHAPES.columns;
        self.columns & of_pods != 0
    }

    pub(crate) fn columns(&self) -> u32 {
        self.columns
    }
}

impl BitOr for Reads {
    type Output = Self;

    fn bitor(mut self, other: Self) -> Self {
        self |= other;
        self
    }
}

impl BitOrAssign for Reads {
    fn bitor_assign(&mut self, other: Self) {
        self.columns |= other.columns;
        for kind in other.kinds {
            if !self.kinds.contains(&kind) {
                self.kinds.push(kind);
            }
        }
    }
}
