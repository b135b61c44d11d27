//! Informers over a service that breaks on demand, on one thread without a runtime.

mod lifecycle;
mod objects;
mod prop;
pub(crate) mod script;
pub(crate) mod thing;
mod threads;
pub(crate) mod world;

use kube_core::error::ApiError;
use kube_store::informer::{Index, Informer, Informers, Relist};
use kube_store::service::WatchStart;
use kube_store::storage::Revision;
use script::Script;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;
use thing::{Diary, Thing, bad, by_group, gone, kind, put};
use world::World;

/// A world, a service in it, and an informer of its things.
fn setup() -> (World, Arc<Script>, Informer<Thing>) {
    let world = World::new();
    let script = Script::new(&world.env);
    let informer = Informers::new(script.clone()).informer_of::<Thing>(kind());
    (world, script, informer)
}

fn names(things: &[Arc<Thing>]) -> Vec<&str> {
    things.iter().map(|thing| thing.name.as_str()).collect()
}

#[test]
fn shows_what_is_there_and_what_happens() {
    let (world, script, informer) = setup();
    script.commit(vec![put("b", "x"), put("a", "x")]);
    assert!(!informer.is_synced());
    world.finish(informer.synced()).unwrap();
    assert_eq!(names(&informer.all()), ["a", "b"]);
    assert_eq!(informer.revision(), Revision::new(1));

    let diary = Diary::of(&informer);
    let head = script.commit(vec![put("a", "y"), gone("b"), put("c", "y")]);
    world.finish(informer.wait_for(head)).unwrap();
    assert_eq!(names(&informer.all()), ["a", "c"]);
    assert_eq!(informer.version_of(&"ns/a".into()).unwrap().revision(), head.get());
    assert!(informer.get(&"ns/b".into()).is_none());
    let changes = diary.changes();
    assert!(changes[..2].iter().all(|change| change.initial && change.old.is_none()));
    assert!(changes[2..].iter().all(|change| !change.initial));
    assert_eq!(changes[2].old.as_ref().unwrap().data.group, "x");
    assert_eq!(changes[3].latest().unwrap().name, "b");
}

#[test]
fn handlers_added_early_learn_of_the_first_state_as_initial() {
    let (world, script, informer) = setup();
    script.commit(vec![put("a", "x")]);
    let diary = Diary::of(&informer);
    world.run();
    script.commit(vec![put("b", "x")]);
    world.run();
    let initial: Vec<bool> = diary.changes().iter().map(|change| change.initial).collect();
    assert_eq!(initial, [true, false]);
}

#[test]
fn reads_inside_a_handler_show_the_change() {
    let (world, script, informer) = setup();
    let reader = informer.clone();
    informer.on_change(move |change| {
        assert_eq!(reader.get(&change.key).is_some(), change.new.is_some());
    });
    script.commit(vec![put("a", "x")]);
    script.commit(vec![gone("a")]);
    let head = script.commit(vec![put("b", "x")]);
    world.finish(informer.wait_for(head)).unwrap();
    assert_eq!(informer.len(), 1);
}

#[test]
fn a_break_between_two_changes_of_one_revision_loses_neither() {
    let (world, script, informer) = setup();
    world.finish(informer.synced()).unwrap();
    let diary = Diary::of(&informer);
    script.break_after(1);
    script.commit(vec![put("a", "x"), put("b", "x"), put("c", "x")]);
    world.pass(Duration::from_secs(1));
    assert_eq!(diary.told(), script.log());
    assert_eq!(script.watches(), [WatchStart::Initial, WatchStart::After(Revision::ZERO)]);
}

#[test]
fn an_expired_watch_tells_the_differences_only() {
    let (world, script, informer) = setup();
    script.commit(vec![put("same", "x"), put("old", "x"), put("gone", "x")]);
    world.finish(informer.synced()).unwrap();
    let diary = Diary::of(&informer);
    let same = informer.get(&"ns/same".into()).unwrap();
    script.break_after(0);
    world.run();
    script.commit(vec![put("old", "y"), gone("gone"), put("passing", "x")]);
    let head = script.commit(vec![put("new", "y"), gone("passing")]);
    script.compact();
    world.finish(informer.wait_for(head)).unwrap();
    let told = diary.told().split_off(3);
    let want =
        [("ns/gone".to_owned(), 3, false), ("ns/new".to_owned(), 3, true), ("ns/old".to_owned(), 2, true)];
    assert_eq!(told, want);
    assert!(
        Arc::ptr_eq(&same, &informer.get(&"ns/same".into()).unwrap()),
        "unchanged objects are not decoded again"
    );
    let starts = [WatchStart::Initial, WatchStart::After(Revision::new(1)), WatchStart::Initial];
    assert_eq!(script.watches(), starts);
}

