//! Private parts of the index: sets of numbers, interning, filing.

use super::posting::Posting;
use super::selected::MOST;
use super::{Scope, SelectorIndex};
use kube_core::env::Rng;
use kube_core::selector::LabelSet;
use std::collections::BTreeSet;

#[test]
fn postings_are_sets() {
    let mut rng = Rng::new(7);
    for range in [40, 400, 100_000] {
        let mut posting = Posting::default();
        let mut model = BTreeSet::new();
        let mut grown = false;
        for step in 0..4_000 {
            let id = u32::try_from(rng.below(range)).unwrap();
            if rng.chance(if step < 3_000 { 0.8 } else { 0.1 }) {
                posting.insert(id);
                model.insert(id);
            } else {
                posting.remove(id);
                model.remove(&id);
            }
            grown |= matches!(posting, Posting::Many(_));
            assert_eq!(posting.len(), model.len());
        }
        assert!(posting.iter().eq(model.iter().copied()));
        assert!((0..500).all(|id| posting.contains(id) == model.contains(&id)));
        assert_eq!(grown, range == 400);
    }
}

#[test]
fn texts_nobody_holds_are_forgotten() {
    let mut index = SelectorIndex::new();
    let labels: LabelSet = "app=web,tier=front".parse().unwrap();
    index.upsert_pod(&1, "prod", &labels);
    index.upsert_selector(&1, Scope::Cluster, &"app in (web, db),!canary,size>3".parse().unwrap());
    index.upsert_pod(&1, "prod", &"app=db".parse().unwrap());
    index.upsert_pod(&1, "test", &labels);
    assert!(index.interned() > 0);
    index.remove_pod(&1);
    index.remove_selector(&1);
    assert_eq!(index.interned(), 0);
    assert_eq!((index.pod_count(), index.selector_count()), (0, 0));
}

/// So many selectors select one pod that they are not kept with it.
#[test]
fn many_selectors_of_one_pod_are_all_told() {
    let mut index = SelectorIndex::new();
    let labels: LabelSet = "app=web,tier=front".parse().unwrap();
    index.upsert_pod(&1, "prod", &labels);
    let count = MOST + 8;
    for id in 0..count {
        let edges = index.upsert_selector(&id, Scope::Cluster, &format!("app,!l{id}").parse().unwrap());
        assert_eq!(edges.len(), 1);
        assert_eq!(index.selectors_of(&1), (0..=id).collect::<Vec<_>>());
    }
    let edges = index.upsert_pod(&1, "prod", &"app=web,l3=x".parse().unwrap());
    assert_eq!(edges.iter().map(|edge| (edge.selector, edge.selected)).collect::<Vec<_>>(), [(3, false)]);
    for id in 4..count {
        assert_eq!(index.remove_selector(&id).len(), 1);
    }
    assert_eq!(index.selectors_of(&1), [0, 1, 2]);
    assert_eq!(index.upsert_pod(&1, "prod", &labels).len(), 1);
    assert_eq!(index.selectors_of(&1), [0, 1, 2, 3]);
    assert_eq!(index.remove_pod(&1).len(), 4);
}

#[test]
fn selectors_that_say_the_same_are_one() {
    let mut index = SelectorIndex::new();
    index.upsert_pod(&1, "prod", &"app=web".parse().unwrap());
    let scope = || Scope::Namespace("prod".into());
    for id in [5, 3, 4] {
        assert_eq!(index.upsert_selector(&id, scope(), &"app=web".parse().unwrap()).len(), 1);
    }
    assert_eq!(index.upsert_selector(&4, scope(), &"app=web".parse().unwrap()), []);
    assert_eq!((index.selectors_of(&1), index.selector_count()), (vec![3, 4, 5], 3));
    assert_eq!(index.upsert_selector(&4, scope(), &"app=db".parse().unwrap()).len(), 1);
    assert_eq!(index.remove_selector(&5).len(), 1);
    assert_eq!(index.selectors_of(&1), [3]);
    let edges = index.upsert_pod(&1, "prod", &"app=db".parse().unwrap());
    assert_eq!(
        edges.iter().map(|edge| (edge.selector, edge.selected)).collect::<Vec<_>>(),
        [(3, false), (4, true)]
    );
}
