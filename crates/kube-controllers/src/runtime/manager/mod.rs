//! Several controllers as one component.

use super::controller::{BoundController, Controller, ControllerHealth, Health, Phase, Surroundings};
use super::history::{History, Why};
use super::shards::Shard;
use async_trait::async_trait;
use futures::future::{Either, FutureExt, pending, select, select_all};
use kube_core::env::Env;
use kube_core::error::ApiError;
use kube_core::metrics::{Discard, Metrics};
use kube_core::resource::{KindInfo, ObjectKey};
use kube_store::client::{Component, Running, StopToken};
use kube_store::informer::Informers;
use kube_store::service::{Fence, Fenced, ObjectService};
use std::fmt;
use std::pin::pin;
use std::sync::Arc;

/// Runs controllers over shared informers: starts them in order, stops them in the opposite order, and ends with the
/// cause as soon as one of them ends by itself, which happens when the store closes.
pub struct Manager {
    env: Env,
    controllers: Vec<BoundController>,
    history: Arc<History>,
}

impl Manager {
    /// Binds `controllers` to `informers`.
    pub fn new(informers: &Informers, controllers: impl IntoIterator<Item = Controller>) -> Self {
        Self::with_metrics(informers, controllers, Arc::new(Discard))
    }

    /// As [`Manager::new`], counting in `metrics`, by the names that controller-runtime and client-go give.
    pub fn with_metrics(
        informers: &Informers,
        controllers: impl IntoIterator<Item = Controller>,
        metrics: Arc<dyn Metrics>,
    ) -> Self {
        Self::within(informers, controllers, metrics, &Realm::default())
    }

    /// As [`Manager::new`], for who won the election of `fence`: whatever the controllers write is refused once somebody
    /// else has won, and they begin when the informers show all that was written before.
    pub fn fenced(
        informers: &Informers,
        controllers: impl IntoIterator<Item = Controller>,
        fence: Fence,
    ) -> Self {
        Self::within(informers, controllers, Arc::new(Discard), &Realm { fence: Some(fence), shard: None })
    }

    /// Binds those of `controllers` that have something to do in `realm`.
    pub(super) fn within(
        informers: &Informers,
        controllers: impl IntoIterator<Item = Controller>,
        metrics: Arc<dyn Metrics>,
        realm: &Realm,
    ) -> Self {
        let history = Arc::default();
        let surroundings = Surroundings {
            service: realm.service(informers.service()),
            history: Arc::clone(&history),
            metrics,
            shard: realm.shard,
            after: realm.fence.as_ref().map(|fence| fence.revision),
        };
        let bind = |controller: Controller| controller.bind_in(informers, &surroundings);
        let controllers = controllers.into_iter().filter(|controller| realm.has_work_for(controller));
        let controllers = controllers.map(bind).collect();
        Self { env: informers.env().clone(), controllers, history }
    }

    /// Asks each controller how it is, also while they run and afterwards.
    pub fn health(&self) -> Vec<Health> {
        self.controllers.iter().map(BoundController::health).collect()
    }

    /// Asks all of them, also while they run and afterwards.
    pub fn handle(&self) -> ManagerHandle {
        ManagerHandle { health: self.health().into(), history: self.history.clone() }
    }
}

/// What part of the work controllers do, and in whose name. All of it in nobody's, unless told.
#[derive(Clone, Debug, Default)]
pub(super) struct Realm {
    pub(super) fence: Option<Fence>,
    pub(super) shard: Option<Shard>,
}

impl Realm {
    fn service(&self, service: &Arc<dyn ObjectService>) -> Arc<dyn ObjectService> {
        match &self.fence {
            Some(fence) => Arc::new(Fenced::new(service.clone(), fence.clone())),
            None => service.clone(),
        }
    }

    fn has_work_for(&self, controller: &Controller) -> bool {
        controller.is_of_namespaces() || self.shard.is_none_or(Shard::holds_cluster)
    }
}

/// Asks the controllers of a [`Manager`]. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ManagerHandle {
    health: Arc<[Health]>,
    history: Arc<History>,
}

impl ManagerHandle {
    /// Whether there are no controllers.
    pub fn is_empty(&self) -> bool {
        self.health.is_empty()
    }

    /// How each controller is now.
    pub fn health(&self) -> Vec<ControllerHealth> {
        self.health.iter().map(Health::now).collect()
    }

    /// Whether every controller has its first state and is at work.
    pub fn is_ready(&self) -> bool {
        self.health.iter().all(|health| health.phase() == Phase::Running)
    }

    /// Whether no controller has ended.
    pub fn is_alive(&self) -> bool {
        self.health.iter().all(|health| health.phase() != Phase::Stopped)
    }

    /// Why the object is as it is: which controller wrote it last, for what reason, and where that came from. `None`
    /// when no controller of this manager wrote it, or that was so many writes ago that it was forgotten.
    pub fn why(&self, kind: &KindInfo, key: &ObjectKey) -> Option<Why> {
        self.history.why(kind, key)
    }
}

#[async_trait]
impl Component for Manager {
    fn name(&self) -> &'static str {
        "controllers"
    }

    async fn run(self: Box<Self>, stop: StopToken) -> Result<(), ApiError> {
        let env = self.env;
        let start = |controller| Running::start(&env, Box::new(controller));
        let running: Vec<Running> = self.controllers.into_iter().map(start).collect();
        let ended = async {
            if running.is_empty() {
                return pending().await;
            }
            select_all(running.iter().map(|controller| controller.ended().boxed())).await.0
        };
        let result = match select(pin!(stop.stopped()), pin!(ended)).await {
            Either::Left(_) => Ok(()),
            Either::Right((result, _)) => result,
        };
        for controller in running.iter().rev() {
            controller.stop();
            // The first cause is the one to tell.
            let _later = controller.ended().await;
        }
        result
    }
}

impl fmt::Debug for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let health: Vec<ControllerHealth> = self.health().iter().map(Health::now).collect();
        f.debug_struct("Manager").field("controllers", &health).finish_non_exhaustive()
    }
}
