//! Tasks with an owner.

use crate::informer::world::World;
use kube_store::client::TaskSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Counts the tasks that finished.
fn sleeping(world: &World, tasks: &TaskSet, seconds: u64, done: &Arc<AtomicUsize>) {
    let (env, done) = (world.env.clone(), done.clone());
    tasks.spawn("sleeper", async move {
        env.sleep(Duration::from_secs(seconds)).await;
        done.fetch_add(1, Ordering::SeqCst);
    });
}

#[test]
fn joining_waits_for_all() {
    let world = World::new();
    let tasks = TaskSet::new(world.env.clone());
    let done = Arc::new(AtomicUsize::new(0));
    world.finish(tasks.join_all());
    sleeping(&world, &tasks, 1, &done);
    sleeping(&world, &tasks, 3, &done);
    assert_eq!(tasks.len(), 2);
    world.finish(tasks.join_all());
    assert_eq!(done.load(Ordering::SeqCst), 2);
    assert!(tasks.is_empty());
}

#[test]
fn shutdown_aborts_and_lets_nothing_start() {
    let world = World::new();
    let tasks = TaskSet::new(world.env.clone());
    let done = Arc::new(AtomicUsize::new(0));
    sleeping(&world, &tasks, 1, &done);
    world.run();
    world.finish(tasks.shutdown());
    sleeping(&world, &tasks, 1, &done);
    world.pass(Duration::from_secs(2));
    assert_eq!(done.load(Ordering::SeqCst), 0);
    assert_eq!((tasks.len(), world.tasks()), (0, 0));
}

#[test]
fn dropping_the_owner_aborts() {
    let world = World::new();
    let tasks = TaskSet::new(world.env.clone());
    sleeping(&world, &tasks, 1, &Arc::default());
    world.run();
    drop(tasks);
    assert_eq!(world.tasks(), 0);
}

#[test]
fn a_panic_is_caught_and_told() {
    let world = World::new();
    let tasks = TaskSet::new(world.env.clone());
    let done = Arc::new(AtomicUsize::new(0));
    sleeping(&world, &tasks, 1, &done);
    tasks.spawn("fuse", async { panic!("blown by {}", 42) });
    world.finish(tasks.join_all());
    assert_eq!(done.load(Ordering::SeqCst), 1);
    let panics = tasks.panics();
    assert_eq!(panics.len(), 1);
    assert_eq!((panics[0].name.as_str(), panics[0].message.as_str()), ("fuse", "blown by 42"));
}
