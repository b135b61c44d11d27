//! The map beside an ordinary one.

use super::{FRESH, LEAF, Map};
use crate::storage::{KeyValue, Revision};
use proptest::prelude::{Just, ProptestConfig, Strategy, prop, prop_assert_eq, prop_oneof, proptest};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the chain of each key shows at the newest revision.
type Model = BTreeMap<String, Option<u64>>;

#[derive(Clone, Debug)]
enum Step {
    Put(u16),
    Delete(u16),
    Prune,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0_u16..1500).prop_map(Step::Put),
        // Neighbours, so that leaves fill up and fall apart.
        6 => (0_u16..300).prop_map(Step::Put),
        3 => (0_u16..1500).prop_map(Step::Delete),
        1 => Just(Step::Prune),
    ];
    prop::collection::vec(step, 0..1200)
}

fn name(n: u16) -> String {
    format!("/k/{}", u32::from(n) * 7919 % 1500)
}

fn value(key: &str, revision: u64) -> Arc<KeyValue> {
    let at = Revision::new(revision);
    let (key, value) = (key.into(), bytes::Bytes::new());
    Arc::new(KeyValue { key, value, create_revision: at, mod_revision: at, version: 1, ttl: None })
}

#[derive(Default)]
struct World {
    map: Map,
    model: Model,
    revision: u64,
}

impl World {
    fn take(&mut self, step: &Step) {
        self.revision += 1;
        match step {
            Step::Put(n) => self.write(name(*n), Some(self.revision)),
            Step::Delete(n) if self.model.get(&name(*n)).is_some_and(Option::is_some) => {
                self.write(name(*n), None);
            }
            Step::Delete(_) => {}
            Step::Prune => {
                let mut from = Some("".into());
                while let Some(next) = from {
                    from = self.map.prune(next, Revision::new(self.revision), 200);
                }
                self.model.retain(|_, shown| shown.is_some());
            }
        }
    }

    fn write(&mut self, key: String, shown: Option<u64>) {
        let at = Revision::new(self.revision);
        let kv = shown.map(|revision| value(&key, revision));
        self.map.write(&key.as_str().into(), at, kv);
        self.model.insert(key, shown);
    }
}

fn shown(map: &Map, start: &str, end: Option<&str>, at: Revision) -> Vec<(String, u64)> {
    let live = map.range(start, end).filter_map(|entry| Some((entry, entry.chain.at(at)?)));
    live.map(|(entry, kv)| (entry.key.as_str().to_owned(), kv.mod_revision.get())).collect()
}

fn wanted(model: &Model, start: &str, end: Option<&str>) -> Vec<(String, u64)> {
    let inside =
        model.range(start.to_owned()..).take_while(|(key, _)| end.is_none_or(|end| key.as_str() < end));
    inside.filter_map(|(key, shown)| Some((key.clone(), (*shown)?))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_map_holds_what_an_ordinary_one_holds(
        steps in steps(), kept in 0_usize..1200, from in 0_u16..1500, length in 1_u16..900,
    ) {
        let mut world = World::default();
        let mut clone = None;
        for (index, step) in steps.iter().enumerate() {
            if index == kept {
                clone = Some((world.map.clone(), world.model.clone(), Revision::new(world.revision)));
            }
            world.take(step);
        }
        let (start, end) = (format!("/k/{from}"), format!("/k/{}", from.saturating_add(length)));
        let (start, end) = if start < end { (start, end) } else { (end, start) };
        // A clone does not change, whatever is written, pruned, or falls apart afterwards.
        let newest = (world.map, world.model, Revision::new(world.revision));
        for (map, model, at) in clone.iter().chain([&newest]) {
            for (start, end) in [("", None), (&*start, Some(&*end)), (&*start, None), ("/z", None)] {
                prop_assert_eq!(shown(map, start, end, *at), wanted(model, start, end));
            }
            for n in 0..1500 {
                let chain = map.get(&name(n));
                let found = chain.and_then(|chain| chain.at(*at)).map(|kv| kv.mod_revision.get());
                prop_assert_eq!(found, model.get(&name(n)).copied().flatten());
            }
        }
        let chains = newest.0.range("", None).count();
        prop_assert_eq!(chains, newest.1.len(), "a deleted key is held until it is pruned, and no longer");
    }
}

#[test]
fn overwriting_copies_nothing_and_creating_seldom() {
    let mut map = Map::default();
    let create =
        |map: &mut Map, n: usize| map.write(&format!("/k/{n:06}").as_str().into(), Revision::new(1), None);
    (0..10 * LEAF).for_each(|n| create(&mut map, n * 1000));
    let moved = |map: &mut Map, before: &Map| !Arc::ptr_eq(&map.branches, &before.branches);
    let mut copies = 0;
    for n in 0..1000 {
        let before = map.clone();
        map.write(&"/k/001000".into(), Revision::new(2 + n), None);
        assert!(!moved(&mut map, &before), "a version is added in place");
        create(&mut map, usize::try_from(n).expect("small") * 1280 + 1);
        copies += usize::from(moved(&mut map, &before));
    }
    assert!(copies <= 1000 / FRESH + 10 * LEAF / FRESH, "{copies} of 1000 creates copied a leaf");
}
