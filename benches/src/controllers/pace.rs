//! From a commit to the reconcile that it leads to.

use super::{Spread, World};
use kube_controllers::runtime::{Context, Controller, Error, Outcome, Reconciler, Request};
use kube_core::env::{Env, Mono};
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::ConfigMap;
use kube_core::resource::{ResourceExt, ResourceVersion};
use kube_store::api::Api;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// When a reconcile that saw a version began.
type Began = Arc<Mutex<BTreeMap<ResourceVersion, Mono>>>;

struct Noting(Began);

impl Reconciler for Noting {
    type Resource = ConfigMap;

    async fn reconcile(&self, cx: &Context, request: Request) -> Result<Outcome, Error> {
        let now = cx.env().now();
        if let Some(version) = cx.get::<ConfigMap>(&request.key).and_then(|map| map.resource_version()) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(version).or_insert(now);
        }
        Ok(Outcome::Done)
    }
}

/// Creates `count` objects, one each `pause`, under a controller that does nothing but note the time: from the moment that
/// the write was acknowledged to the one in which the reconcile began.
///
/// # Errors
/// What the store answers.
pub async fn pace(env: &Env, count: usize, pause: Duration) -> Result<Spread, ApiError> {
    let began = Began::default();
    let controller = Controller::builder(Noting(began.clone())).build();
    let world = World::start(env, [controller]);
    let api: Api<ConfigMap> = Api::namespaced(world.objects.clone(), "default");
    let mut committed = Vec::with_capacity(count);
    for n in 0..count {
        let mut map = ConfigMap::default();
        map.metadata.name = Some(format!("map-{n}"));
        let stored = api.create(&map).await?;
        committed.extend(stored.resource_version().map(|version| (version, env.now())));
        env.sleep(pause).await;
    }
    loop {
        let seen = began.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let waits = committed.iter().map(|(version, at)| seen.get(version).map(|begin| begin.since(*at)));
        if let Some(waits) = waits.collect::<Option<Vec<Duration>>>() {
            world.stop().await?;
            return Ok(Spread::of(waits));
        }
        env.sleep(Duration::from_millis(1)).await;
    }
}
