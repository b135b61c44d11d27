//! Watches: initial state, crossings, bookmarks, resumption, ends.

use super::{World, config_maps, drain, key, map, pod, pods, run, told, world};
use futures::Stream;
use kube_core::resource::KindInfo;
use kube_store::service::{
    DeleteOptions, ListQuery, ObjectEvent, ObjectService, ObjectStream, Subresource, WatchQuery, WriteOptions,
};
use kube_store::storage::Revision;
use serde_json::json;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

fn watch(w: &World, kind: &KindInfo, query: &WatchQuery) -> ObjectStream {
    run(w.objects.watch(kind, query)).expect("watch")
}

fn quiet() -> WatchQuery {
    WatchQuery::default()
}

fn labelled(name: &str, tier: &str) -> serde_json::Value {
    let mut object = map(name, "1");
    object["metadata"]["labels"] = json!({"tier": tier});
    object
}

#[test]
fn a_watch_begins_with_what_is_there() {
    let w = world();
    w.create(config_maps(), map("a", "1"));
    w.create(config_maps(), map("b", "1"));
    let mut stream = watch(&w, config_maps(), &quiet());
    assert_eq!(told(&mut stream), "+a +b #");
    w.update(config_maps(), "a", map("a", "2"));
    w.create(config_maps(), map("c", "1"));
    run(w.objects.delete(config_maps(), &key("b"), &DeleteOptions::default())).expect("deleted");
    assert_eq!(told(&mut stream), "~a +c -b");
    assert_eq!(told(&mut stream), "");
}

#[test]
fn the_first_bookmark_comes_without_objects_too() {
    let w = world();
    assert_eq!(told(&mut watch(&w, config_maps(), &quiet())), "#");
}

#[test]
fn a_deletion_carries_the_last_state_and_its_own_version() {
    let w = world();
    w.create(config_maps(), map("a", "1"));
    let mut stream = watch(&w, config_maps(), &quiet());
    told(&mut stream);
    run(w.objects.delete(config_maps(), &key("a"), &DeleteOptions::default())).expect("deleted");
    let events = drain(&mut stream);
    let [Ok(ObjectEvent::Deleted(last))] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(last.version.revision(), w.head());
    assert_eq!(super::value(last)["data"]["x"], "1");
}

#[test]
fn crossing_a_selector_adds_and_deletes() {
    let w = world();
    w.create(config_maps(), labelled("a", "front"));
    w.create(config_maps(), labelled("b", "back"));
    let front = quiet().labels("tier=front".parse().expect("selector"));
    let mut stream = watch(&w, config_maps(), &front);
    let mut resumed = watch(&w, config_maps(), &front.after(Revision::new(w.head())));
    assert_eq!(told(&mut stream), "+a #");
    w.update(config_maps(), "a", labelled("a", "back"));
    w.update(config_maps(), "b", labelled("b", "front"));
    w.update(config_maps(), "a", map("a", "2"));
    let mut changed = labelled("b", "front");
    changed["data"] = json!({"x": "9"});
    w.update(config_maps(), "b", changed);
    run(w.objects.delete(config_maps(), &key("a"), &DeleteOptions::default())).expect("deleted");
    assert_eq!(told(&mut stream), "-a +b ~b");
    assert_eq!(told(&mut resumed), "-a +b ~b");
}

#[test]
fn crossing_a_field_adds_and_deletes() {
    let w = world();
    w.create(pods(), pod("a"));
    let on_n1 = quiet().fields("spec.nodeName=n1".parse().expect("fields"));
    let mut mine = watch(&w, pods(), &on_n1);
    let mut pending = watch(&w, pods(), &quiet().fields("spec.nodeName=".parse().expect("fields")));
    assert_eq!((told(&mut mine), told(&mut pending)), ("#".to_owned(), "+a #".to_owned()));
    let body = json!({"target": {"name": "n1"}});
    run(w.objects.create_on(pods(), &key("a"), Subresource::Binding, body, &WriteOptions::default()))
        .expect("bound");
    assert_eq!((told(&mut mine), told(&mut pending)), ("+a".to_owned(), "-a".to_owned()));
}

#[test]
fn bookmarks_tell_of_writes_elsewhere() {
    let w = world();
    w.create(config_maps(), map("a", "1"));
    let mut stream = watch(&w, config_maps(), &WatchQuery::all());
    assert_eq!(told(&mut stream), "+a #");
    w.create(pods(), pod("x"));
    let events = drain(&mut stream);
    let [Ok(ObjectEvent::Bookmark(revision))] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(revision.get(), w.head());
}

#[test]
fn a_watch_resumes_after_any_revision_that_is_held() {
    let w = world();
    let first = w.create(config_maps(), map("a", "1"));
    w.create(config_maps(), map("b", "1"));
    w.update(config_maps(), "a", map("a", "2"));
    // The cache begins here, later than the revision that is asked for.
    let mut stream = watch(&w, config_maps(), &quiet().after(Revision::new(first.version.revision())));
    assert_eq!(told(&mut stream), "+b ~a");
    w.create(config_maps(), map("c", "1"));
    assert_eq!(told(&mut stream), "+c");
    run(w.storage.compact(Revision::new(w.head()))).expect("compacted");
    let query = quiet().after(Revision::new(first.version.revision()));
    match run(w.objects.watch(config_maps(), &query)) {
        Err(error) => assert_eq!(error.code, 410),
        Ok(mut stream) => assert_eq!(told(&mut stream), "!410"),
    }
}

