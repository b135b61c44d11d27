//! Who owns whom: the ownership graph of objects.
//!
//! Nodes are objects by uid; an edge goes from an owner to its dependent. An owner that is only known from a
//! reference is in the graph as *virtual* until the object itself is seen.
//!
//! Edges are kept as a sorted set: `petgraph` keeps those of a node as a chain, which it walks to take one out, so that
//! an owner of 100,000 objects would take their square. What asks about all of the graph makes a `petgraph` of it.
//!
//! ```
//! use kube_core::graph::{OwnerGraph, ObjectRef};
//!
//! let mut graph = OwnerGraph::default();
//! let set = ObjectRef::new("apps/v1", "ReplicaSet", "default/web", "u1");
//! let pod = ObjectRef::new("v1", "Pod", "default/web-1", "u2");
//! graph.upsert(&pod, &[set.clone()]);
//! assert!(graph.is_virtual(&set.uid));
//! graph.upsert(&set, &[]);
//! assert_eq!(graph.dependents(&set.uid).len(), 1);
//! assert!(graph.to_dot().contains("\"Pod\\ndefault/web-1\""));
//! ```

#[cfg(test)]
mod tests;

use crate::map::{Places, fx_hash};
use crate::resource::{ObjectKey, Uid};
use petgraph::algo::{tarjan_scc, toposort};
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::{BTreeMap, BTreeSet};
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

/// Where a node lies.
type Place = u32;

#[derive(Clone, Debug)]
struct Node {
    object: ObjectRef,
    owners: Box<[Place]>,
    seen: bool,
}

/// The ownership graph. What it answers is in order of uid, so that what is derived from it repeats.
#[derive(Clone, Debug, Default)]
pub struct OwnerGraph {
    /// `None` where nothing lies.
    nodes: Vec<Option<Node>>,
    free: Vec<Place>,
    by_uid: Places,
    /// Owner and dependent.
    edges: BTreeSet<(Place, Place)>,
    /// Versions, kinds and namespaces: many objects share one.
    names: BTreeSet<Arc<str>>,
}

impl OwnerGraph {
    /// Adds the object, or replaces its references: afterwards `owners` are its owners.
    pub fn upsert(&mut self, object: &ObjectRef, owners: &[ObjectRef]) {
        let place = self.place(object);
        let mut after: Vec<Place> = owners.iter().map(|owner| self.place(owner)).collect();
        after.sort_unstable();
        after.dedup();
        let object = self.shared(object);
        let node = Node { object, owners: after.as_slice().into(), seen: true };
        let before = self.slot(place).replace(node).map(|node| node.owners).unwrap_or_default();
        for owner in before.iter().filter(|owner| !after.contains(owner)) {
            self.edges.remove(&(*owner, place));
            self.forget_unreferenced(*owner);
        }
        self.edges.extend(after.iter().map(|owner| (*owner, place)));
    }

    fn slot(&mut self, place: Place) -> &mut Option<Node> {
        let index = place as usize;
        if index >= self.nodes.len() {
            self.nodes.resize(index + 1, None);
        }
        &mut self.nodes[index]
    }

    /// Where the object of that uid lies.
    fn find(&self, uid: &Uid) -> Option<Place> {
        let is = |place| node_at(&self.nodes, place).is_some_and(|node| node.object.uid == *uid);
        self.by_uid.find(fx_hash(uid), is)
    }

    /// Where the object lies, at first as a virtual one.
    fn place(&mut self, object: &ObjectRef) -> Place {
        if let Some(place) = self.find(&object.uid) {
            return place;
        }
        let next = || Place::try_from(self.nodes.len()).unwrap_or(Place::MAX);
        let place = self.free.pop().unwrap_or_else(next);
        let object = self.shared(object);
        let hash_at = |place| node_at(&self.nodes, place).map_or(0, |node| fx_hash(&node.object.uid));
        self.by_uid.insert(fx_hash(&object.uid), place, hash_at);
        *self.slot(place) = Some(Node { object, owners: Box::default(), seen: false });
        place
    }

    /// The same object, whose texts are those of others where they are equal.
    fn shared(&mut self, object: &ObjectRef) -> ObjectRef {
        let mut share = |text: &Arc<str>| {
            if let Some(known) = self.names.get(text) {
                return known.clone();
            }
            self.names.insert(text.clone());
            text.clone()
        };
        ObjectRef {
            api_version: share(&object.api_version),
            kind: share(&object.kind),
            key: ObjectKey { namespace: share(&object.key.namespace), name: object.key.name.clone() },
            uid: object.uid.clone(),
        }
    }

    /// Takes the object out. While dependents still refer to it, it stays as a virtual node.
    pub fn remove(&mut self, uid: &Uid) {
        let Some(place) = self.find(uid) else { return };
        let Some(node) = self.slot(place) else { return };
        node.seen = false;
        for owner in std::mem::take(&mut node.owners) {
            self.edges.remove(&(owner, place));
            self.forget_unreferenced(owner);
        }
        self.forget_unreferenced(place);
    }

    /// A virtual node that nobody refers to any more has no reason to stay.
    fn forget_unreferenced(&mut self, place: Place) {
        let referenced = self.dependents_of(place).next().is_some();
        if !referenced && let Some(node) = self.slot(place).take_if(|node| !node.seen) {
            self.by_uid.remove(fx_hash(&node.object.uid), place);
            self.free.push(place);
        }
    }

