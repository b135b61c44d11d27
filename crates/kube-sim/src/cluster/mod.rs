//! A cluster under one seed: an API server over an observed store, and each component in a process of its own.
//!
//! Every component has its own link to the server, its own caches, its own clock and its own random numbers, as it has
//! in a cluster of many machines; so it can be late, cut off, stopped and killed apart from all others.

mod clock;
mod file;
mod handle;
mod link;
mod machine;
mod member;
mod process;
mod relay;
mod store_link;
mod stream;
mod supervisor;

pub use handle::Cluster;

pub(crate) use link::within;
pub(crate) use machine::{Medium, Services};
pub(crate) use member::{Factory, PlaneFactory, Role, Start};

use crate::faults::{Plan, Weather};
use crate::oracle::{Observer, Oracle, SCENARIO};
use kube_core::env::Env;
use kube_core::error::ApiError;
use kube_store::objects::Objects;
use kube_store::storage::Storage;
use link::Crashes;
use machine::Machine;
use member::Member;
use std::fmt;
use std::sync::Arc;

/// Serves one more kind.
pub(crate) type Registration = Arc<dyn Fn(&Objects) + Send + Sync>;

/// Makes the store of a run.
pub(crate) type StorageFactory = Arc<dyn Fn(&Env) -> Arc<dyn Storage> + Send + Sync>;

/// What a cluster is made of.
#[derive(Clone)]
pub(crate) struct Blueprint {
    pub(crate) roles: Vec<Role>,
    pub(crate) services: Services,
}

impl fmt::Debug for Blueprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blueprint").field("roles", &self.roles).finish_non_exhaustive()
    }
}

/// A cluster at work.
pub(crate) struct World {
    /// The true time.
    pub(crate) env: Env,
    machine: Arc<Machine>,
    pub(crate) observer: Arc<Observer>,
    pub(crate) weather: Arc<Weather>,
    pub(crate) plan: Plan,
    crashes: Arc<Crashes>,
    members: Vec<Member>,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("members", &self.members).finish_non_exhaustive()
    }
}

impl World {
    /// The cluster of `blueprint` with the faults of `plan`, not yet started.
    ///
    /// # Panics
    /// When the store does not open, although nothing has gone wrong yet.
    #[expect(clippy::panic, reason = "the failure of a test")]
    pub(crate) fn new(
        env: &Env,
        blueprint: &Blueprint,
        plan: Plan,
        mut oracles: Vec<Box<dyn Oracle>>,
    ) -> Arc<Self> {
        for oracle in &mut oracles {
            oracle.begins(&plan);
        }
        let mut authors: Vec<Arc<str>> = vec![SCENARIO.into()];
        authors.extend(blueprint.roles.iter().map(|role| role.name.clone()));
        let observer = Arc::new(Observer::new(env.clone(), authors, oracles));
        let weather = Arc::new(Weather::new(env.clone(), &plan));
        let machine = Machine::new(env, blueprint.services.clone(), &observer, &weather)
            .unwrap_or_else(|error| panic!("the store does not open: {error}"));
        let members = blueprint.roles.iter().zip(1..);
        let members =
            members.map(|(role, author)| Member::new(role.clone(), author, observer.clone())).collect();
        Arc::new(Self {
            env: env.clone(),
            machine: Arc::new(machine),
            observer,
            weather,
            plan,
            crashes: Arc::default(),
            members,
        })
    }

    /// Creates what every cluster has, starts every component, and lets things go wrong from now on.
    pub(crate) async fn start(self: &Arc<Self>) -> Result<(), ApiError> {
        self.machine.plane().server.ensure_system_namespaces().await?;
        self.supervise();
        for index in 0..self.members.len() {
            self.begin(index)?;
        }
        Ok(())
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.members.iter().position(|member| *member.role.name == *name)
    }

    /// Whether nothing that could hold anything back is in force.
    pub(crate) fn is_calm(&self) -> bool {
        let now = self.env.now();
        let open = self.plan.faults.iter().any(|(_, fault)| fault.is_open(now) && fault.is_bound_to_time());
        !open
            && self.machine.plane().is_up()
            && self.members.iter().all(|member| member.process.is_up() && !member.process.is_paused())
    }

    /// From now on nothing goes wrong any more; whoever is down or stands still goes on.
    pub(crate) fn heal(&self) -> Result<(), ApiError> {
        self.weather.heal();
        self.start_machine();
        for (index, member) in self.members.iter().enumerate() {
            member.process.resume();
            if !member.process.is_up() {
                self.begin(index)?;
            }
        }
        Ok(())
    }

    /// A component that has ended by itself, and why.
    pub(crate) fn ended(&self) -> Option<(Arc<str>, String)> {
        self.members.iter().find_map(|member| {
            let ended = member.result()?;
            let why = ended.err().map_or_else(|| "it was not told to".to_owned(), |error| error.to_string());
            member.process.is_up().then(|| (member.role.name.clone(), why))
        })
    }

    /// Writes and deliveries of each component.
    pub(crate) fn counts(&self) -> Vec<(Arc<str>, u64, u64)> {
        let counts = self.members.iter().map(|member| {
            let (writes, deliveries) = member.process.counts();
            (member.role.name.clone(), writes, deliveries)
        });
        counts.collect()
    }
}
