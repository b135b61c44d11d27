//! Who owns whom: the ownership graph of objects, on `petgraph`.
//!
//! Nodes are objects by uid; an edge goes from an owner to its dependent. An owner that is only known from a
//! reference is in the graph as *virtual* until the object itself is seen.
//!
//! ```
//! use kube_core::graph::{OwnerGraph, ObjectRef};
//!
//! let mut graph = OwnerGraph::default();
//! let set = ObjectRef::new("apps/v1", "ReplicaSet", "default/web", "u1");
//! let pod = ObjectRef::new("v1", "Pod", "default/web-1", "u2");
//! graph.upsert(pod, &[set.clone()]);
//! assert!(graph.is_virtual(&set.uid));
//! graph.upsert(set.clone(), &[]);
//! assert_eq!(graph.dependents(&set.uid).len(), 1);
//! assert!(graph.to_dot().contains("\"Pod\\ndefault/web-1\""));
//! ```

#[cfg(test)]
mod tests;

use crate::resource::{ObjectKey, Uid};
use petgraph::Direction;
use petgraph::algo::{tarjan_scc, toposort};
use petgraph::stable_graph::{NodeIndex, StableDiGraph};
use petgraph::visit::{EdgeRef, IntoEdgeReferences};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

/// An object in the graph.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectRef {
    /// `group/version` of its kind.
    pub api_version: Arc<str>,
    /// Its kind.
    pub kind: Arc<str>,
    /// Namespace and name.
    pub key: ObjectKey,
    /// Its identity.
    pub uid: Uid,
}

impl ObjectRef {
    /// An object of that kind; `key` is `namespace/name`, or a name alone.
    pub fn new(api_version: &str, kind: &str, key: &str, uid: &str) -> Self {
        Self { api_version: api_version.into(), kind: kind.into(), key: key.into(), uid: Uid::new(uid) }
    }
}

#[derive(Clone, Debug)]
struct Node {
    object: ObjectRef,
    seen: bool,
}

/// The ownership graph. Iteration is in order of uid, so that what is derived from it repeats.
#[derive(Clone, Debug, Default)]
pub struct OwnerGraph {
    graph: StableDiGraph<Node, ()>,
    by_uid: BTreeMap<Uid, NodeIndex>,
}

impl OwnerGraph {
    /// Adds the object, or replaces its references: afterwards `owners` are its owners.
    pub fn upsert(&mut self, object: ObjectRef, owners: &[ObjectRef]) {
        let index = self.node(&object);
        self.graph[index] = Node { object, seen: true };
        let before: Vec<NodeIndex> = self.graph.neighbors_directed(index, Direction::Incoming).collect();
        let after: Vec<NodeIndex> = owners.iter().map(|owner| self.node(owner)).collect();
        for owner in before.iter().filter(|owner| !after.contains(owner)) {
            if let Some(edge) = self.graph.find_edge(*owner, index) {
                self.graph.remove_edge(edge);
            }
            self.forget_unreferenced(*owner);
        }
        for owner in after {
            self.graph.update_edge(owner, index, ());
        }
    }

    fn node(&mut self, object: &ObjectRef) -> NodeIndex {
        *self
            .by_uid
            .entry(object.uid.clone())
            .or_insert_with(|| self.graph.add_node(Node { object: object.clone(), seen: false }))
    }

    /// Takes the object out. While dependents still refer to it, it stays as a virtual node.
    pub fn remove(&mut self, uid: &Uid) {
        let Some(&index) = self.by_uid.get(uid) else { return };
        let owners: Vec<NodeIndex> = self.graph.neighbors_directed(index, Direction::Incoming).collect();
        for owner in owners {
            if let Some(edge) = self.graph.find_edge(owner, index) {
                self.graph.remove_edge(edge);
            }
            self.forget_unreferenced(owner);
        }
        self.graph[index].seen = false;
        self.forget_unreferenced(index);
    }

    /// A virtual node that nobody refers to any more has no reason to stay.
    fn forget_unreferenced(&mut self, index: NodeIndex) {
        let referenced = self.graph.neighbors_directed(index, Direction::Outgoing).next().is_some();
        if !referenced
            && self.graph.node_weight(index).is_some_and(|node| !node.seen)
            && let Some(node) = self.graph.remove_node(index)
        {
            self.by_uid.remove(&node.object.uid);
        }
    }

