//! Private parts of the index: sets of numbers, interning, filing.

use super::posting::Posting;
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
