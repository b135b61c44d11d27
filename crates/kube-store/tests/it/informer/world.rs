//! One thread, a clock that moves when nothing else can: enough of a world to run tasks without a runtime.

use kube_core::env::{Abort, BoxFuture, Env, ManualClock, SeededIds, Spawner, TaskHandle};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// Runs tasks in the order of their start.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) env: Env,
    clock: Arc<ManualClock>,
    pool: Pool,
}

#[derive(Clone, Debug, Default)]
struct Pool(Arc<Mutex<Tasks>>);

#[derive(Default)]
struct Tasks {
    running: BTreeMap<u64, Task>,
    next: u64,
}

impl std::fmt::Debug for Tasks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} tasks", self.running.len())
    }
}

struct Task {
    /// Absent while it is polled.
    future: Option<BoxFuture<'static, ()>>,
    woken: Arc<Woken>,
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl World {
    pub(crate) fn new() -> Self {
        let start = "2026-01-01T00:00:00Z".parse().unwrap();
        let clock = Arc::new(ManualClock::new(start));
        let pool = Pool::default();
        let env = Env::new(clock.clone(), Arc::new(pool.clone()), Arc::new(SeededIds::new(7)), 7);
        Self { env, clock, pool }
    }

    /// Runs tasks until none can go on without time passing.
    pub(crate) fn run(&self) {
        while self.pool.step() {}
    }

    /// Lets time pass in which nothing runs.
    pub(crate) fn leap(&self, duration: Duration) {
        self.clock.advance(duration);
    }

    /// Lets time pass in small steps, running tasks in between.
    pub(crate) fn pass(&self, duration: Duration) {
        let step = Duration::from_millis(10);
        let mut passed = Duration::ZERO;
        self.run();
        while passed < duration {
            self.clock.advance(step);
            passed += step;
            self.run();
        }
    }

    /// Runs `future` beside the tasks until it is done; time passes when nothing else can happen.
    pub(crate) fn finish<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = std::pin::pin!(future);
        for _ in 0..10_000 {
            let woken = Arc::new(Woken(AtomicBool::new(false)));
            if let Poll::Ready(done) =
                future.as_mut().poll(&mut Context::from_waker(&Waker::from(woken.clone())))
            {
                return done;
            }
            self.run();
            if !woken.0.load(Ordering::SeqCst) {
                self.clock.advance(Duration::from_millis(10));
            }
        }
        panic!("nothing happened for 100 s");
    }

    /// How many tasks run.
    pub(crate) fn tasks(&self) -> usize {
        self.pool.lock().running.len()
    }
}

impl Pool {
    /// Polls every woken task once; whether there was one.
    fn step(&self) -> bool {
        let ids: Vec<u64> = self.lock().running.keys().copied().collect();
        let mut any = false;
        for id in ids {
            any |= self.poll(id);
        }
        any
    }

    fn poll(&self, id: u64) -> bool {
        let (mut future, woken) = {
            let mut tasks = self.lock();
            let Some(task) = tasks.running.get_mut(&id) else { return false };
            if !task.woken.0.swap(false, Ordering::SeqCst) {
                return false;
            }
            let Some(future) = task.future.take() else { return false };
            (future, task.woken.clone())
        };
        let polled = future.as_mut().poll(&mut Context::from_waker(&Waker::from(woken)));
        let mut tasks = self.lock();
        if polled.is_ready() {
            tasks.running.remove(&id);
        } else if let Some(task) = tasks.running.get_mut(&id) {
            task.future = Some(future);
            return true;
        }
        // Finished or aborted meanwhile: what the future holds may look at the pool while it goes.
        drop(tasks);
        drop(future);
        true
    }

    fn lock(&self) -> MutexGuard<'_, Tasks> {
        self.0.lock().unwrap()
    }
}

impl Spawner for Pool {
    fn spawn(&self, _name: &str, task: BoxFuture<'static, ()>) -> TaskHandle {
        let mut tasks = self.lock();
        let id = tasks.next;
        tasks.next += 1;
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        tasks.running.insert(id, Task { future: Some(task), woken });
        TaskHandle::new(AbortOne { pool: self.clone(), id })
    }
}

struct AbortOne {
    pool: Pool,
    id: u64,
}

impl Abort for AbortOne {
    fn abort(&self) {
        let task = self.pool.lock().running.remove(&self.id);
        drop(task);
    }
}
