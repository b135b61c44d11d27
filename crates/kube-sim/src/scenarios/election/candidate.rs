//! One that stands for the election, and works when it has won.

use super::{AT_WORK, DIARY, WORK, config};
use async_trait::async_trait;
use futures::future::{Either, select};
use kube_core::env::{Env, Mono, Rng};
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::ConfigMap;
use kube_store::api::Api;
use kube_store::client::election::Election;
use kube_store::client::{Component, StopToken};
use kube_store::objects::Objects;
use kube_store::service::{Fence, ObjectService, Patch};
use serde_json::json;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

/// How long one that gave up stands aside.
pub(super) const ASIDE: Duration = Duration::from_secs(3);

pub(super) struct Candidate {
    objects: Arc<Objects>,
    name: &'static str,
}

impl Candidate {
    pub(super) fn new(objects: Arc<Objects>, name: &'static str) -> Self {
        Self { objects, name }
    }

    async fn stand(&self, env: &Env, rng: &mut Rng) -> Result<(), ApiError> {
        let election = Election::start(env, self.objects.clone(), config(self.name));
        let election = election.map_err(ApiError::internal)?;
        let maps: Api<ConfigMap> = Api::namespaced(self.objects.clone(), "default");
        loop {
            let fence = election.won().await;
            let weary = env.now() + rng.between(Duration::from_secs(10), Duration::from_mins(1));
            let fenced = maps.clone().fenced(fence.clone());
            while election.fence().as_ref() == Some(&fence) {
                let late = env.now() >= Mono::default() + AT_WORK;
                if !late && env.now() >= weary {
                    election.release().await;
                    // Whoever could not write it has nothing to tell.
                    let _lost = maps.patch(DIARY, &entry(self.name, &fence)).await;
                    env.sleep(ASIDE).await;
                    return Ok(());
                }
                if !late {
                    // Between making up one's mind and writing anything may happen.
                    env.sleep(rng.between(Duration::ZERO, Duration::from_millis(900))).await;
                    // The next one comes soon.
                    let _lost = fenced.patch(WORK, &work(self.name, &fence, env.now())).await;
                }
                let pause = env.sleep(rng.between(Duration::from_millis(200), Duration::from_millis(1200)));
                select(pin!(election.lost(&fence)), pause).await;
            }
        }
    }
}

#[async_trait]
impl Component for Candidate {
    fn name(&self) -> &str {
        self.name
    }

    async fn run(self: Box<Self>, stop: StopToken) -> Result<(), ApiError> {
        let env = self.objects.env().clone();
        let mut rng = env.rng("candidate");
        loop {
            let standing = self.stand(&env, &mut rng);
            match select(pin!(stop.stopped()), pin!(standing)).await {
                Either::Left(_) => return Ok(()),
                Either::Right((stood, _)) => stood?,
            }
        }
    }
}

fn work(name: &str, fence: &Fence, now: Mono) -> Patch {
    let token = fence.revision.to_string();
    Patch::Merge(json!({"data": {"by": name, "token": token, "time": now.nanos().to_string()}}))
}

fn entry(name: &str, fence: &Fence) -> Patch {
    Patch::Merge(json!({"data": {name: fence.revision.to_string()}}))
}
