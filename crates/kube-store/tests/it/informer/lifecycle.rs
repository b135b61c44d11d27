//! How informers begin, are shared, and end.

use super::script::Script;
use super::setup;
use super::thing::{Thing, kind, put};
use super::world::World;
use kube_core::error::Reason;
use kube_core::view::MetaView;
use kube_store::informer::Informers;
use kube_store::storage::Revision;
use std::sync::Arc;

#[test]
fn one_watch_serves_all_readers_of_a_view() {
    let world = World::new();
    let script = Script::new(&world.env);
    let informers = Informers::new(script.clone());
    let first = informers.informer_of::<Thing>(kind());
    let second = informers.informer_of::<Thing>(kind());
    let other = informers.informer_of::<MetaView>(kind());
    script.commit(vec![put("a", "x")]);
    world.finish(async {
        first.synced().await.unwrap();
        second.synced().await.unwrap();
        other.synced().await.unwrap();
    });
    assert_eq!(script.watches().len(), 2);
    assert_eq!(&*other.all()[0].0.name, "a");
}

#[test]
fn a_closed_store_ends_informers_with_that_cause() {
    let (world, script, informer) = setup();
    script.commit(vec![put("a", "x")]);
    world.finish(informer.synced()).unwrap();
    script.close();
    assert!(world.finish(informer.closed()).is_closed());
    assert!(world.finish(informer.wait_for(Revision::new(9))).unwrap_err().is_closed());
    world.finish(informer.wait_for(Revision::new(1))).unwrap();
    assert_eq!(informer.len(), 1, "what it held can still be read");
    assert_eq!(world.tasks(), 0);
}

#[test]
fn a_store_closed_at_the_start_ends_the_wait_for_the_first_state() {
    let (world, script, informer) = setup();
    script.close();
    assert!(world.finish(informer.synced()).unwrap_err().is_closed());
}

#[test]
fn stopping_ends_tasks_and_waits() {
    let world = World::new();
    let script = Script::new(&world.env);
    let informers = Informers::new(script);
    let informer = informers.informer_of::<Thing>(kind());
    // A handler that holds its own informer must not keep everything alive.
    let held = informer.clone();
    informer.on_change(move |_| assert!(held.len() < 99));
    world.finish(informer.synced()).unwrap();
    informers.stop();
    let cause = world.finish(informer.closed());
    assert_eq!(cause.reason, Reason::ServiceUnavailable);
    assert!(!cause.is_closed());
    let late = informers.informer_of::<MetaView>(kind());
    assert!(world.finish(late.synced()).is_err());
    assert_eq!(world.tasks(), 0);
}

#[test]
fn a_handle_keeps_its_informer_running_and_the_last_one_ends_it() {
    let (world, script, informer) = setup();
    world.finish(informer.synced()).unwrap();
    let second = informer.clone();
    drop(informer);
    let head = script.commit(vec![put("a", "x")]);
    world.finish(second.wait_for(head)).unwrap();
    drop(second);
    world.run();
    assert_eq!(world.tasks(), 0);
}

#[test]
fn a_handler_that_panics_ends_the_informer_with_that_cause() {
    let (world, script, informer) = setup();
    informer.on_change(|change| assert_ne!(&*change.key.name, "boom", "cannot bear it"));
    script.commit(vec![put("a", "x")]);
    world.finish(informer.synced()).unwrap();
    script.commit(vec![put("boom", "x")]);
    let cause = world.finish(informer.closed());
    assert_eq!(cause.reason, Reason::InternalError);
    assert!(cause.message.contains("configmaps panicked"), "{cause}");
    assert!(cause.message.contains("cannot bear it"), "{cause}");
    assert_eq!(informer.len(), 2);
}

#[test]
fn a_handler_may_stop_everything() {
    let world = World::new();
    let script = Script::new(&world.env);
    let informers = Informers::new(script.clone());
    let informer = informers.informer_of::<Thing>(kind());
    let held = Arc::new(());
    let kept = held.clone();
    informer.on_change(move |_| {
        informers.stop();
        assert_eq!(Arc::strong_count(&kept), 2);
    });
    script.commit(vec![put("a", "x"), put("b", "x")]);
    world.finish(informer.closed());
    world.run();
    assert_eq!(Arc::strong_count(&held), 1, "handlers go with the informer");
    informer.on_change(move |_| assert_eq!(Arc::strong_count(&held), 1));
    assert_eq!(world.tasks(), 0);
}