    /// The object of that uid, seen or virtual.
    pub fn object(&self, uid: &Uid) -> Option<&ObjectRef> {
        self.by_uid.get(uid).map(|&index| &self.graph[index].object)
    }

    /// Whether the object is known only from references of others.
    pub fn is_virtual(&self, uid: &Uid) -> bool {
        self.by_uid.get(uid).is_some_and(|&index| !self.graph[index].seen)
    }

    /// The objects that `uid` owns, in order of uid.
    pub fn dependents(&self, uid: &Uid) -> Vec<&ObjectRef> {
        self.neighbors(uid, Direction::Outgoing)
    }

    /// The owners of `uid`, in order of uid.
    pub fn owners(&self, uid: &Uid) -> Vec<&ObjectRef> {
        self.neighbors(uid, Direction::Incoming)
    }

    fn neighbors(&self, uid: &Uid, direction: Direction) -> Vec<&ObjectRef> {
        let Some(&index) = self.by_uid.get(uid) else { return Vec::new() };
        let mut found: Vec<&ObjectRef> =
            self.graph.neighbors_directed(index, direction).map(|n| &self.graph[n].object).collect();
        found.sort_by(|a, b| a.uid.cmp(&b.uid));
        found
    }

    /// The owners that are known only from references, in order of uid: absent, or not seen yet.
    pub fn virtual_objects(&self) -> Vec<&ObjectRef> {
        self.by_uid.values().filter(|&&i| !self.graph[i].seen).map(|&i| &self.graph[i].object).collect()
    }

    /// Objects in all, virtual ones included.
    pub fn len(&self) -> usize {
        self.by_uid.len()
    }

    /// Whether there is no object.
    pub fn is_empty(&self) -> bool {
        self.by_uid.is_empty()
    }

    /// Owners before dependents; `None` when there is a cycle.
    pub fn in_order(&self) -> Option<Vec<&ObjectRef>> {
        let order = toposort(&self.graph, None).ok()?;
        Some(order.into_iter().map(|index| &self.graph[index].object).collect())
    }

    /// The groups of objects that own each other in a circle.
    pub fn cycles(&self) -> Vec<Vec<&ObjectRef>> {
        tarjan_scc(&self.graph)
            .into_iter()
            .filter(|group| group.len() > 1 || group.iter().any(|&i| self.graph.contains_edge(i, i)))
            .map(|group| {
                let mut objects: Vec<&ObjectRef> = group.into_iter().map(|i| &self.graph[i].object).collect();
                objects.sort_by(|a, b| a.uid.cmp(&b.uid));
                objects
            })
            .collect()
    }

    /// The graph in Graphviz' language: one box per object, dashed while virtual.
    pub fn to_dot(&self) -> String {
        let mut dot = String::from("digraph owners {\n  rankdir=LR;\n  node [shape=box];\n");
        let mut objects: Vec<(NodeIndex, &Node)> =
            self.by_uid.values().map(|&i| (i, &self.graph[i])).collect();
        objects.sort_by(|a, b| {
            (&a.1.object.kind, &a.1.object.key, &a.1.object.uid).cmp(&(
                &b.1.object.kind,
                &b.1.object.key,
                &b.1.object.uid,
            ))
        });
        let number: BTreeMap<NodeIndex, usize> =
            objects.iter().enumerate().map(|(n, (index, _))| (*index, n)).collect();
        for (n, (_, node)) in objects.iter().enumerate() {
            let style = if node.seen { "" } else { ", style=dashed" };
            let label = format!("{}\\n{}", escape(&node.object.kind), escape(&node.object.key.to_string()));
            // Writing to a String cannot fail.
            let _ = writeln!(dot, "  n{n} [label=\"{label}\"{style}];");
        }
        let mut edges: Vec<(usize, usize)> = self
            .graph
            .edge_references()
            .filter_map(|edge| Some((*number.get(&edge.source())?, *number.get(&edge.target())?)))
            .collect();
        edges.sort_unstable();
        for (owner, dependent) in edges {
            let _ = writeln!(dot, "  n{owner} -> n{dependent};");
        }
        dot.push_str("}\n");
        dot
    }
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