#[test]
fn history_that_was_not_seen_is_told_of_once() {
    let (world, script, informer) = setup();
    let (told, reader) = (Arc::new(Mutex::new(Vec::new())), informer.clone());
    let sink = told.clone();
    informer.on_relist_while(move |relist| {
        assert!(reader.get(&"ns/new".into()).is_some(), "what the new state shows can be read");
        sink.lock().unwrap().push(*relist);
        false
    });
    world.finish(informer.synced()).unwrap();
    let after = script.commit(vec![put("old", "x")]);
    world.finish(informer.wait_for(after)).unwrap();
    assert!(told.lock().unwrap().is_empty(), "a first state is no relist");
    for name in ["new", "newer"] {
        script.break_after(0);
        world.run();
        script.commit(vec![put("passing", "x")]);
        let at = script.commit(vec![put(name, "x"), gone("passing")]);
        script.compact();
        world.finish(informer.wait_for(at)).unwrap();
        assert!(informer.get(&format!("ns/{name}").as_str().into()).is_some());
    }
    let at = Revision::new(after.get() + 2);
    assert_eq!(*told.lock().unwrap(), [Relist { after, at }], "whoever has heard enough is let go");
}

#[test]
fn bookmarks_move_the_revision() {
    let (world, script, informer) = setup();
    world.finish(informer.synced()).unwrap();
    let elsewhere = script.commit(vec![]);
    world.finish(informer.wait_for(elsewhere)).unwrap();
    assert_eq!(informer.revision(), elsewhere);
}

#[test]
fn waiting_ends_with_the_revision_not_before() {
    let (world, script, informer) = setup();
    world.finish(informer.synced()).unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let set = done.clone();
    let _task = world.env.spawn("waiter", async move {
        informer.wait_for(Revision::new(2)).await.unwrap();
        set.store(true, Ordering::SeqCst);
    });
    script.commit(vec![put("a", "x")]);
    world.run();
    assert!(!done.load(Ordering::SeqCst));
    script.commit(vec![put("b", "x")]);
    world.run();
    assert!(done.load(Ordering::SeqCst));
}

#[test]
fn waiting_for_a_quiet_kind_survives_an_unanswered_question() {
    let (world, script, informer) = setup();
    world.finish(informer.synced()).unwrap();
    script.hush();
    let elsewhere = script.commit(vec![]);
    script.refuse_to_tell(ApiError::too_many_requests("not now", 1));
    script.refuse_to_tell(ApiError::unavailable("not there"));
    world.finish(informer.wait_for(elsewhere)).unwrap();
    assert_eq!(informer.revision(), elsewhere);
}

#[test]
fn a_quiet_kind_can_be_waited_for_before_the_revision_is_made() {
    let (world, script, informer) = setup();
    world.finish(informer.synced()).unwrap();
    script.hush();
    let done = Arc::new(AtomicBool::new(false));
    let set = done.clone();
    let _task = world.env.spawn("waiter", async move {
        informer.wait_for(Revision::new(1)).await.unwrap();
        set.store(true, Ordering::SeqCst);
    });
    world.pass(Duration::from_millis(100));
    assert!(!done.load(Ordering::SeqCst));
    script.commit(vec![]);
    world.pass(Duration::from_secs(1));
    assert!(done.load(Ordering::SeqCst));
}

/// More than the task takes before others get their turn.
const MANY: usize = 300;

fn many(group: &str) -> Vec<script::Put> {
    (0..MANY).map(|n| put(&format!("{n:03}"), group)).collect()
}

