//! One control plane on the seeded executor, as it is composed for real: no faults besides the store's delays.

use crate::executor::{Executor, Limits, SimError};
use crate::faults::{Latency, SlowStorage};
use crate::trace::Step;
use kube_core::env::{Env, Mono};
use kube_plane::{ControlPlane, ControlPlaneBuilder};
use kube_store::storage::{KeyRange, ListOptions, MemoryStorage, Storage};
use std::sync::Arc;

/// One simulated run of a composed control plane: a seed, and how slow the world below it is. [`Sim`](crate::Sim) is for
/// faults and oracles.
///
/// ```
/// use kube_node::SimFleet;
/// use kube_sim::Solo;
/// use std::time::Duration;
///
/// let run = || Solo::new(42).run(|world| async move {
///     let plane = world.plane().nodes(SimFleet::new(3)).start().await.unwrap();
///     plane.until(Duration::from_secs(60), |view| view.nodes().len() == 3).await.unwrap();
/// });
/// assert_eq!(run().unwrap().trace_hash, run().unwrap().trace_hash);
/// ```
#[derive(Clone, Debug)]
pub struct Solo {
    seed: u64,
    latency: Latency,
    limits: Limits,
    record: bool,
}

/// What a scenario gets: an environment and a store that are the seed's.
#[derive(Clone, Debug)]
pub struct World {
    env: Env,
    storage: Arc<dyn Storage>,
}

/// How a run went.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Outcome<T> {
    /// What the scenario returned.
    pub value: T,
    /// A hash over every step of every task, and over all that is stored at the end.
    pub trace_hash: u64,
    /// Steps of all tasks.
    pub steps: u64,
    /// Virtual time at the end.
    pub ended_at: Mono,
    /// The steps themselves, where they were recorded.
    pub trace: Vec<Step>,
}

impl Solo {
    /// A run of `seed`, over a store one network hop away.
    pub fn new(seed: u64) -> Self {
        Self { seed, latency: Latency::default(), limits: Limits::default(), record: false }
    }

    /// The same with other delays of the store.
    #[must_use]
    pub fn latency(mut self, latency: Latency) -> Self {
        self.latency = latency;
        self
    }

    /// The same with other limits.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Keeps the steps, to find where two runs part.
    #[must_use]
    pub fn record(mut self) -> Self {
        self.record = true;
        self
    }

    /// Runs `scenario` to its end.
    ///
    /// # Errors
    /// Deadlock, livelock, and the limits.
    pub fn run<T, F>(self, scenario: impl FnOnce(World) -> F) -> Result<Outcome<T>, SimError>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let mut executor = Executor::new(self.seed).with_limits(self.limits);
        if self.record {
            executor = executor.with_recorded_steps();
        }
        let env = executor.env();
        let memory: Arc<dyn Storage> = Arc::new(MemoryStorage::with_env(&env));
        let storage = Arc::new(SlowStorage::new(memory.clone(), env.clone(), self.latency));
        let value = executor.run("scenario", scenario(World { env: env.clone(), storage }))?;
        let mut trace = executor.trace().clone();
        let stored = executor.run("read-back", async move { stored(&*memory).await })?;
        trace.mix(&stored);
        Ok(Outcome {
            value,
            trace_hash: trace.hash(),
            steps: trace.steps(),
            ended_at: env.now(),
            trace: trace.recorded().to_vec(),
        })
    }
}

impl World {
    /// The environment.
    pub fn env(&self) -> &Env {
        &self.env
    }

    /// The store.
    pub fn storage(&self) -> Arc<dyn Storage> {
        self.storage.clone()
    }

    /// A control plane that lives here.
    pub fn plane(&self) -> ControlPlaneBuilder {
        ControlPlane::builder().env(self.env.clone()).shared_storage(self.storage.clone())
    }
}

/// Everything stored, as bytes; a store that was closed has nothing to say.
async fn stored(storage: &dyn Storage) -> Vec<u8> {
    let Ok(page) = storage.list(&KeyRange::all(), &ListOptions::default()).await else { return Vec::new() };
    let mut bytes = Vec::new();
    for item in page.items {
        bytes.extend_from_slice(item.key.as_str().as_bytes());
        bytes.extend_from_slice(&item.mod_revision.get().to_le_bytes());
        bytes.extend_from_slice(&item.value);
    }
    bytes
}
