//! An executor for one thread whose tasks run only when the test lets them, so that a program repeats.

use kube_core::env::{Abort, BoxFuture, Env, ManualClock, SeededIds, Spawner, TaskHandle};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

/// How often a sleeping test looks again, and how often before it calls a store stuck.
const NAP: Duration = Duration::from_millis(20);
const NAPS: usize = 3000;

/// Tasks, a clock, and the thread that runs both.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) env: Env,
    pub(crate) clock: Arc<ManualClock>,
    tasks: Arc<Tasks>,
    naps: usize,
}

/// The tasks that were spawned.
#[derive(Default)]
struct Tasks(Mutex<Vec<Task>>);

struct Task {
    future: BoxFuture<'static, ()>,
    flag: Arc<Flag>,
}

/// Whether somebody asked for another poll, and whom that wakes.
struct Flag {
    asked: AtomicBool,
    thread: Thread,
}

impl Flag {
    fn new() -> Arc<Self> {
        Arc::new(Self { asked: AtomicBool::new(true), thread: std::thread::current() })
    }

    fn take(&self) -> bool {
        self.asked.swap(false, Ordering::SeqCst)
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.asked.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}

impl std::fmt::Debug for Tasks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tasks")
    }
}

impl Spawner for Tasks {
    fn spawn(&self, _name: &str, future: BoxFuture<'static, ()>) -> TaskHandle {
        self.0.lock().unwrap().push(Task { future, flag: Flag::new() });
        TaskHandle::new(Forever)
    }
}

struct Forever;

impl Abort for Forever {
    fn abort(&self) {}
}

impl Stage {
    /// An empty stage on the thread of the caller.
    pub(crate) fn new() -> Self {
        let clock = Arc::new(ManualClock::new(jiff::Timestamp::UNIX_EPOCH));
        let tasks: Arc<Tasks> = Arc::default();
        let env = Env::new(clock.clone(), tasks.clone(), Arc::new(SeededIds::new(1)), 1);
        Self { env, clock, tasks, naps: NAPS }
    }

    /// One that does not wait for threads: a quiet moment is the end. For stores that have none.
    pub(crate) fn without_threads() -> Self {
        Self { naps: 1, ..Self::new() }
    }

    /// What `future` comes to, with the tasks running beside it; `None` when nothing moves any more.
    ///
    /// A store may have threads of its own, so that a quiet moment is not yet the end: it is waited for, some
    /// seconds and no longer.
    pub(crate) fn run<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let flag = Flag::new();
        let waker = Waker::from(flag.clone());
        let mut future = pin!(future);
        let mut naps = 0;
        while naps < self.naps {
            let mut moved = self.run_tasks();
            if flag.take() {
                if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                    return Some(value);
                }
                moved = true;
            }
            if moved {
                naps = 0;
            } else {
                naps += 1;
                self.nap();
            }
        }
        None
    }

    /// Runs the tasks until `done`; tells whether it came to that.
    pub(crate) fn settle(&self, done: impl Fn() -> bool) -> bool {
        let mut naps = 0;
        loop {
            if done() {
                return true;
            }
            if self.run_tasks() {
                naps = 0;
            } else if naps < self.naps {
                naps += 1;
                self.nap();
            } else {
                return false;
            }
        }
    }

    fn nap(&self) {
        if self.naps > 1 {
            std::thread::park_timeout(NAP);
        }
    }

    /// Polls every task that asked for it once; tells whether one did.
    fn run_tasks(&self) -> bool {
        // Taken out while they run: a task may spawn another.
        let mut tasks = std::mem::take(&mut *self.tasks.0.lock().unwrap());
        let mut moved = false;
        tasks.retain_mut(|task| {
            if !task.flag.take() {
                return true;
            }
            moved = true;
            let waker = Waker::from(task.flag.clone());
            task.future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending()
        });
        self.tasks.0.lock().unwrap().extend(tasks);
        moved
    }
}
