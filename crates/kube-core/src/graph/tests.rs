//! The ownership graph: edges move with references, virtual owners stay while referred to.

use super::{ObjectRef, OwnerGraph};
use crate::resource::Uid;

fn object(uid: &str) -> ObjectRef {
    ObjectRef::new("v1", "Thing", &format!("ns/{uid}"), uid)
}

fn uids(objects: &[&ObjectRef]) -> Vec<String> {
    objects.iter().map(|o| o.uid.to_string()).collect()
}

#[test]
fn replacing_references_moves_edges() {
    let mut graph = OwnerGraph::default();
    graph.upsert(object("a"), &[]);
    graph.upsert(object("c"), &[object("a")]);
    graph.upsert(object("c"), &[object("b")]);
    assert!(graph.dependents(&Uid::new("a")).is_empty());
    assert_eq!(uids(&graph.owners(&Uid::new("c"))), ["b"]);
    assert_eq!(uids(&graph.virtual_objects()), ["b"]);
}

#[test]
fn an_owner_stays_virtual_while_dependents_refer_to_it() {
    let mut graph = OwnerGraph::default();
    graph.upsert(object("a"), &[]);
    graph.upsert(object("b"), &[object("a")]);
    graph.remove(&Uid::new("a"));
    assert!(graph.is_virtual(&Uid::new("a")));
    graph.remove(&Uid::new("b"));
    assert!(graph.is_empty());
}

#[test]
fn cycles_are_found_and_have_no_order() {
    let mut graph = OwnerGraph::default();
    graph.upsert(object("a"), &[object("b")]);
    assert_eq!(uids(&graph.in_order().unwrap()), ["b", "a"]);
    graph.upsert(object("b"), &[object("a")]);
    assert!(graph.in_order().is_none());
    assert_eq!(graph.cycles().iter().map(|c| uids(c)).collect::<Vec<_>>(), [["a", "b"]]);
}