    fn dependents_of(&self, place: Place) -> impl Iterator<Item = Place> {
        self.edges.range((place, 0)..=(place, Place::MAX)).map(|(_, dependent)| *dependent)
    }

    fn node(&self, uid: &Uid) -> Option<(Place, &Node)> {
        let place = self.find(uid)?;
        Some((place, node_at(&self.nodes, place)?))
    }

    fn objects_at(&self, places: impl Iterator<Item = Place>) -> Vec<&ObjectRef> {
        let nodes = places.filter_map(|place| node_at(&self.nodes, place));
        sorted(nodes.map(|node| &node.object).collect())
    }

    /// The object of that uid, seen or virtual.
    pub fn object(&self, uid: &Uid) -> Option<&ObjectRef> {
        self.node(uid).map(|(_, node)| &node.object)
    }

    /// Whether the object is known only from references of others.
    pub fn is_virtual(&self, uid: &Uid) -> bool {
        self.node(uid).is_some_and(|(_, node)| !node.seen)
    }

    /// The objects that `uid` owns, in order of uid.
    pub fn dependents(&self, uid: &Uid) -> Vec<&ObjectRef> {
        self.node(uid).map(|(place, _)| self.objects_at(self.dependents_of(place))).unwrap_or_default()
    }

    /// The owners of `uid`, in order of uid.
    pub fn owners(&self, uid: &Uid) -> Vec<&ObjectRef> {
        self.node(uid).map(|(_, node)| self.objects_at(node.owners.iter().copied())).unwrap_or_default()
    }

    /// The owners that are known only from references, in order of uid: absent, or not seen yet.
    pub fn virtual_objects(&self) -> Vec<&ObjectRef> {
        let nodes = self.nodes.iter().flatten().filter(|node| !node.seen);
        sorted(nodes.map(|node| &node.object).collect())
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
        let graph = self.whole();
        let order = toposort(&graph, None).ok()?;
        Some(order.into_iter().map(|index| &graph[index].object).collect())
    }

    /// The groups of objects that own each other in a circle.
    pub fn cycles(&self) -> Vec<Vec<&ObjectRef>> {
        let graph = self.whole();
        let groups = tarjan_scc(&graph).into_iter();
        let circles = groups
            .filter(|group| group.len() > 1 || group.iter().any(|&index| graph.contains_edge(index, index)));
        circles.map(|group| sorted(group.into_iter().map(|index| &graph[index].object).collect())).collect()
    }

    fn placed(&self) -> Vec<(Place, &Node)> {
        (0..).zip(&self.nodes).filter_map(|(place, node)| Some((place, node.as_ref()?))).collect()
    }

    /// All of it, in order of uid.
    fn whole(&self) -> DiGraph<&Node, ()> {
        let mut graph = DiGraph::with_capacity(self.len(), self.edges.len());
        let mut nodes = self.placed();
        nodes.sort_by(|a, b| a.1.object.uid.cmp(&b.1.object.uid));
        let places: BTreeMap<Place, NodeIndex> =
            nodes.into_iter().map(|(place, node)| (place, graph.add_node(node))).collect();
        for (owner, dependent) in &self.edges {
            if let (Some(owner), Some(dependent)) = (places.get(owner), places.get(dependent)) {
                graph.add_edge(*owner, *dependent, ());
            }
        }
        graph
    }

    /// The graph in Graphviz' language: one box per object, dashed while virtual.
    pub fn to_dot(&self) -> String {
        let mut dot = String::from("digraph owners {\n  rankdir=LR;\n  node [shape=box];\n");
        let mut objects = self.placed();
        objects.sort_by(|a, b| {
            (&a.1.object.kind, &a.1.object.key, &a.1.object.uid).cmp(&(
                &b.1.object.kind,
                &b.1.object.key,
                &b.1.object.uid,
            ))
        });
        let number: BTreeMap<Place, usize> =
            objects.iter().enumerate().map(|(n, (place, _))| (*place, n)).collect();
        for (n, (_, node)) in objects.iter().enumerate() {
            let style = if node.seen { "" } else { ", style=dashed" };
            let label = format!("{}\\n{}", escape(&node.object.kind), escape(&node.object.key.to_string()));
            // Writing to a String cannot fail.
            let _ = writeln!(dot, "  n{n} [label=\"{label}\"{style}];");
        }
        let ends = self
            .edges
            .iter()
            .filter_map(|(owner, dependent)| Some((*number.get(owner)?, *number.get(dependent)?)));
        let mut edges: Vec<(usize, usize)> = ends.collect();
        edges.sort_unstable();
        for (owner, dependent) in edges {
            let _ = writeln!(dot, "  n{owner} -> n{dependent};");
        }
        dot.push_str("}\n");
        dot
    }
}

fn node_at(nodes: &[Option<Node>], place: Place) -> Option<&Node> {
    nodes.get(place as usize)?.as_ref()
}

fn sorted(mut objects: Vec<&ObjectRef>) -> Vec<&ObjectRef> {
    objects.sort_by(|a, b| a.uid.cmp(&b.uid));
    objects
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
