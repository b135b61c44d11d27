//! The environment of the operating system.

use kube_core::env::Env;
use kube_store::client::TaskSet;
use kube_store::rt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

#[tokio::test]
async fn it_sleeps_for_as_long_as_told() {
    let env = rt::env();
    let (mono, wall) = (env.now(), env.wall());
    env.sleep(Duration::from_millis(20)).await;
    assert!(env.now() - mono >= Duration::from_millis(20));
    assert!(env.wall() > wall);
    env.sleep_until(mono).await;
}

#[tokio::test]
async fn its_tasks_run_and_are_aborted() {
    let env = rt::env();
    let tasks = TaskSet::new(env.clone());
    let ran = Arc::new(AtomicBool::new(false));
    let set = ran.clone();
    tasks.spawn("runs", async move { set.store(true, Ordering::SeqCst) });
    tasks.spawn("panics", async { panic!("caught") });
    tasks.join_all().await;
    assert!(ran.load(Ordering::SeqCst));
    assert_eq!(tasks.panics().len(), 1);
    tasks.spawn("waits", std::future::pending());
    tasks.shutdown().await;
    assert!(tasks.is_empty());
}

/// The timer belongs to the runtime, wherever the sleep is awaited.
#[test]
fn it_sleeps_outside_the_runtime_too() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
    let env: Env = rt::env_on(runtime.handle().clone());
    let before = env.now();
    block_on(env.sleep(Duration::from_millis(5)));
    assert!(env.now() - before >= Duration::from_millis(5));
}

/// Polls on this thread, which no runtime knows of.
fn block_on(future: impl Future<Output = ()>) {
    struct Unpark(std::thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(std::thread::current())).into();
    let mut future = std::pin::pin!(future);
    while future.as_mut().poll(&mut std::task::Context::from_waker(&waker)).is_pending() {
        std::thread::park();
    }
}

#[tokio::test]
async fn two_environments_draw_different_uids() {
    let (one, two) = (rt::env(), rt::env());
    assert_ne!(one.uid(), two.uid());
    assert_ne!(one.rng("x").next_u64(), two.rng("x").next_u64());
}
