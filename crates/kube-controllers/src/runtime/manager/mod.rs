//! Several controllers as one component.

use super::controller::{BoundController, Controller, ControllerHealth, Health};
use async_trait::async_trait;
use futures::future::{Either, FutureExt, pending, select, select_all};
use kube_core::env::Env;
use kube_core::error::ApiError;
use kube_store::client::{Component, Running, StopToken};
use kube_store::informer::Informers;
use std::fmt;
use std::pin::pin;

/// Runs controllers over shared informers: starts them in order, stops them in the opposite order, and ends with the
/// cause as soon as one of them ends by itself, which happens when the store closes.
pub struct Manager {
    env: Env,
    controllers: Vec<BoundController>,
}

impl Manager {
    /// Binds `controllers` to `informers`.
    pub fn new(informers: &Informers, controllers: impl IntoIterator<Item = Controller>) -> Self {
        let controllers = controllers.into_iter().map(|controller| controller.bind(informers)).collect();
        Self { env: informers.env().clone(), controllers }
    }

    /// Asks each controller how it is, also while they run and afterwards.
    pub fn health(&self) -> Vec<Health> {
        self.controllers.iter().map(BoundController::health).collect()
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
