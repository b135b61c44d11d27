//! A component of the cluster, over all its lives.

use super::World;
use super::clock::SkewedClock;
use super::link::Link;
use super::process::{Process, ProcessSpawner};
use super::store_link::StoreLink;
use crate::oracle::Observer;
use kube_core::env::{Env, SeededIds};
use kube_core::error::ApiError;
use kube_core::selector::field::FieldSelector;
use kube_store::client::{Component, Running};
use kube_store::informer::Informers;
use kube_store::objects::Objects;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Makes a component, anew for every life.
pub(crate) type Factory = Arc<dyn Fn(&Informers) -> Result<Box<dyn Component>, ApiError> + Send + Sync>;

/// Makes a component that has the store to itself, anew for every life.
pub(crate) type PlaneFactory =
    Arc<dyn Fn(&Arc<Objects>) -> Result<Box<dyn Component>, ApiError> + Send + Sync>;

/// How a life of a component begins.
#[derive(Clone)]
pub(crate) enum Start {
    /// As a client of the API server.
    Client(Factory),
    /// As an API server of its own, beside the others, on the same store.
    Plane(PlaneFactory),
}

/// What a component is in the cluster.
#[derive(Clone)]
pub(crate) struct Role {
    pub(crate) name: Arc<str>,
    /// The zone, for a component that is a node.
    pub(crate) zone: Option<Arc<str>>,
    /// What it watches of a kind (by plural), where that is not everything.
    pub(crate) only: Option<(&'static str, FieldSelector)>,
    pub(crate) start: Start,
}

impl fmt::Debug for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Role").field("name", &self.name).field("zone", &self.zone).finish_non_exhaustive()
    }
}

#[derive(Debug)]
pub(super) struct Member {
    pub(super) role: Role,
    pub(super) process: Arc<Process>,
    life: Mutex<Option<Life>>,
}

/// What is held while a component lives. The fields are dropped in this order.
#[derive(Debug)]
struct Life {
    number: u64,
    running: Running,
    _informers: Option<Informers>,
}

impl Member {
    pub(super) fn new(role: Role, author: usize, observer: Arc<Observer>) -> Self {
        let process = Arc::new(Process::new(role.name.clone(), author, observer));
        Self { role, process, life: Mutex::default() }
    }

    fn swap(&self, life: Option<Life>) -> Option<Life> {
        std::mem::replace(&mut *self.life.lock().unwrap_or_else(PoisonError::into_inner), life)
    }

    /// Lets go of what a component held in a life that is over; of no later one.
    pub(super) fn bury(&self, number: u64) {
        let mut life = self.life.lock().unwrap_or_else(PoisonError::into_inner);
        let over = life.take_if(|life| life.number <= number);
        // What it held may ask for the member when it is dropped.
        drop(life);
        drop(over);
    }

    /// How the component ended, if it has.
    pub(super) fn result(&self) -> Option<Result<(), ApiError>> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner).as_ref()?.running.result()
    }
}

impl World {
    /// Begins the next life of a component.
    pub(super) fn begin(&self, index: usize) -> Result<(), ApiError> {
        let Some(member) = self.members.get(index) else { return Ok(()) };
        drop(member.swap(None));
        let life = member.process.begin();
        let env = self.env_of(member, life);
        let link = Link {
            machine: self.machine.clone(),
            process: member.process.clone(),
            life,
            env: env.clone(),
            base: self.env.clone(),
            weather: self.weather.clone(),
            crashes: self.crashes.clone(),
            only: member.role.only.clone(),
        };
        let (component, informers) = match &member.role.start {
            Start::Client(make) => {
                let informers = Informers::new(Arc::new(link));
                (make(&informers)?, Some(informers))
            }
            Start::Plane(make) => {
                let store = Arc::new(StoreLink::new(link));
                (make(&self.machine.serve(store, &env))?, None)
            }
        };
        let running = Running::start(&env, component);
        drop(member.swap(Some(Life { number: life, running, _informers: informers })));
        Ok(())
    }

    /// The environment of one life: its own clock, tasks, ids and random numbers.
    fn env_of(&self, member: &Member, life: u64) -> Env {
        let name = &member.role.name;
        let seed = self.env.rng(&format!("process/{name}/{life}")).next_u64();
        let clock = Arc::new(SkewedClock::new(self.env.clone(), &self.plan, name));
        let spawner = ProcessSpawner { base: self.env.clone(), process: member.process.clone(), life };
        Env::new(clock, Arc::new(spawner), Arc::new(SeededIds::new(seed)), seed)
    }
}
