//! Pulling the cable of a node: for showing what follows when nodes fall silent.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The cables by which nodes reach the control plane, by node name. Clones pull the same ones.
///
/// A node whose cable is out beats no more and reports nothing; its pods run on, and nobody knows.
///
/// ```
/// use kube_node::SimFleet;
/// use kube_node::fleet::Cables;
///
/// let cables = Cables::default();
/// let fleet = SimFleet::new(3).cables(&cables);
/// cables.pull("node-1");
/// assert!(cables.is_out("node-1") && !cables.is_out("node-0"));
/// cables.plug_in("node-1");
/// # drop(fleet);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Cables(Arc<Mutex<BTreeSet<String>>>);

impl Cables {
    /// Cuts a node off.
    pub fn pull(&self, node: &str) {
        self.out().insert(node.to_owned());
    }

    /// Connects it again.
    pub fn plug_in(&self, node: &str) {
        self.out().remove(node);
    }

    /// Whether a node is cut off.
    pub fn is_out(&self, node: &str) -> bool {
        self.out().contains(node)
    }

    /// The nodes that are cut off.
    pub(crate) fn all_out(&self) -> BTreeSet<String> {
        self.out().clone()
    }

    fn out(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
