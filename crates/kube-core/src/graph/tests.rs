//! The ownership graph: edges move with references, virtual owners stay while referred to.

use super::{ObjectRef, OwnerGraph};
use crate::resource::Uid;
use proptest::prelude::{any, prop_assert_eq, proptest};
use std::collections::{BTreeMap, BTreeSet};

fn object(uid: &str) -> ObjectRef {
    ObjectRef::new("v1", "Thing", &format!("ns/{uid}"), uid)
}

fn uids(objects: &[&ObjectRef]) -> Vec<String> {
    objects.iter().map(|o| o.uid.to_string()).collect()
}

#[test]
fn replacing_references_moves_edges() {
    let mut graph = OwnerGraph::default();
    graph.upsert(&object("a"), &[]);
    graph.upsert(&object("c"), &[object("a")]);
    graph.upsert(&object("c"), &[object("b")]);
    assert!(graph.dependents(&Uid::new("a")).is_empty());
    assert_eq!(uids(&graph.owners(&Uid::new("c"))), ["b"]);
    assert_eq!(uids(&graph.virtual_objects()), ["b"]);
}

#[test]
fn an_owner_stays_virtual_while_dependents_refer_to_it() {
    let mut graph = OwnerGraph::default();
    graph.upsert(&object("a"), &[]);
    graph.upsert(&object("b"), &[object("a")]);
    graph.remove(&Uid::new("a"));
    assert!(graph.is_virtual(&Uid::new("a")));
    graph.remove(&Uid::new("b"));
    assert!(graph.is_empty());
}

#[test]
fn cycles_are_found_and_have_no_order() {
    let mut graph = OwnerGraph::default();
    graph.upsert(&object("a"), &[object("b")]);
    assert_eq!(uids(&graph.in_order().unwrap()), ["b", "a"]);
    graph.upsert(&object("b"), &[object("a")]);
    assert!(graph.in_order().is_none());
    assert_eq!(graph.cycles().iter().map(|c| uids(c)).collect::<Vec<_>>(), [["a", "b"]]);
}

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

proptest! {
    #[test]
    fn it_is_what_the_references_say(
        steps in proptest::collection::vec((0..5_usize, proptest::option::of(any::<[bool; 5]>())), 0..40),
    ) {
        let mut graph = OwnerGraph::default();
        let mut naive: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (who, owners) in steps {
            if let Some(chosen) = owners {
                let owners: Vec<&str> = NAMES.into_iter().zip(chosen).filter_map(|(n, c)| c.then_some(n)).collect();
                graph.upsert(&object(NAMES[who]), &owners.iter().map(|uid| object(uid)).collect::<Vec<_>>());
                naive.insert(NAMES[who], owners);
            } else {
                graph.remove(&Uid::new(NAMES[who]));
                naive.remove(NAMES[who]);
            }
            let referred: BTreeSet<&str> = naive.values().flatten().copied().collect();
            let unseen: Vec<&str> = referred.into_iter().filter(|uid| !naive.contains_key(uid)).collect();
            prop_assert_eq!(uids(&graph.virtual_objects()), unseen.clone());
            prop_assert_eq!(graph.len(), naive.len() + unseen.len());
            for uid in NAMES {
                let dependents: Vec<&str> =
                    naive.iter().filter(|(_, owners)| owners.contains(&uid)).map(|(name, _)| *name).collect();
                prop_assert_eq!(uids(&graph.dependents(&Uid::new(uid))), dependents);
                prop_assert_eq!(uids(&graph.owners(&Uid::new(uid))), naive.get(uid).cloned().unwrap_or_default());
            }
        }
    }
}
