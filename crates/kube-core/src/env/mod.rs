//! Time, randomness, ids, sleeping and spawning: the only way in.
//!
//! Components hold an [`Env`] and nothing else that is ambient, so the same code runs on real threads and, with a
//! seeded environment, in a simulation that repeats byte by byte. The real implementation lives in
//! `kube_store::rt`, the simulated one in `kube_sim`; [`ManualClock`] serves tests that need neither.

mod clock;
mod ids;
mod rng;
mod spawn;
#[cfg(test)]
mod tests;

pub use clock::{Clock, ManualClock, Mono};
pub use ids::{IdSource, SeededIds};
pub use rng::Rng;
pub use spawn::{Abort, NoTasks, Spawner, TaskHandle};

use crate::resource::Uid;
use jiff::Timestamp;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// A boxed future that can move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Clock, spawner, ids and seed of the world a component lives in. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Env(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    clock: Arc<dyn Clock>,
    spawner: Arc<dyn Spawner>,
    ids: Arc<dyn IdSource>,
    seed: u64,
}

impl Env {
    /// An environment of these parts. `seed` feeds every stream of [`Env::rng`].
    pub fn new(clock: Arc<dyn Clock>, spawner: Arc<dyn Spawner>, ids: Arc<dyn IdSource>, seed: u64) -> Self {
        Self(Arc::new(Parts { clock, spawner, ids, seed }))
    }

    /// An environment with a clock that stands still until it is told to move, seeded ids, and no tasks: for
    /// tests and benches of code that neither sleeps nor spawns.
    pub fn manual(seed: u64) -> (Self, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
        let env = Self::new(clock.clone(), Arc::new(NoTasks), Arc::new(SeededIds::new(seed)), seed);
        (env, clock)
    }

    /// The same environment with another clock: a component whose clock is skewed.
    #[must_use]
    pub fn with_clock(&self, clock: Arc<dyn Clock>) -> Self {
        Self::new(clock, self.0.spawner.clone(), self.0.ids.clone(), self.0.seed)
    }

    /// The same environment with another spawner: a component whose tasks are counted or killed apart.
    #[must_use]
    pub fn with_spawner(&self, spawner: Arc<dyn Spawner>) -> Self {
        Self::new(self.0.clock.clone(), spawner, self.0.ids.clone(), self.0.seed)
    }

    /// Monotonic time.
    pub fn now(&self) -> Mono {
        self.0.clock.now()
    }

    /// Wall time.
    pub fn wall(&self) -> Timestamp {
        self.0.clock.wall()
    }

    /// Wall time cut to seconds, as API objects store it.
    pub fn wall_seconds(&self) -> Timestamp {
        let now = self.wall();
        Timestamp::from_second(now.as_second()).unwrap_or(now)
    }

    /// Resolves at `deadline`.
    pub fn sleep_until(&self, deadline: Mono) -> BoxFuture<'static, ()> {
        self.0.clock.sleep_until(deadline)
    }

    /// Resolves after `duration`.
    pub fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.sleep_until(self.now() + duration)
    }

    /// Runs `task` beside the caller. `name` appears in traces and in deadlock reports.
    ///
    /// Dropping the handle leaves the task running.
    pub fn spawn(&self, name: &str, task: impl Future<Output = ()> + Send + 'static) -> TaskHandle {
        self.0.spawner.spawn(name, Box::pin(task))
    }

    /// A stream of random numbers for the component `name`: streams are independent, so that a new draw in one
    /// does not shift another.
    pub fn rng(&self, name: &str) -> Rng {
        Rng::forked(self.0.seed, name)
    }

    /// A fresh uid.
    pub fn uid(&self) -> Uid {
        self.0.ids.uid()
    }

    /// A fresh suffix of five characters, as `generateName` appends it.
    pub fn suffix(&self) -> String {
        self.0.ids.suffix()
    }
}
