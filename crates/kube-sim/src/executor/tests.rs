//! The executor: order by seed, virtual time, deadlock and livelock.

use super::{Choice, Executor, Limits, Reorder, SimError, waits};
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
    let outcome = executor.run("main", waits("a letter", std::future::pending::<()>()));
    let Err(SimError::Deadlock { waiting }) = outcome else { panic!("{outcome:?}") };
    let waiting: Vec<String> = waiting.iter().map(ToString::to_string).collect();
    assert_eq!(waiting, ["stuck", "main (for a letter)"]);
}

#[test]
fn priorities_let_one_task_run_far_ahead_and_repeat() {
    let run = |seed| {
        let choice = Choice::Priorities { changes: 1, within: 40 };
        let mut executor = Executor::new(seed).with_choice(choice, Reorder::All);
        let env = executor.env();
        let (sender, receiver) = mpsc::channel(64);
        for index in 0..3 {
            let mut sender = sender.clone();
            env.spawn("worker", async move {
                for _ in 0..5 {
                    sender.send(index).await.unwrap();
                    reschedule().await;
                }
            });
        }
        drop(sender);
        executor.run("main", receiver.collect::<Vec<usize>>()).unwrap()
    };
    assert_eq!(run(5), run(5));
    let ahead = (0..20).filter(|seed| run(*seed).windows(5).any(|five| five.iter().all(|x| *x == five[0])));
    assert!(ahead.count() >= 10, "no task runs to its end before the others begin");
}

#[test]
fn tasks_of_others_stay_in_order() {
    let order = |reorder: Reorder| {
        let mut executor = Executor::new(11).with_choice(Choice::Uniform, reorder);
        let env = executor.env();
        let (sender, receiver) = mpsc::channel(64);
        for index in 0..8 {
            let mut sender = sender.clone();
            let name = if index == 7 { "late:x" } else { "steady:x" };
            env.spawn(name, async move { sender.send(index).await.unwrap() });
        }
        drop(sender);
        executor.run("main", receiver.collect::<Vec<usize>>()).unwrap()
    };
    assert_eq!(order(Reorder::Only(Vec::new())), [0, 1, 2, 3, 4, 5, 6, 7]);
    let mut only_late = order(Reorder::Only(vec!["late".into()]));
    only_late.retain(|index| *index != 7);
    assert_eq!(only_late, [0, 1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_cleared_timer_does_not_move_time() {
    let mut executor = Executor::new(1);
    let env = executor.env();
    let inside = env.clone();
    executor
        .run("main", async move {
            for _ in 0..1000 {
                let long = inside.sleep(Duration::from_hours(1));
                futures::future::select(inside.sleep(Duration::from_millis(1)), long).await;
            }
        })
        .unwrap();
    assert_eq!(env.now().nanos(), 1_000_000_000);
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
    let Err(SimError::Livelock { steps, ready }) = outcome else { panic!("{outcome:?}") };
    assert!(steps >= 1000, "{steps}");
    assert_eq!(ready, ["spin"]);
}

#[test]
fn a_run_ends_at_its_limits() {
    let limits = Limits { time: Duration::from_mins(1), ..Limits::default() };
    let mut executor = Executor::new(1).with_limits(limits);
    let env = executor.env();
    let late = waits("the next day", Box::pin(async move { env.sleep(Duration::from_hours(24)).await }));
    let outcome = executor.run("main", late).unwrap_err().to_string();
    assert_eq!(outcome, "more than 60s of virtual time; waiting: main (for the next day)");

    let limits = Limits { steps: 100, ..Limits::default() };
    let mut executor = Executor::new(1).with_limits(limits);
    let env = executor.env();
    let outcome = executor.run("main", async move {
        for _ in 0..1000 {
            env.sleep(Duration::from_secs(1)).await;
        }
    });
    assert!(matches!(outcome, Err(SimError::StepLimit { limit: 100 })), "{outcome:?}");
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
