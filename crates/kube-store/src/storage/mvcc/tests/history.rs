//! Chains of versions, and the log of changes.

use super::super::chain::Chain;
use super::super::log::{Changes, Log};
use super::{kv, revision};
use crate::storage::{Event, KeyValue, Revision};
use std::sync::Arc;

/// Puts at odd revisions, deletes at multiples of four.
fn chain(through: u64) -> Chain {
    let chain = Chain::new(Revision::new(1), Some(kv(1)));
    for at in 2..=through {
        if at % 2 == 1 {
            chain.push(Revision::new(at), Some(kv(at)));
        } else if at % 4 == 0 {
            chain.push(Revision::new(at), None);
        }
    }
    chain
}

/// What the chain above shows at `at`.
fn shown(at: u64) -> Option<u64> {
    match at % 4 {
        0 => None,
        2 => Some(at - 1),
        _ => Some(at),
    }
}

#[test]
fn a_chain_shows_every_revision() {
    let chain = chain(1000);
    assert_eq!(revision(chain.at(Revision::ZERO)), None);
    for at in 1..=1000 {
        assert_eq!(revision(chain.at(Revision::new(at))), shown(at), "at {at}");
        assert_eq!(chain.is_live(Revision::new(at)), shown(at).is_some(), "at {at}");
    }
}

#[test]
fn a_pruned_chain_shows_the_rest_and_holds_no_more() {
    let whole = chain(100);
    for oldest in 1..=100 {
        let Some(pruned) = whole.pruned(Revision::new(oldest)) else {
            assert_eq!((oldest, shown(oldest)), (100, None), "only a deleted key leaves nothing");
            continue;
        };
        for at in oldest..=100 {
            assert_eq!(revision(pruned.at(Revision::new(at))), shown(at), "at {at}, pruned to {oldest}");
        }
        let above = (oldest + 1..=100).filter(|at| at % 2 == 1 || at % 4 == 0).count();
        assert_eq!(pruned.len(), above + usize::from(shown(oldest).is_some()), "pruned to {oldest}");
    }
}

#[test]
fn a_long_chain_is_freed_without_recursion() {
    let chain = Chain::new(Revision::new(1), None);
    let mut watched = Vec::new();
    for at in 2..200_000 {
        let value = kv(at);
        if at % 1000 == 0 {
            watched.push(Arc::downgrade(&value));
        }
        chain.push(Revision::new(at), Some(value));
    }
    drop(chain);
    assert!(watched.iter().all(|value| value.upgrade().is_none()));
}

fn changes(at: u64) -> Changes {
    Arc::new([Event::Put { kv: kv(at), previous: None }])
}

fn scanned(log: &Log, after: u64, through: u64) -> Vec<u64> {
    log.scan(Revision::new(after), Revision::new(through)).map(|(revision, _)| revision.get()).collect()
}

#[test]
fn a_log_is_scanned_from_anywhere_and_over_gaps() {
    let mut log = Log::default();
    let held: Vec<u64> = (1..=300).chain(900..=1100).chain([5000]).collect();
    for at in &held {
        log.push(Revision::new(*at), changes(*at));
    }
    for after in [0, 1, 255, 256, 257, 299, 300, 301, 899, 900, 1023, 1100, 4999, 5000, 9000] {
        for through in [0, 300, 512, 1024, 4999, 5000, 9000] {
            let wanted: Vec<u64> = held.iter().copied().filter(|at| *at > after && *at <= through).collect();
            assert_eq!(scanned(&log, after, through), wanted, "({after}, {through}]");
        }
    }
}

#[test]
fn a_pruned_log_keeps_no_value_below() {
    let mut log = Log::default();
    let values: Vec<Arc<KeyValue>> = (1..=600).map(kv).collect();
    for value in &values {
        let put = Event::Put { kv: value.clone(), previous: None };
        log.push(value.mod_revision, Arc::new([put]));
    }
    assert!(log.prune(Revision::new(300), 1), "a piece at a time");
    assert!(!log.prune(Revision::new(300), 1));
    assert_eq!(log.segments(), 2);
    for value in &values {
        assert_eq!(Arc::strong_count(value) > 1, value.mod_revision.get() > 300, "{}", value.mod_revision);
    }
    log.push(Revision::new(601), changes(601));
    assert_eq!(scanned(&log, 300, 601), (301..=601).collect::<Vec<_>>());
    while log.prune(Revision::new(601), 600) {}
    assert_eq!(scanned(&log, 0, 601), Vec::<u64>::new());
}