/// Lets other tasks run.
async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        cx.waker().wake_by_ref();
        if std::mem::replace(&mut yielded, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

#[test]
fn a_revision_shows_as_a_whole_to_readers() {
    let (world, script, informer) = setup();
    informer.add_index(by_group());
    world.finish(informer.synced()).unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    for group in ["x", "y"] {
        script.commit(many(group));
        let (looks, reader) = (seen.clone(), informer.clone());
        let _task = world.env.spawn("reader", async move {
            for _ in 0..10 {
                let counts = (reader.len(), reader.by_index("group", "x").len());
                looks.lock().unwrap().push(counts);
                yield_now().await;
            }
        });
        world.run();
    }
    let seen = seen.lock().unwrap();
    assert!(seen.iter().all(|counts| [(0, 0), (MANY, MANY), (MANY, 0)].contains(counts)), "{seen:?}");
    assert_eq!((informer.len(), informer.by_index("group", "y").len()), (MANY, MANY));
}

#[test]
fn a_revision_shows_as_a_whole_to_handlers_in_order() {
    let (world, script, informer) = setup();
    world.finish(informer.synced()).unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (looks, reader) = (seen.clone(), informer.clone());
    informer.on_change(move |change| looks.lock().unwrap().push((change.key.to_string(), reader.len())));
    script.commit(vec![put("a", "x"), put("b", "x"), put("c", "x")]);
    script.commit(vec![gone("a"), gone("b"), put("d", "x")]);
    world.run();
    let told = seen.lock().unwrap().clone();
    let want = [("ns/a", 3), ("ns/b", 3), ("ns/c", 3), ("ns/a", 2), ("ns/b", 2), ("ns/d", 2)];
    assert_eq!(told, want.map(|(key, len)| (key.to_owned(), len)));
}

#[test]
fn a_revision_that_breaks_in_the_middle_does_not_show() {
    let (world, script, informer) = setup();
    let first = script.commit(vec![put("a", "x")]);
    world.finish(informer.synced()).unwrap();
    script.break_after(1);
    let head = script.commit(vec![put("b", "x"), gone("a")]);
    world.run();
    assert_eq!(names(&informer.all()), ["a"]);
    assert_eq!(informer.revision(), first);
    world.finish(informer.wait_for(head)).unwrap();
    assert_eq!(names(&informer.all()), ["b"]);
}

#[test]
fn an_object_that_does_not_decode_is_left_out() {
    let (world, script, informer) = setup();
    script.commit(vec![bad("a"), put("b", "x"), put("c", "x")]);
    world.finish(informer.synced()).unwrap();
    assert_eq!(names(&informer.all()), ["b", "c"]);
    let left_out = informer.unreadable();
    assert_eq!(left_out.count, 1);
    let last = left_out.last.unwrap();
    assert_eq!((&*last.key, last.revision, &*last.field), ("ns/a", Revision::new(1), ""));
    assert!(last.reason.contains("missing field `data`"), "{last}");
    let told = Arc::new(Mutex::new(Vec::new()));
    let telling = told.clone();
    informer.on_unreadable(move |unreadable| telling.lock().unwrap().push(unreadable.key.clone()));
    let diary = Diary::of(&informer);
    script.commit(vec![put("a", "x"), bad("b")]);
    let head = script.commit(vec![gone("b"), bad("d"), gone("d")]);
    world.finish(informer.wait_for(head)).unwrap();
    assert_eq!(names(&informer.all()), ["a", "c"]);
    assert_eq!(*told.lock().unwrap(), ["ns/b", "ns/d"]);
    assert_eq!(informer.unreadable().count, 3);
    let told: Vec<String> = diary.changes()[2..].iter().map(|change| format!("{change:?}")).collect();
    assert_eq!(told, ["ns/a added at 2", "ns/b deleted at 2"]);
}

#[test]
fn indexes_follow_the_objects() {
    let (world, script, informer) = setup();
    informer.add_index(by_group());
    script.commit(vec![put("c", "x"), put("a", "x"), put("b", "y")]);
    world.finish(informer.synced()).unwrap();
    assert_eq!(names(&informer.by_index("group", "x")), ["a", "c"]);
    let head = script.commit(vec![put("b", "x"), put("a", "y"), gone("c")]);
    world.finish(informer.wait_for(head)).unwrap();
    assert_eq!(names(&informer.by_index("group", "x")), ["b"]);
    assert_eq!(informer.keys_by_index("group", "y"), ["ns/a".into()]);
    assert!(informer.by_index("group", "z").is_empty());
    // Late, and the same name twice.
    informer.add_index(Index::new("name", |thing: &Thing| vec![thing.name.as_str().into()]));
    informer.add_index(by_group());
    assert_eq!(names(&informer.by_index("name", "b")), ["b"]);
}

#[test]
fn an_index_added_while_a_state_is_swapped_in_stays() {
    let (world, script, informer) = setup();
    script.commit(vec![put("a", "x")]);
    // Derives its values while the new state is built: another thread could add an index just then.
    let meanwhile = Mutex::new(Some(informer.clone()));
    informer.add_index(Index::new("trigger", move |_: &Thing| {
        if let Some(informer) = meanwhile.lock().unwrap().take() {
            informer.add_index(by_group());
        }
        Vec::new()
    }));
    world.finish(informer.synced()).unwrap();
    assert_eq!(names(&informer.by_index("group", "x")), ["a"]);
}

#[test]
fn trouble_is_retried() {
    let (world, script, informer) = setup();
    script.refuse(ApiError::unavailable("not now"));
    script.refuse(ApiError::not_found("", "configmaps", ""));
    script.commit(vec![put("a", "x")]);
    world.run();
    assert!(!informer.is_synced());
    world.finish(informer.synced()).unwrap();
    assert_eq!(script.watches().len(), 3);
}
