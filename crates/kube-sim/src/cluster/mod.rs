//! A cluster under one seed: an API server over an observed store, and each component in a process of its own.
//!
//! Every component has its own link to the server, its own caches, its own clock and its own random numbers, as it has
//! in a cluster of many machines; so it can be late, cut off, stopped and killed apart from all others.

mod clock;
mod handle;
mod link;
mod member;
mod process;
mod relay;
mod stream;
mod supervisor;

pub use handle::Cluster;

pub(crate) use link::within;
pub(crate) use member::{Factory, Role};

use crate::faults::{Latency, Plan, SlowStorage, Weather};
use crate::oracle::{ObservedStorage, Observer, Oracle, SCENARIO};
use kube_core::env::Env;
use kube_core::error::ApiError;
use kube_net::{ServiceAllocation, ServiceRanges};
use kube_sched::guard::NodeGuard;
use kube_store::objects::Objects;
use kube_store::objects::admission::NamespaceLifecycle;
use kube_store::storage::{MemoryStorage, Storage};
use link::Crashes;
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
    pub(crate) kinds: Vec<Registration>,
    pub(crate) storage: Option<StorageFactory>,
    pub(crate) latency: Latency,
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
    pub(crate) server: Arc<Objects>,
    pub(crate) store: Arc<dyn Storage>,
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
    pub(crate) fn new(
        env: &Env,
        blueprint: &Blueprint,
        plan: Plan,
        oracles: Vec<Box<dyn Oracle>>,
    ) -> Arc<Self> {
        let mut authors: Vec<Arc<str>> = vec![SCENARIO.into()];
        authors.extend(blueprint.roles.iter().map(|role| role.name.clone()));
        let observer = Arc::new(Observer::new(env.clone(), authors, oracles));
        let weather = Arc::new(Weather::new(env.clone(), &plan));
        let store: Arc<dyn Storage> = match &blueprint.storage {
            Some(make) => make(env),
            None => Arc::new(MemoryStorage::with_env(env)),
        };
        let watched = ObservedStorage { inner: store.clone(), observer: observer.clone() };
        let slow = SlowStorage::new(Arc::new(watched), env.clone(), blueprint.latency.clone());
        let builder = Objects::builder(Arc::new(slow.in_weather(weather.clone())), env.clone())
            .admission(Arc::new(NamespaceLifecycle))
            .contributor("", "Service", Arc::new(ServiceAllocation::new(ServiceRanges::default())))
            .contributor("", "Pod", Arc::new(NodeGuard))
            .contributor("", "Node", Arc::new(NodeGuard));
        let server = builder.build();
        blueprint.kinds.iter().for_each(|register| register(&server));
        let members = blueprint.roles.iter().zip(1..);
        let members =
            members.map(|(role, author)| Member::new(role.clone(), author, observer.clone())).collect();
        Arc::new(Self {
            env: env.clone(),
            server,
            store,
            observer,
            weather,
            plan,
            crashes: Arc::default(),
            members,
        })
    }

    /// Creates what every cluster has, starts every component, and lets things go wrong from now on.
    pub(crate) async fn start(self: &Arc<Self>) -> Result<(), ApiError> {
        self.server.ensure_system_namespaces().await?;
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
        !open && self.members.iter().all(|member| member.process.is_up() && !member.process.is_paused())
    }

    /// From now on nothing goes wrong any more; whoever is down or stands still goes on.
    pub(crate) fn heal(&self) -> Result<(), ApiError> {
        self.weather.heal();
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
