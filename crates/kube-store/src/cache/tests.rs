//! The log behind the cache, and watchers that it leaves behind.

use super::log::{Log, suffix};
use super::{Entry, Filter, KindCache};
use crate::objects::strategy::SelectableField;
use crate::service::{ObjectEvent, ObjectStream, WatchStart};
use crate::storage::{MemoryStorage, Revision, Storage, Txn};
use futures::Stream;
use kube_core::kinds::core::v1::ConfigMap;
use kube_core::resource::{Resource, ResourceVersion};
use kube_core::view::RawObject;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    match future.as_mut().poll(&mut cx) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("nothing in memory has to wait"),
    }
}

fn json(name: &str, round: usize) -> String {
    format!(r#"{{"data":{{"x":"{round}"}},"metadata":{{"name":"{name}","namespace":"n"}}}}"#)
}

fn entry(name: &str, revision: u64) -> Entry {
    let raw = RawObject::new(json(name, 0).into(), ResourceVersion::new(revision)).expect("an object");
    Entry::new(raw)
}

fn cache() -> (Arc<dyn Storage>, Arc<KindCache>) {
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    let fields = [SelectableField::new("data.x")];
    let cache = KindCache::new(storage.clone(), ConfigMap::kind_info(), &"/r/".into(), &fields);
    (storage, cache)
}

fn put(storage: &Arc<dyn Storage>, name: &str, round: usize) {
    run(storage.txn(Txn::put(format!("/r/n/{name}"), json(name, round)))).expect("written");
}

fn drain(stream: &mut ObjectStream) -> Vec<ObjectEvent> {
    let mut cx = Context::from_waker(Waker::noop());
    let mut events = Vec::new();
    while let Poll::Ready(Some(event)) = Pin::new(&mut *stream).poll_next(&mut cx) {
        events.push(event.expect("no error"));
    }
    events
}

#[test]
fn changes_are_taken_by_whole_revisions() {
    let mut log = Log::default();
    log.replace(Vec::new(), Revision::new(1));
    for revision in [2, 3, 5] {
        for name in ["a", "b", "c"] {
            log.put(name.into(), entry(name, revision), Revision::new(revision));
        }
    }
    let start = log.position(Revision::new(1));
    let taken = |from, limit| log.after(from, limit).map(Iterator::count);
    assert_eq!(taken(start, 4), Some(6), "the second revision is not torn apart");
    assert_eq!(taken(start, 3), Some(3));
    assert_eq!(taken(log.position(Revision::new(3)), 100), Some(3));
    assert_eq!(taken(log.position(Revision::new(4)), 100), Some(3));
    assert_eq!(taken(log.position(Revision::new(9)), 100), Some(0));
    assert!(log.reaches(Revision::new(1)) && !log.reaches(Revision::ZERO));
    assert_eq!(&*suffix(&"/r/n/a".into(), "/r/"), "n/a");
}

#[test]
fn a_new_state_becomes_the_changes_that_lead_to_it() {
    let mut log = Log::default();
    let state = |entries: &[(&str, u64)]| {
        entries.iter().map(|(name, revision)| (Arc::from(*name), entry(name, *revision))).collect()
    };
    log.replace(state(&[("a", 1), ("b", 2)]), Revision::new(2));
    let start = log.position(Revision::new(2));
    log.replace(state(&[("b", 2), ("c", 7)]), Revision::new(9));
    let changes: Vec<_> = log.after(start, 100).expect("kept").collect();
    let told: Vec<(bool, bool, u64)> =
        changes.iter().map(|c| (c.old.is_some(), c.new.is_some(), c.revision.get())).collect();
    assert_eq!(told, [(false, true, 7), (true, false, 9)]);
    assert!(!log.reaches(Revision::new(8)), "what happened between is not known one by one");
    let torn: Vec<u64> = (0..12).filter(|revision| log.torn(Revision::new(*revision)).is_some()).collect();
    assert_eq!(torn, [3, 4, 5, 6, 7, 8]);
    log.put("d".into(), entry("d", 10), Revision::new(10));
    assert_eq!(log.after(start, 100).map(Iterator::count), Some(3), "nobody is left behind");
}

#[test]
fn a_watcher_that_the_log_has_left_behind_misses_nothing() {
    let (storage, cache) = cache();
    put(&storage, "a", 0);
    let mut stream = run(cache.watch(Filter::default(), WatchStart::Initial, false)).expect("watch");
    assert_eq!(drain(&mut stream).len(), 2);
    let rounds = 20_000;
    for round in 1..=rounds {
        put(&storage, "a", round);
        if round % 1_000 == 0 {
            run(cache.fresh(Revision::ZERO)).expect("open");
        }
    }
    let events = drain(&mut stream);
    assert_eq!(events.len(), rounds);
    for (index, event) in events.iter().enumerate() {
        let ObjectEvent::Modified(raw) = event else { panic!("{event:?}") };
        assert_eq!(raw.bytes, json("a", index + 1));
    }
    put(&storage, "b", 0);
    assert!(matches!(drain(&mut stream).as_slice(), [ObjectEvent::Added(_)]));
}

#[test]
fn what_is_no_object_is_left_out() {
    let (storage, cache) = cache();
    run(storage.txn(Txn::put("/r/n/broken", "{"))).expect("written");
    put(&storage, "a", 0);
    run(cache.fresh(Revision::ZERO)).expect("open");
    assert_eq!(cache.list(&Filter::default()).0.len(), 1);
    run(storage.txn(Txn::put("/r/n/a", "[]"))).expect("written");
    run(cache.fresh(Revision::ZERO)).expect("open");
    assert_eq!(cache.list(&Filter::default()).0.len(), 0);
}
