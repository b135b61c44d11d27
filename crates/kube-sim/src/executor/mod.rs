//! A single-thread executor with virtual time, driven by a seed.
//!
//! The ready tasks stand in an ordered set and the seed picks which runs next; time jumps to the next timer only
//! when nothing is ready. No tokio runtime is involved, so nothing but the seed decides.
//!
//! ```
//! use kube_sim::executor::Executor;
//! use std::time::Duration;
//!
//! let mut executor = Executor::new(7);
//! let env = executor.env();
//! let hour = executor.run("main", async move {
//!     env.sleep(Duration::from_secs(3600)).await; // takes no time
//!     env.now()
//! }).unwrap();
//! assert_eq!(hour.nanos(), 3_600_000_000_000);
//! ```

mod error;
mod shared;
#[cfg(test)]
mod tests;

pub use error::SimError;

use crate::trace::{Step, Trace};
use jiff::Timestamp;
use kube_core::env::{BoxFuture, Env, Mono, Rng, SeededIds};
use shared::{Shared, SimClock, SimSpawner, TaskId, TaskWaker};
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Waker};
use std::time::Duration;

/// How long a run may go on.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Steps (polls of tasks) in all.
    pub steps: u64,
    /// Steps without time moving on: more are a livelock.
    pub steps_at_one_time: u64,
    /// Virtual time in all.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { steps: 50_000_000, steps_at_one_time: 1_000_000, time: Duration::from_hours(30 * 24) }
    }
}

/// Runs tasks one poll at a time, in an order that the seed decides.
#[derive(Debug)]
pub struct Executor {
    shared: Arc<Shared>,
    tasks: BTreeMap<TaskId, Task>,
    picks: Rng,
    trace: Trace,
    limits: Limits,
    env: Env,
}

struct Task {
    name: Arc<str>,
    waker: Waker,
    future: BoxFuture<'static, ()>,
}

impl std::fmt::Debug for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

impl Executor {
    /// An executor for `seed`. Wall time begins at a fixed moment.
    pub fn new(seed: u64) -> Self {
        // Any fixed moment serves; one far from the epoch shows code that takes zero for "never".
        let start = Timestamp::from_second(1_767_225_600).unwrap_or(Timestamp::UNIX_EPOCH);
        let shared = Arc::new(Shared::default());
        let env = Env::new(
            Arc::new(SimClock::new(shared.clone(), start)),
            Arc::new(SimSpawner(shared.clone())),
            Arc::new(SeededIds::new(seed)),
            seed,
        );
        Self {
            shared,
            tasks: BTreeMap::new(),
            picks: Rng::forked(seed, "executor"),
            trace: Trace::new(),
            limits: Limits::default(),
            env,
        }
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Keeps the steps themselves beside their hash, to compare two runs.
    #[must_use]
    pub fn with_recorded_steps(mut self) -> Self {
        self.trace = Trace::recording();
        self
    }

    /// The environment that tasks of this executor live in.
    pub fn env(&self) -> Env {
        self.env.clone()
    }

    /// The trace so far: equal for equal seeds.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Steps so far.
    pub fn steps(&self) -> u64 {
        self.trace.steps()
    }

    /// Runs until `main` ends; other tasks stay as they are.
    ///
    /// # Errors
    /// Deadlock (with the names of the tasks that wait), livelock, and the limits.
    pub fn run<T: Send + 'static>(
        &mut self,
        name: &str,
        main: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, SimError> {
        let result = Arc::new(Mutex::new(None));
        let slot = result.clone();
        self.env.spawn(name, async move {
            let value = main.await;
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
        });
        let mut at_one_time = 0;
        loop {
            if let Some(value) = result.lock().unwrap_or_else(PoisonError::into_inner).take() {
                return Ok(value);
            }
            self.adopt();
            if self.step() {
                at_one_time += 1;
                self.check_limits(at_one_time)?;
            } else {
                at_one_time = 0;
                self.advance()?;
            }
        }
    }

    /// Takes over what was spawned and drops what was aborted since the last step.
    fn adopt(&mut self) {
        let (spawned, aborted) = self.shared.take_changes();
        for (id, name, future) in spawned {
            let waker = Waker::from(Arc::new(TaskWaker { id, shared: self.shared.clone() }));
            self.tasks.insert(id, Task { name, waker, future });
        }
        // Dropped one by one outside any lock: a destructor may wake, spawn or abort.
        for id in aborted {
            drop(self.tasks.remove(&id));
        }
    }

    /// Polls one ready task; false when none is ready.
    fn step(&mut self) -> bool {
        let Some(id) = self.shared.pick(&mut self.picks) else { return false };
        let Some(task) = self.tasks.get_mut(&id) else { return true };
        self.trace.push(&Step { task: id.0, name: task.name.clone(), now: self.shared.now() });
        let waker = task.waker.clone();
        let ended = task.future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
        if ended {
            self.tasks.remove(&id);
        }
        true
    }

    /// Moves time to the next timer.
    fn advance(&mut self) -> Result<(), SimError> {
        if self.shared.has_changes() {
            return Ok(());
        }
        let Some(now) = self.shared.advance() else {
            return Err(SimError::Deadlock { waiting: self.names() });
        };
        if now > Mono::default() + self.limits.time {
            return Err(SimError::TimeLimit { limit: self.limits.time, waiting: self.names() });
        }
        Ok(())
    }

    fn check_limits(&self, at_one_time: u64) -> Result<(), SimError> {
        if at_one_time > self.limits.steps_at_one_time {
            return Err(SimError::Livelock { steps: at_one_time, ready: self.ready_names() });
        }
        if self.trace.steps() > self.limits.steps {
            return Err(SimError::StepLimit { limit: self.limits.steps });
        }
        Ok(())
    }

    fn names(&self) -> Vec<String> {
        self.tasks.values().map(|task| task.name.to_string()).collect()
    }

    fn ready_names(&self) -> Vec<String> {
        let ready = self.shared.ready();
        ready.iter().filter_map(|id| self.tasks.get(id)).map(|task| task.name.to_string()).collect()
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        // Destructors of tasks may spawn or abort others; what they leave behind goes as well.
        while !self.tasks.is_empty() || self.shared.has_changes() {
            self.adopt();
            drop(std::mem::take(&mut self.tasks));
        }
    }
}
