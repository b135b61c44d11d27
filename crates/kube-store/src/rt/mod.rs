//! The real environment: system clock, tokio tasks, randomness of the operating system.
//!
//! The only module that touches any of these; everything else takes an [`Env`].

use getrandom::fill;
use jiff::Timestamp;
use kube_core::env::{Abort, BoxFuture, Clock, Env, Mono, SeededIds, Spawner, TaskHandle};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;

/// The real environment. Tasks run on the tokio runtime of the caller.
///
/// # Panics
/// Outside a tokio runtime, or when the operating system has no randomness to give.
pub fn env() -> Env {
    env_on(Handle::current())
}

/// The real environment on the given tokio runtime, whose timer must be enabled.
///
/// # Panics
/// When the operating system has no randomness to give.
pub fn env_on(runtime: Handle) -> Env {
    let seed = entropy();
    Env::new(
        Arc::new(SystemClock::new(runtime.clone())),
        Arc::new(TokioSpawner(runtime)),
        Arc::new(SeededIds::new(seed)),
        seed,
    )
}

/// Randomness of the operating system.
pub(crate) fn entropy() -> u64 {
    let mut seed = [0; 8];
    #[expect(clippy::expect_used, reason = "without randomness uids would repeat: nothing safe can go on")]
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the operating system")]
    fill(&mut seed).expect("randomness of the operating system");
    u64::from_le_bytes(seed)
}

/// The clocks of the operating system.
#[derive(Debug)]
pub struct SystemClock {
    #[expect(clippy::disallowed_types, reason = "the one place that reads the clock")]
    start: std::time::Instant,
    runtime: Handle,
}

impl SystemClock {
    /// A clock whose monotonic time begins now, and whose sleeps run on `runtime`.
    pub fn new(runtime: Handle) -> Self {
        #[expect(clippy::disallowed_types, reason = "the one place that reads the clock")]
        let start = std::time::Instant::now();
        Self { start, runtime }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Mono {
        Mono::default() + self.start.elapsed()
    }

    fn wall(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
        Timestamp::now()
    }

    fn sleep_until(&self, deadline: Mono) -> BoxFuture<'static, ()> {
        let duration: Duration = deadline.since(self.now());
        // The timer belongs to the runtime, wherever the future is polled.
        let _inside = self.runtime.enter();
        #[expect(clippy::disallowed_methods, reason = "the one place that sleeps")]
        let sleep = tokio::time::sleep(duration);
        Box::pin(sleep)
    }
}

#[derive(Debug)]
struct TokioSpawner(Handle);

impl Spawner for TokioSpawner {
    fn spawn(&self, _name: &str, task: BoxFuture<'static, ()>) -> TaskHandle {
        TaskHandle::new(TokioTask(self.0.spawn(task)))
    }
}

/// A thread for what blocks.
#[derive(Debug)]
pub(crate) struct Thread(std::thread::JoinHandle<()>);

/// Runs `work`, which may block, beside the caller.
pub(crate) fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<Thread> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map(Thread)
}

impl Thread {
    /// Waits until the thread has ended; called on the thread itself it lets it run on.
    pub(crate) fn join(self) {
        if self.0.thread().id() != std::thread::current().id() {
            // A panic was told of where it happened.
            drop(self.0.join());
        }
    }
}

struct TokioTask(tokio::task::JoinHandle<()>);

impl Abort for TokioTask {
    fn abort(&self) {
        self.0.abort();
    }
}
