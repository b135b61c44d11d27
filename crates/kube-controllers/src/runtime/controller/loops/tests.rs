//! What is a hot loop, and what is not.

use super::{Loops, ROUNDS};
use crate::runtime::cause::{Cause, Causes};
use crate::runtime::context::Mark;
use kube_core::kinds::core::v1::ConfigMap;
use kube_core::resource::{ObjectKey, Resource};
use kube_store::storage::Revision;
use std::sync::Arc;

fn key() -> ObjectKey {
    ObjectKey::new("default", "a")
}

fn cause(revision: u64) -> Causes {
    let kind = Arc::new(ConfigMap::kind_info().clone());
    Causes::of(Cause::Changed { kind, key: key(), revision: Revision::new(revision) })
}

fn mark(revision: u64) -> Vec<Mark> {
    vec![("ConfigMap".into(), key(), Revision::new(revision))]
}

/// Rounds until a loop is told, when every `period`-th change is somebody else's.
fn rounds(period: u64) -> Option<u64> {
    let mut loops = Loops::default();
    (1..500).find(|&round| {
        let foreign = if round % period == 0 { 1000 } else { 0 };
        loops.observe(&key(), &cause(round + foreign), mark(round + 1)).is_some()
    })
}

#[test]
fn only_ones_own_writes_make_a_loop() {
    assert_eq!(rounds(1000), Some(u64::from(ROUNDS) + 1));
    assert_eq!(rounds(10), None);
    let mut loops = Loops::default();
    for round in 1..500 {
        let wrote = if round % 10 == 0 { Vec::new() } else { mark(round + 1) };
        assert_eq!(loops.observe(&key(), &cause(round), wrote), None, "it came to rest in between");
    }
}

#[test]
fn the_write_is_named() {
    let mut loops = Loops::default();
    let told: Vec<_> =
        (1..100).filter_map(|round| loops.observe(&key(), &cause(round), mark(round + 1))).collect();
    assert_eq!(told.len(), 2, "told again when it has doubled");
    assert_eq!(
        told[0].to_string(),
        "default/a was reconciled 50 times in a row for its own write: ConfigMap default/a changed at 51"
    );
    assert_eq!(loops.found(), &told[1..]);
}
