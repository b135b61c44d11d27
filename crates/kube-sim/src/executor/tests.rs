//! The executor: order by seed, virtual time, deadlock and livelock.

use super::{Executor, Limits, SimError};
use futures::channel::mpsc;
use futures::{SinkExt, StreamExt};
use std::time::Duration;

/// Eight tasks that each sleep and report; the order is the seed's.
fn order(seed: u64) -> (Vec<usize>, u64) {
    let mut executor = Executor::new(seed);
    let env = executor.env();
    let (sender, receiver) = mpsc::channel(16);
    for index in 0..8 {
        let (env2, mut sender) = (env.clone(), sender.clone());
        env.spawn("reporter", async move {
            env2.sleep(Duration::from_millis(5)).await;
            sender.send(index).await.unwrap();
        });
    }
    drop(sender);
    let order = executor.run("main", receiver.collect::<Vec<_>>()).unwrap();
    (order, executor.trace().hash())
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    assert_eq!(order(3), order(3));
}

#[test]
fn seeds_explore_different_orders() {
    let orders: std::collections::BTreeSet<Vec<usize>> = (0..20).map(|seed| order(seed).0).collect();
    assert!(orders.len() >= 15, "20 seeds gave only {} orders", orders.len());
}

#[test]
fn time_jumps_only_when_nothing_is_ready() {
    let mut executor = Executor::new(1);
    let env = executor.env();
    let busy = env.clone();
    env.spawn("busy", async move {
        for _ in 0..100 {
            assert_eq!(busy.now().nanos(), 0, "time moved while a task was ready");
            reschedule().await;
        }
    });
    let main_env = env.clone();
    executor.run("main", async move { main_env.sleep(Duration::from_secs(1)).await }).unwrap();
    assert_eq!(env.now().nanos(), 1_000_000_000);
}

/// Gives way once while staying ready.
async fn reschedule() {
    let mut yielded = false;
    std::future::poll_fn(|cx| {
        if yielded {
            return std::task::Poll::Ready(());
        }
        yielded = true;
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

#[test]
fn a_deadlock_names_who_waits() {
    let mut executor = Executor::new(1);
    executor.env().spawn("stuck", std::future::pending());
    let outcome = executor.run("main", std::future::pending::<()>());
    let Err(SimError::Deadlock { waiting }) = outcome else { panic!("{outcome:?}") };
    assert_eq!(waiting, ["stuck", "main"]);
}

#[test]
fn a_livelock_is_told_from_work() {
    let limits = Limits { steps_at_one_time: 1000, ..Limits::default() };
    let mut executor = Executor::new(1).with_limits(limits);
    let outcome = executor.run("spin", async {
        loop {
            reschedule().await;
        }
    });
    let outcome: Result<(), SimError> = outcome;
    assert!(matches!(outcome, Err(SimError::Livelock { .. })), "{outcome:?}");
}

#[test]
fn an_aborted_task_never_runs_again() {
    let mut executor = Executor::new(1);
    let env = executor.env();
    let (sender, mut receiver) = mpsc::channel::<()>(1);
    let task = env.spawn("doomed", async move {
        let _held = sender;
        std::future::pending::<()>().await;
    });
    let closed = executor
        .run("main", async move {
            task.abort();
            receiver.next().await.is_none()
        })
        .unwrap();
    assert!(closed, "what the task held was not dropped");
}

#[test]
fn there_is_no_tokio_runtime_inside() {
    let mut executor = Executor::new(1);
    let inside = executor.run("main", async { tokio::runtime::Handle::try_current().is_ok() }).unwrap();
    assert!(!inside);
}
