//! Informers against the service's own log, under random writes, breaks and compactions.

use super::script::{Put, Script};
use super::setup;
use super::thing::{Diary, Thing, bad, by_group, gone, put};
use super::world::World;
use kube_store::informer::Informer;
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::{prop_assert, prop_assert_eq, proptest};
use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Clone, Debug)]
enum Op {
    Commit(Vec<Put>),
    Break(usize),
    Compact,
    Run,
    Pass,
    Join,
}

fn write(undecodable: bool) -> impl Strategy<Value = Put> {
    (0..6_usize, 0..4_usize, any::<bool>()).prop_map(move |(name, what, more)| {
        let name = ["a", "b", "c", "d", "e", "f"][name];
        match what {
            0 => gone(name),
            1 if undecodable && more => bad(name),
            1 | 2 => put(name, "x"),
            _ => put(name, "y"),
        }
    })
}

/// Writes of one transaction touch a key once.
fn commit(undecodable: bool) -> impl Strategy<Value = Op> {
    vec(write(undecodable), 0..4)
        .prop_map(|puts| Op::Commit(puts.into_iter().collect::<BTreeMap<_, _>>().into_iter().collect()))
}

fn ops(undecodable: bool, compact: bool) -> impl Strategy<Value = Vec<Op>> {
    let compact = if compact { Op::Compact } else { Op::Run };
    vec(
        prop_oneof![
            6 => commit(undecodable),
            2 => (0..4_usize).prop_map(Op::Break),
            1 => Just(compact),
            2 => Just(Op::Run),
            2 => Just(Op::Pass),
            1 => Just(Op::Join),
        ],
        0..40,
    )
}

/// Plays `ops` and settles; returns a diary per handler, the first there from the start.
fn play(ops: Vec<Op>) -> (Script, Informer<Thing>, Vec<Diary>) {
    let (world, script, informer) = setup();
    informer.add_index(by_group());
    let mut diaries = vec![Diary::of(&informer)];
    for op in ops {
        match op {
            Op::Commit(puts) => drop(script.commit(puts)),
            Op::Break(events) => script.break_after(events),
            Op::Compact => script.compact(),
            Op::Run => world.run(),
            Op::Pass => world.pass(Duration::from_millis(300)),
            Op::Join => diaries.push(Diary::of(&informer)),
        }
    }
    settle(&world, &script, &informer);
    ((*script).clone(), informer, diaries)
}

fn settle(world: &World, script: &Script, informer: &Informer<Thing>) {
    world.finish(informer.synced()).unwrap();
    world.finish(informer.wait_for(script.head())).unwrap();
}

/// What a reader of the service would see, by name.
fn truth(script: &Script) -> BTreeMap<String, (u64, String)> {
    let stored = script.stored().into_iter().filter_map(|object| {
        let group = object["data"]["group"].as_str()?.to_owned();
        let version = object["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap();
        Some((object["metadata"]["name"].as_str().unwrap().to_owned(), (version, group)))
    });
    stored.collect()
}

proptest! {
    #[test]
    fn without_compaction_a_handler_is_told_the_log(ops in ops(false, false)) {
        let (script, _, diaries) = play(ops);
        let (told, log) = (diaries[0].told(), script.log());
        // The first state stands for the log up to there.
        let start = diaries[0].changes().iter().filter(|change| change.initial).map(|change| change.revision).max();
        let news = told.iter().skip(diaries[0].changes().iter().filter(|change| change.initial).count());
        let first = script.first_state();
        let want = log.iter().filter(|(_, at, _)| *at > first);
        prop_assert!(start.is_none_or(|start| start.get() <= first));
        prop_assert_eq!(news.collect::<Vec<_>>(), want.collect::<Vec<_>>());
    }

    #[test]
    fn every_handler_can_follow(ops in ops(true, true)) {
        let (script, informer, diaries) = play(ops);
        for diary in diaries {
            let mut state = BTreeMap::new();
            for change in diary.changes() {
                let old = match &change.new {
                    Some(new) => state.insert(change.key.to_string(), new.clone()),
                    None => state.remove(&change.key.to_string()),
                };
                prop_assert_eq!(&old, &change.old, "{:?}", change);
                prop_assert!(change.latest().is_some(), "{change:?} says nothing");
                let versions = (old.map(|old| old.version), change.new.as_ref().map(|new| new.version));
                prop_assert!(versions.0 != versions.1, "{change:?} again");
                prop_assert!(versions.1.is_none_or(|new| versions.0 < Some(new)), "{change:?} goes back");
            }
            let state: Vec<_> = state.into_values().collect();
            prop_assert_eq!(state, informer.all());
        }
        let all = informer.all();
        let held: BTreeMap<_, _> =
            all.iter().map(|t| (t.name.clone(), (t.version, t.data.group.clone()))).collect();
        prop_assert_eq!(held, truth(&script));
    }

    #[test]
    fn indexes_equal_a_scan(ops in ops(true, true)) {
        let (_, informer, _) = play(ops);
        for group in ["x", "y"] {
            let scan: Vec<_> = informer.all().into_iter().filter(|thing| thing.data.group == group).collect();
            let keys: Vec<String> = informer.keys_by_index("group", group).iter().map(ToString::to_string).collect();
            prop_assert_eq!(keys, scan.iter().map(|thing| format!("ns/{}", thing.name)).collect::<Vec<_>>());
            prop_assert_eq!(informer.by_index("group", group), scan);
        }
    }
}
