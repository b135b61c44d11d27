//! Brings a fleet to a control plane: registers nodes, beats, and writes what the fleet reports.

mod heartbeats;
mod objects;
mod register;
mod reports;
mod told;

use crate::fleet::{Fleet, SimFleet};
use crate::machine::{NodePod, Now};
use async_trait::async_trait;
use futures::future::{Either, select};
use kube_core::env::Env;
use kube_core::error::ApiError;
use kube_core::resource::ObjectKey;
use kube_core::view::NodeView;
use kube_store::client::{Component, StopToken};
use kube_store::informer::{Change, Informer, Informers};
use kube_store::service::ObjectService;
use objects::StoredObjects;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use told::Teller;

/// Most writes in one transaction: the object layer's own bound.
const WRITES_PER_TRANSACTION: usize = 64;

/// Wait before a write that failed for a passing reason is tried again.
const RETRY_DELAY: Duration = Duration::from_millis(500);

/// A component that runs a [`SimFleet`].
#[derive(Debug)]
pub struct FleetDriver {
    config: SimFleet,
    service: Arc<dyn ObjectService>,
    pods: Informer<NodePod>,
    /// Read by fleets that beat: a node that was given up has to report again.
    nodes: Option<Informer<NodeView>>,
    objects: Option<StoredObjects>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    fleet: Mutex<Fleet>,
    changed: Notify,
    env: Env,
    teller: Option<Teller>,
}

impl Shared {
    fn fleet(&self) -> MutexGuard<'_, Fleet> {
        // The fleet is a table of independent pods: what a panic left is still a table.
        self.fleet.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Now {
        Now { mono: self.env.now(), wall: self.env.wall_seconds() }
    }

    fn on_change(&self, change: &Change<NodePod>, nodes: Option<&Informer<NodeView>>) {
        let Some(pod) = change.new.as_ref().or(change.old.as_ref()) else { return };
        // A pod of the same name but another uid replaced the old one: that one is gone.
        let replaced = change.old.as_ref().filter(|old| change.new.is_none() || old.meta.uid != pod.meta.uid);
        let name = pod.node.as_deref().filter(|_| change.new.is_some());
        let node = nodes.zip(name).and_then(|(nodes, name)| nodes.get(&ObjectKey::cluster(name)));
        let now = self.now();
        let mut fleet = self.fleet();
        if let Some(old) = replaced {
            fleet.observe(&old.meta.uid, None, now);
        }
        fleet.observe_at(&pod.meta.uid, change.new.as_ref(), node.as_deref(), now);
        drop(fleet);
        self.changed.notify_one();
    }
}

impl FleetDriver {
    /// A driver of `config` that reads and writes through `informers`.
    pub fn new(config: SimFleet, informers: &Informers) -> Self {
        let env = informers.env().clone();
        let mut fleet = Fleet::new(config.clone(), env.rng(&format!("fleet/{}", config.prefix)));
        let objects = config.environments.then(|| StoredObjects::new(informers));
        if let Some(objects) = &objects {
            fleet = fleet.objects(Arc::new(objects.clone()));
        }
        let teller = config.events.then(|| Teller::new(informers.service().clone()));
        let shared = Arc::new(Shared { fleet: Mutex::new(fleet), changed: Notify::new(), env, teller });
        let pods = informers.informer::<NodePod>();
        let nodes = config.beats().then(|| informers.informer::<NodeView>());
        let (listener, at) = (shared.clone(), nodes.clone());
        pods.on_change(move |change| listener.on_change(change, at.as_ref()));
        Self { config, service: informers.service().clone(), pods, nodes, objects, shared }
    }

    async fn prepare(&self) -> Result<(), ApiError> {
        if let Some(objects) = &self.objects {
            objects.synced().await?;
        }
        self.register().await
    }

    async fn work(&self) -> ApiError {
        if let Err(error) = self.prepare().await {
            return error;
        }
        let reports = pin!(self.report_forever());
        let beats = pin!(self.beat_forever());
        let closed = pin!(self.pods.closed());
        match select(select(reports, beats), closed).await {
            Either::Left((Either::Left((error, _)) | Either::Right((error, _)), _))
            | Either::Right((error, _)) => error,
        }
    }
}

#[async_trait]
impl Component for FleetDriver {
    fn name(&self) -> &'static str {
        "fleet"
    }

    async fn run(self: Box<Self>, stop: StopToken) -> Result<(), ApiError> {
        let stopped = pin!(stop.stopped());
        let work = pin!(self.work());
        match select(stopped, work).await {
            Either::Left(_) => Ok(()),
            Either::Right((error, _)) => Err(error),
        }
    }
}
