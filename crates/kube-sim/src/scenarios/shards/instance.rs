//! One that does a part of the work.

use super::{AT_WORK, BY, CONSTANT, DONE, NAME, QUITS, SHARDS, WANTED, entry};
use async_trait::async_trait;
use futures::future::{Either, select};
use kube_controllers::runtime::shards::{ShardedManager, Sharding};
use kube_controllers::runtime::{Context, Controller, Error, Outcome, Reconciler, Request};
use kube_core::env::{Env, Mono, Rng};
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::ConfigMap;
use kube_core::resource::Resource;
use kube_store::client::{Component, Running, StopToken};
use kube_store::informer::Informers;
use kube_store::objects::Objects;
use kube_store::service::{ObjectService, Subresource};
use serde_json::{Value, json};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

/// Does what is wanted, slowly, and tells when it begins and when it has ended. What it has begun it ends.
struct Jobs {
    name: &'static str,
}

impl Reconciler for Jobs {
    type Resource = ConfigMap;

    async fn reconcile(&self, cx: &Context, request: Request) -> Result<Outcome, Error> {
        let Some(map) = cx.get::<ConfigMap>(&request.key) else { return Ok(Outcome::Done) };
        let Some(wanted) = entry(&map, WANTED).filter(|wanted| entry(&map, DONE) != Some(wanted)) else {
            return Ok(Outcome::Done);
        };
        insist(cx, &json!({"data": {BY: self.name}})).await;
        cx.env().sleep(Duration::from_millis(300)).await;
        insist(cx, &json!({"data": {BY: null, DONE: wanted}})).await;
        Ok(Outcome::Done)
    }
}

/// Writes as soon as that is possible. Nobody waits for it whose election is lost.
async fn insist(cx: &Context, data: &Value) {
    let kind = ConfigMap::kind_info();
    while cx.patch_value(kind, cx.key(), Subresource::Main, data.clone()).await.is_err() {
        cx.env().sleep(Duration::from_millis(250)).await;
    }
}

/// A plane that shares the work, leaves after a while, and comes again.
pub(super) struct Instance {
    objects: Arc<Objects>,
    name: &'static str,
}

impl Instance {
    pub(super) fn new(objects: Arc<Objects>, name: &'static str) -> Self {
        Self { objects, name }
    }

    fn identity(&self, env: &Env) -> String {
        let name = self.name;
        if name == CONSTANT { name.to_owned() } else { format!("{name}-{}", env.now().nanos()) }
    }

    fn start(&self, env: &Env) -> Result<Running, ApiError> {
        let informers = Informers::new(self.objects.clone());
        let sharding = Sharding::new(NAME, self.identity(env), SHARDS);
        let name = self.name;
        let make = move || vec![Controller::builder(Jobs { name }).build()];
        let manager = ShardedManager::new(&self.objects, &informers, sharding, make);
        Ok(Running::start(env, Box::new(manager.map_err(ApiError::internal)?)))
    }

    /// Takes part for a while.
    async fn stay(&self, env: &Env, rng: &mut Rng, stop: &StopToken) -> Result<(), ApiError> {
        let running = self.start(env)?;
        let stay = rng.between(Duration::from_secs(15), Duration::from_secs(70));
        let leave = async {
            if is_late(env) && self.name != QUITS {
                return std::future::pending().await;
            }
            env.sleep(stay).await;
        };
        let (stopped, leave) = (pin!(stop.stopped()), pin!(leave));
        if let Either::Right((result, _)) = select(select(stopped, leave), pin!(running.ended())).await {
            return result;
        }
        if self.goes_for_good(env) && rng.chance(0.5) {
            // Without a farewell.
            drop(running);
            return Ok(());
        }
        running.stop();
        running.ended().await
    }

    fn goes_for_good(&self, env: &Env) -> bool {
        self.name == QUITS && is_late(env)
    }
}

fn is_late(env: &Env) -> bool {
    env.now() > Mono::default() + AT_WORK
}

#[async_trait]
impl Component for Instance {
    fn name(&self) -> &str {
        self.name
    }

    async fn run(self: Box<Self>, stop: StopToken) -> Result<(), ApiError> {
        let env = self.objects.env().clone();
        let mut rng = env.rng("instance");
        while !stop.is_stopped() {
            self.stay(&env, &mut rng, &stop).await?;
            if self.goes_for_good(&env) {
                stop.stopped().await;
            }
            select(pin!(stop.stopped()), env.sleep(Duration::from_secs(4))).await;
        }
        Ok(())
    }
}
