//! The log behind the cache, and watchers that it leaves behind.

use super::filter::Term;
use super::log::{Log, suffix};
use super::{Entry, Filter, KindCache};
use crate::objects::strategy::{FieldTree, SelectableField};
use crate::service::{ObjectEvent, ObjectStream, Selection, WatchStart};
use crate::storage::{MemoryStorage, Revision, Storage, Txn};
use futures::Stream;
use kube_core::kinds::core::v1::ConfigMap;
use kube_core::resource::{Resource, ResourceVersion};
use kube_core::view::RawObject;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

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
    let cache =
        KindCache::new(storage.clone(), ConfigMap::kind_info(), &"/r/".into(), &fields, &Arc::default());
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
    let mut log = Log::new(Arc::new(FieldTree::new(&[])));
    log.replace(Vec::new(), Revision::new(1));
    for revision in [2, 3, 5] {
        for name in ["a", "b", "c"] {
            log.put(&name.into(), entry(name, revision), Revision::new(revision));
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
    let mut log = Log::new(Arc::new(FieldTree::new(&[])));
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
    log.put(&"d".into(), entry("d", 10), Revision::new(10));
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

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A watcher as a task would poll it.
struct Watcher {
    stream: ObjectStream,
    wakes: Arc<Count>,
}

impl Watcher {
    fn open(cache: &Arc<KindCache>, filter: Filter, bookmarks: bool) -> Self {
        let stream = run(cache.watch(filter, WatchStart::Initial, bookmarks)).expect("watch");
        let mut watcher = Self { stream, wakes: Arc::default() };
        watcher.drain();
        watcher
    }

    fn drain(&mut self) -> Vec<ObjectEvent> {
        let waker = Waker::from(self.wakes.clone());
        let mut cx = Context::from_waker(&waker);
        let mut events = Vec::new();
        while let Poll::Ready(Some(event)) = Pin::new(&mut self.stream).poll_next(&mut cx) {
            events.push(event.expect("no error"));
        }
        events
    }

    fn wakes(&self) -> usize {
        self.wakes.0.load(Ordering::SeqCst)
    }
}

fn labelled(storage: &Arc<dyn Storage>, name: &str, team: &str, x: &str) {
    let text = format!(
        r#"{{"data":{{"x":"{x}"}},"metadata":{{"labels":{{"team":"{team}"}},"name":"{name}","namespace":"n"}}}}"#
    );
    run(storage.txn(Txn::put(format!("/r/n/{name}"), text))).expect("written");
}

fn filter(labels: Option<&str>, fields: Option<&str>) -> Filter {
    let labels = labels.map(|text| text.parse().expect("a selector"));
    let fields = fields.map(|text| text.parse().expect("a selector"));
    let mut selection = Selection::default();
    (selection.labels, selection.fields) = (labels, fields);
    Filter::new(&selection, &[SelectableField::new("data.x")]).expect("known fields")
}

#[test]
fn a_watcher_is_woken_once_for_what_concerns_it_and_never_for_the_rest() {
    let (storage, cache) = cache();
    labelled(&storage, "a", "red", "1");
    let mut all = Watcher::open(&cache, Filter::default(), false);
    let mut red = Watcher::open(&cache, filter(Some("team=red"), None), false);
    let mut one = Watcher::open(&cache, filter(None, Some("data.x=1")), true);
    let other = Watcher::open(&cache, Filter::new(&Selection::namespaced("m"), &[]).expect("fine"), false);
    for round in 0..50 {
        labelled(&storage, &format!("b{round}"), "blue", "2");
    }
    assert_eq!(
        [all.wakes(), red.wakes(), one.wakes(), other.wakes()],
        [1, 0, 0, 0],
        "nobody polled in between"
    );
    assert_eq!(all.drain().len(), 50);
    // Ceases to match, which concerns those who saw it match.
    labelled(&storage, "a", "blue", "2");
    assert_eq!([all.wakes(), red.wakes(), one.wakes(), other.wakes()], [2, 1, 1, 0]);
    assert!(matches!(red.drain().as_slice(), [ObjectEvent::Deleted(_)]));
    assert!(matches!(one.drain().as_slice(), [ObjectEvent::Deleted(_)]));
    assert_eq!(all.drain().len(), 1);
    assert_eq!([all.wakes(), red.wakes(), one.wakes(), other.wakes()], [2, 1, 1, 0], "reading wakes nobody");
    put(&storage, "unlabelled", 7);
    cache.nudge(storage.status().head);
    assert_eq!([red.wakes(), one.wakes()], [1, 2], "only who wants bookmarks is told of progress");
    assert!(matches!(one.drain().as_slice(), [ObjectEvent::Bookmark(_)]));
    cache.nudge(storage.status().head);
    assert_eq!(one.wakes(), 2, "and only of news");
}

#[test]
fn a_watcher_of_a_quiet_corner_outlives_the_log_and_compaction() {
    let (storage, cache) = cache();
    let mut red = Watcher::open(&cache, filter(Some("team=red"), None), false);
    for round in 0..20_000 {
        put(&storage, "a", round);
    }
    let head = run(storage.current()).expect("open");
    run(storage.compact(head)).expect("compacted");
    assert_eq!(red.wakes(), 0);
    labelled(&storage, "b", "red", "1");
    assert_eq!(red.wakes(), 1);
    assert!(matches!(red.drain().as_slice(), [ObjectEvent::Added(raw)] if *raw.meta.name == *"b"));
}

#[test]
fn a_list_by_one_value_finds_what_a_scan_finds() {
    let (storage, cache) = cache();
    let teams = ["red", "blue", "green"];
    for round in 0..300 {
        let (team, x) = (teams[round * round % 7 % 3], (round % 5).to_string());
        labelled(&storage, &format!("o{}", round * 37 % 100), team, &x);
        if round % 11 == 0 {
            run(storage.txn(Txn::delete(format!("/r/n/o{}", round % 100)))).expect("written");
        }
        run(cache.fresh(Revision::ZERO)).expect("open");
        for (labels, fields) in
            [(Some("team=red"), None), (None, Some("data.x=3")), (Some("team in (blue)"), Some("data.x=1"))]
        {
            let filter = filter(labels, fields);
            let names =
                |items: Vec<RawObject>| items.iter().map(|raw| raw.meta.name.clone()).collect::<Vec<_>>();
            let scanned =
                cache.log().objects().values().filter(|entry| filter.matches(entry, &cache.fields)).count();
            let found = names(cache.list(&filter).0);
            assert_eq!(found.len(), scanned, "{labels:?} {fields:?}");
            assert!(found.is_sorted());
        }
    }
    let indexed = |term: &Term| cache.log().indexes.has(term);
    assert!(indexed(&Term::Field(0)) && indexed(&Term::Label("team".into())), "they were not scans");
}

#[test]
fn a_compaction_that_overtakes_the_cache_leaves_no_gap() {
    let (storage, cache) = cache();
    for name in ["a", "b"] {
        labelled(&storage, name, "red", "1");
    }
    let mut all = Watcher::open(&cache, Filter::default(), false);
    let mut blue = Watcher::open(&cache, filter(Some("team=blue"), None), false);
    // As if another thread were still taking in what came before.
    let busy = cache.feed.lock().expect("not poisoned");
    labelled(&storage, "a", "blue", "2");
    run(storage.txn(Txn::delete("/r/n/b"))).expect("written");
    labelled(&storage, "c", "red", "1");
    let head = run(storage.current()).expect("open");
    run(storage.compact(head)).expect("compacted");
    assert_eq!([all.wakes(), blue.wakes()], [0, 0]);
    drop(busy);
    run(cache.fresh(head)).expect("it lists again");
    assert_eq!([all.wakes(), blue.wakes()], [1, 1], "once, however many changes the new state holds");
    let names = |events: Vec<ObjectEvent>| -> Vec<String> {
        let name = |event: &ObjectEvent| match event {
            ObjectEvent::Added(raw) => format!("+{}", raw.meta.name),
            ObjectEvent::Modified(raw) => format!("~{}", raw.meta.name),
            ObjectEvent::Deleted(raw) => format!("-{}", raw.meta.name),
            ObjectEvent::Bookmark(_) => "#".to_owned(),
        };
        events.iter().map(name).collect()
    };
    assert_eq!(names(all.drain()), ["~a", "+c", "-b"]);
    assert_eq!(names(blue.drain()), ["+a"]);
    let red: Vec<_> = cache.list(&filter(Some("team=red"), None)).0;
    assert_eq!(red.iter().map(|raw| &*raw.meta.name).collect::<Vec<_>>(), ["c"]);
}
