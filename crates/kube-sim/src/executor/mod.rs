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

mod alarm;
mod choice;
mod clock;
mod error;
mod shared;
#[cfg(test)]
mod tests;
mod timers;
mod waits;

pub use choice::{Choice, Reorder};
pub use error::{SimError, Waiting};
pub use waits::{Waits, note, waits};

pub(crate) use alarm::Alarm;

use crate::trace::{Step, Trace};
use choice::Chooser;
use clock::SimClock;
use jiff::Timestamp;
use kube_core::env::{BoxFuture, Env, Mono, Rng, SeededIds};
use shared::{Next, Shared, SimSpawner, Spawned, TaskId, TaskWaker};
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

/// When wall time begins, unless something else is said. Any fixed moment serves; one far from the epoch shows code that
/// takes zero for "never".
pub const START: Timestamp = Timestamp::constant(1_767_225_600, 0);

/// Runs tasks one poll at a time, in an order that the seed decides.
#[derive(Debug)]
pub struct Executor {
    shared: Arc<Shared>,
    tasks: Vec<Option<Task>>,
    chooser: Chooser,
    seed: u64,
    trace: Trace,
    limits: Limits,
    at_one_time: u64,
    due: Vec<Waker>,
    env: Env,
}

struct Task {
    number: u64,
    name: Arc<str>,
    waker: Waker,
    begin: Arc<TaskWaker>,
    waits_for: Option<Arc<str>>,
    future: BoxFuture<'static, ()>,
}

impl std::fmt::Debug for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

impl Executor {
    /// An executor for `seed`. Wall time begins at [`START`].
    pub fn new(seed: u64) -> Self {
        Self::beginning(seed, START)
    }

    /// The same whose wall time begins at `start`.
    pub fn beginning(seed: u64, start: Timestamp) -> Self {
        let shared = Arc::new(Shared::default());
        let env = Env::new(
            Arc::new(SimClock::new(shared.clone(), start)),
            Arc::new(SimSpawner(shared.clone())),
            Arc::new(SeededIds::new(seed)),
            seed,
        );
        Self {
            shared,
            tasks: Vec::new(),
            chooser: Chooser::new(Choice::Uniform, Reorder::All, Rng::forked(seed, "executor")),
            seed,
            trace: Trace::new(),
            limits: Limits::default(),
            at_one_time: 0,
            due: Vec::new(),
            env,
        }
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The same with another way to choose the next task. To be said before anything is spawned.
    #[must_use]
    pub fn with_choice(mut self, choice: Choice, reorder: Reorder) -> Self {
        self.chooser = Chooser::new(choice, reorder, Rng::forked(self.seed, "executor"));
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
    /// Deadlock (with the tasks that wait, and for what as far as they said), livelock, and the limits.
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
        loop {
            match self.shared.next(&mut self.chooser) {
                Next::Adopt(spawned, aborted) => self.adopt(spawned, aborted),
                Next::Run(id, now) => {
                    // Only the end of a task can be that of the main one.
                    if self.step(id, now)
                        && let Some(value) = result.lock().unwrap_or_else(PoisonError::into_inner).take()
                    {
                        return Ok(value);
                    }
                    self.at_one_time += 1;
                    self.check_limits()?;
                }
                Next::Idle => {
                    self.at_one_time = 0;
                    self.advance()?;
                }
            }
        }
    }

    /// Takes over what was spawned and drops what was aborted since the last step.
    fn adopt(&mut self, spawned: Vec<Spawned>, aborted: Vec<TaskId>) {
        for Spawned { id, name, waker: begin, future } in spawned {
            if self.tasks.len() <= id.slot {
                self.tasks.resize_with(id.slot + 1, || None);
            }
            self.chooser.adopt(id.slot, &name);
            self.trace.name(id.number, &name);
            let waker = Waker::from(begin.clone());
            let task = Task { number: id.number, name, waker, begin, waits_for: None, future };
            if let Some(place) = self.tasks.get_mut(id.slot) {
                *place = Some(task);
            }
        }
        // Dropped one by one outside any lock: a destructor may wake, spawn or abort.
        for id in aborted {
            drop(self.remove(id));
        }
    }

    fn remove(&mut self, id: TaskId) -> Option<Task> {
        let task = self.tasks.get_mut(id.slot)?.take_if(|task| task.number == id.number)?;
        self.shared.release(id.slot);
        Some(task)
    }

    /// Polls a task, unless it is gone; true when it ended.
    fn step(&mut self, id: TaskId, now: Mono) -> bool {
        let place = self.tasks.get_mut(id.slot).and_then(Option::as_mut);
        let Some(task) = place.filter(|task| task.number == id.number) else { return false };
        if self.trace.is_recording() {
            self.trace.push(&Step { task: id.number, name: task.name.clone(), now });
        } else {
            self.trace.step(id.number, now);
        }
        task.begin.begin();
        let ended = task.future.as_mut().poll(&mut Context::from_waker(&task.waker)).is_ready();
        task.waits_for = waits::take_note();
        if ended {
            drop(self.remove(id));
        }
        ended
    }

    /// Moves time to the next timer.
    fn advance(&mut self) -> Result<(), SimError> {
        let Some(now) = self.shared.advance(&mut self.due) else {
            return Err(SimError::Deadlock { waiting: self.waiting() });
        };
        if now > Mono::default() + self.limits.time {
            return Err(SimError::TimeLimit { limit: self.limits.time, waiting: self.waiting() });
        }
        Ok(())
    }

    fn check_limits(&self) -> Result<(), SimError> {
        if self.at_one_time > self.limits.steps_at_one_time {
            return Err(SimError::Livelock { steps: self.at_one_time, ready: self.ready_names() });
        }
        if self.trace.steps() > self.limits.steps {
            return Err(SimError::StepLimit { limit: self.limits.steps });
        }
        Ok(())
    }

    fn waiting(&self) -> Vec<Waiting> {
        let mut tasks: Vec<&Task> = self.tasks.iter().flatten().collect();
        tasks.sort_by_key(|task| task.number);
        let waiting = tasks.into_iter().map(|task| Waiting {
            task: task.name.to_string(),
            waits_for: task.waits_for.as_ref().map(ToString::to_string),
        });
        waiting.collect()
    }

    fn ready_names(&self) -> Vec<String> {
        let mut ready = self.shared.ready();
        ready.sort_by_key(|id| id.number);
        let tasks = ready.iter().filter_map(|id| self.tasks.get(id.slot)?.as_ref());
        tasks.map(|task| task.name.to_string()).collect()
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        // Destructors of tasks may spawn or abort others; what they leave behind goes as well.
        while !self.tasks.is_empty() || self.shared.has_changes() {
            let (spawned, aborted) = self.shared.take_changes();
            self.adopt(spawned, aborted);
            drop(std::mem::take(&mut self.tasks));
        }
    }
}
