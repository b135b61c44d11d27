//! What fleet to build.

use super::cables::Cables;
use crate::behavior::{Behavior, Delays};
use crate::stages::Stages;
use std::sync::Arc;
use std::time::Duration;

/// How nodes show that they live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heartbeats {
    /// A `Lease` per node, renewed this often, many in one transaction.
    Leases(Duration),
    /// A `Lease` per node, each renewed this often by a write of its own, as kubelets do.
    Single(Duration),
    /// A `Lease` is only written of nodes that fall silent: as long as a node lives nobody has to say so. Looked at this
    /// often. What the controller of nodes sees is what it would see of nodes that beat.
    Virtual(Duration),
    /// Not at all: for runs in which no node dies.
    Off,
}

/// A fleet of equal simulated nodes, to be started by a [`FleetDriver`](crate::FleetDriver).
///
/// ```
/// use kube_node::SimFleet;
/// let fleet = SimFleet::new(3).cpu("4").memory("16Gi").zones(["a", "b"]);
/// assert_eq!(fleet.node_names().collect::<Vec<_>>(), ["node-0", "node-1", "node-2"]);
/// ```
#[derive(Clone, Debug)]
pub struct SimFleet {
    pub(crate) nodes: usize,
    pub(crate) first: usize,
    pub(crate) prefix: String,
    pub(crate) cpu: String,
    pub(crate) memory: String,
    pub(crate) pods: u32,
    pub(crate) zones: Vec<String>,
    pub(crate) behavior: Arc<dyn Behavior>,
    pub(crate) heartbeats: Heartbeats,
    pub(crate) cables: Cables,
    pub(crate) stages: Option<Arc<Stages>>,
    pub(crate) events: bool,
    pub(crate) environments: bool,
}

impl SimFleet {
    /// `nodes` nodes of 4 CPUs, 16 GiB and 110 pods, in one zone, whose pods start at once.
    pub fn new(nodes: usize) -> Self {
        Self {
            nodes,
            first: 0,
            prefix: "node".to_owned(),
            cpu: "4".to_owned(),
            memory: "16Gi".to_owned(),
            pods: 110,
            zones: Vec::new(),
            behavior: Arc::new(Delays::NONE),
            heartbeats: Heartbeats::Leases(Duration::from_secs(10)),
            cables: Cables::default(),
            stages: None,
            events: false,
            environments: false,
        }
    }

    /// With names that begin with `prefix`.
    #[must_use]
    pub fn prefix(mut self, prefix: &str) -> Self {
        prefix.clone_into(&mut self.prefix);
        self
    }

    /// With this many nodes instead.
    #[must_use]
    pub fn count(mut self, nodes: usize) -> Self {
        self.nodes = nodes;
        self
    }

    /// Numbered from `first` on, in names and addresses: for one of several fleets that make up a cluster.
    #[must_use]
    pub fn first(mut self, first: usize) -> Self {
        self.first = first;
        self
    }

    /// With this many CPUs each, as a quantity.
    #[must_use]
    pub fn cpu(mut self, cpu: &str) -> Self {
        cpu.clone_into(&mut self.cpu);
        self
    }

    /// With this much memory each, as a quantity.
    #[must_use]
    pub fn memory(mut self, memory: &str) -> Self {
        memory.clone_into(&mut self.memory);
        self
    }

    /// With room for this many pods each.
    #[must_use]
    pub fn pods(mut self, pods: u32) -> Self {
        self.pods = pods;
        self
    }

    /// Spread over these zones in turn.
    #[must_use]
    pub fn zones<S: Into<String>>(mut self, zones: impl IntoIterator<Item = S>) -> Self {
        self.zones = zones.into_iter().map(Into::into).collect();
        self
    }

    /// Whose pods behave like this.
    #[must_use]
    pub fn behavior(mut self, behavior: impl Behavior) -> Self {
        self.behavior = Arc::new(behavior);
        self
    }

    /// Which show like this that they live.
    #[must_use]
    pub fn heartbeats(mut self, heartbeats: Heartbeats) -> Self {
        self.heartbeats = heartbeats;
        self
    }

    /// Whose nodes hang on these cables.
    #[must_use]
    pub fn cables(mut self, cables: &Cables) -> Self {
        self.cables = cables.clone();
        self
    }

    /// Whose pods go through these stages, instead of behaving as servers do.
    #[must_use]
    pub fn stages(mut self, stages: Stages) -> Self {
        self.stages = Some(Arc::new(stages));
        self
    }

    /// Whose nodes tell of what they do as `Event`s, as kubelets do.
    #[must_use]
    pub fn events(mut self) -> Self {
        self.events = true;
        self
    }

    /// Whose containers only start when the config maps, secrets and keys are there that their variables come from.
    #[must_use]
    pub fn environments(mut self) -> Self {
        self.environments = true;
        self
    }

    /// Whether its nodes show that they live.
    pub fn beats(&self) -> bool {
        self.heartbeats != Heartbeats::Off
    }

    /// Whether each of its nodes has a lease that is renewed.
    pub(crate) fn renews(&self) -> bool {
        matches!(self.heartbeats, Heartbeats::Leases(_) | Heartbeats::Single(_))
    }

    /// The node of that name, if it is one of this fleet.
    pub(crate) fn node_index(&self, name: &str) -> Option<usize> {
        let number = name.strip_prefix(&*self.prefix)?.strip_prefix('-')?;
        // As the name is printed: no sign, no zeros in front.
        if number.len() > 1 && number.starts_with('0') || number.starts_with('+') {
            return None;
        }
        let index = number.parse::<usize>().ok()?.checked_sub(self.first)?;
        (index < self.nodes).then_some(index)
    }

    /// The names of the nodes.
    pub fn node_names(&self) -> impl Iterator<Item = String> {
        (0..self.nodes).map(|index| self.node_name(index))
    }

    /// The name of node `index` of this fleet.
    pub(crate) fn node_name(&self, index: usize) -> String {
        format!("{}-{}", self.prefix, self.first + index)
    }

    /// The zone of node `index`.
    pub(crate) fn zone(&self, index: usize) -> Option<&str> {
        let count = self.zones.len().max(1);
        self.zones.get((self.first + index) % count).map(String::as_str)
    }
}