#[test]
fn watchers_lose_nothing_to_a_compaction() {
    let w = world();
    w.create(config_maps(), map("a", "1"));
    w.create(config_maps(), map("b", "1"));
    let mut stream = watch(&w, config_maps(), &quiet());
    assert_eq!(told(&mut stream), "+a +b #");
    w.update(config_maps(), "a", map("a", "2"));
    run(w.objects.delete(config_maps(), &key("b"), &DeleteOptions::default())).expect("deleted");
    w.create(config_maps(), map("c", "1"));
    // The watcher has read none of it yet, but the cache has.
    run(w.storage.compact(Revision::new(w.head()))).expect("compacted");
    assert_eq!(told(&mut stream), "~a -b +c");
}

#[test]
fn a_namespace_sees_its_own() {
    let w = world();
    let mut stream = watch(&w, config_maps(), &quiet().namespaced("other"));
    w.create(config_maps(), map("a", "1"));
    run(w.objects.create(config_maps(), "other", map("b", "1"), &WriteOptions::default())).expect("created");
    assert_eq!(told(&mut stream), "# +b");
}

#[test]
fn a_thousand_watchers_see_the_same() {
    let w = world();
    let mut streams: Vec<ObjectStream> = (0..1_000).map(|_| watch(&w, config_maps(), &quiet())).collect();
    for n in 0..20 {
        w.create(config_maps(), map(&format!("m{n:02}"), "1"));
    }
    let want = told(&mut streams[0]);
    assert!(want.starts_with("# +m00 ") && want.ends_with("+m19"), "{want}");
    assert!(streams[1..].iter_mut().all(|stream| told(stream) == want));
}

#[test]
fn closing_the_store_ends_everything() {
    let w = world();
    w.create(config_maps(), map("a", "1"));
    let mut stream = watch(&w, config_maps(), &quiet());
    told(&mut stream);
    w.create(config_maps(), map("b", "1"));
    w.storage.close();
    let events = drain(&mut stream);
    let [Ok(ObjectEvent::Added(_)), Err(error)] = events.as_slice() else { panic!("{events:?}") };
    assert!(error.is_closed());
    assert!(w.try_create(config_maps(), map("c", "1")).expect_err("closed").is_closed());
    assert!(run(w.objects.list(config_maps(), &ListQuery::all())).expect_err("closed").is_closed());
    assert!(run(w.objects.watch(config_maps(), &quiet())).expect_err("closed").is_closed());
    let any = ListQuery::all().at(kube_store::storage::ReadAt::Any);
    assert!(run(w.objects.list(config_maps(), &any)).expect_err("closed").is_closed());
}

/// Counts how often it is woken.
#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_sleeping_watcher_is_woken_by_what_concerns_it() {
    let w = world();
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(bell.clone());
    let mut stream = watch(&w, config_maps(), &WatchQuery::all());
    let mut poll = || Pin::new(&mut stream).poll_next(&mut Context::from_waker(&waker));
    while poll().is_ready() {}
    let rung = || bell.0.swap(0, Ordering::SeqCst);
    rung();
    w.create(config_maps(), map("a", "1"));
    assert_eq!(rung(), 1);
    assert!(matches!(poll(), Poll::Ready(Some(Ok(ObjectEvent::Added(_))))));
    while poll().is_ready() {}
    rung();

    // A list takes the change out of the store before the watcher does: it is woken all the same.
    w.create(config_maps(), map("b", "1"));
    run(w.objects.list(config_maps(), &ListQuery::all())).expect("list");
    assert!(rung() > 0);
    while poll().is_ready() {}
    rung();

    // A write elsewhere wakes nobody, but whoever asks for the newest revision makes it known.
    w.create(pods(), pod("x"));
    assert_eq!(rung(), 0);
    let current = run(w.objects.current()).expect("current");
    assert_eq!(rung(), 1);
    let Poll::Ready(Some(Ok(ObjectEvent::Bookmark(told)))) = poll() else { panic!("no bookmark") };
    assert_eq!(told, current);
    while poll().is_ready() {}
    rung();

    w.storage.close();
    assert!(rung() > 0);
    assert!(matches!(poll(), Poll::Ready(Some(Err(_)))));
    assert!(matches!(poll(), Poll::Ready(None)));
}

#[test]
fn a_watch_from_the_future_is_refused() {
    let w = world();
    let query = quiet().after(Revision::new(w.head() + 1));
    let error = run(w.objects.watch(config_maps(), &query)).expect_err("ahead");
    assert_eq!((error.code, error.details.causes[0].reason.as_str()), (504, "ResourceVersionTooLarge"));
}
