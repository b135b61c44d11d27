//! The controllers of one shard, while its election is won.

use super::{Shard, ShardPhase, Surface};
use crate::runtime::manager::{Manager, Realm};
use async_trait::async_trait;
use futures::future::{Either, pending, select};
use kube_core::error::ApiError;
use kube_store::client::election::Election;
use kube_store::client::{Component, Running, StopToken};
use kube_store::mutant::{self, Mutant};
use kube_store::service::Fence;
use std::pin::pin;
use std::sync::Arc;

/// Stands for the election of one shard, and runs the controllers within its fence. When told to stop it lets what is
/// under way end before it gives the shard up.
pub(super) struct ShardRunner {
    pub(super) surface: Arc<Surface>,
    pub(super) shard: Shard,
}

impl ShardRunner {
    fn controllers(&self, fence: &Fence) -> Running {
        let Surface { informers, make, metrics, .. } = &*self.surface;
        let fence = Some(fence.clone()).filter(|_| !mutant::is(Mutant::WorksUnfenced));
        let realm = Realm { fence, shard: Some(self.shard) };
        let manager = Manager::within(informers, make(), metrics.clone(), &realm);
        Running::start(informers.env(), Box::new(manager))
    }

    /// Runs the controllers as long as the election is won. Gives how they ended, unless it was lost.
    async fn work(
        &self,
        stop: &StopToken,
        election: &Election,
        fence: &Fence,
    ) -> Option<Result<(), ApiError>> {
        let books = &self.surface.books;
        let _held = self.surface.stand(self.shard, ShardPhase::Held, ShardPhase::Waiting);
        books.meters.won.add(1);
        // Dropped at the end, and with it all that still runs: whoever has won since works on the same keys.
        let running = self.controllers(fence);
        let lost = async {
            if mutant::is(Mutant::KeepsLostShards) || mutant::is(Mutant::WorksUnfenced) {
                pending::<()>().await;
            }
            election.lost(fence).await;
        };
        let (mut lost, mut ended) = (pin!(lost), pin!(running.ended()));
        match select(pin!(stop.stopped()), select(lost.as_mut(), ended.as_mut())).await {
            Either::Left(_) => {
                running.stop();
                self.surface.enter(self.shard, ShardPhase::Leaving);
                if !mutant::is(Mutant::HandsOverBusyKeys) {
                    // What does not end in time is refused by the fence.
                    select(ended, lost).await;
                }
                books.meters.given_up.add(1);
                Some(Ok(()))
            }
            Either::Right((Either::Left(_), _)) => {
                books.meters.lost.add(1);
                None
            }
            Either::Right((Either::Right((result, _)), _)) => {
                books.meters.given_up.add(1);
                Some(result)
            }
        }
    }
}

#[async_trait]
impl Component for ShardRunner {
    fn name(&self) -> &'static str {
        "shard"
    }

    async fn run(self: Box<Self>, stop: StopToken) -> Result<(), ApiError> {
        let Surface { objects, sharding, informers, .. } = &*self.surface;
        let _standing = self.surface.stand(self.shard, ShardPhase::Waiting, ShardPhase::Elsewhere);
        let config = sharding.election_of(self.shard);
        let election =
            Election::start(informers.env(), objects.clone(), config).map_err(ApiError::internal)?;
        loop {
            let Either::Right((fence, _)) = select(pin!(stop.stopped()), pin!(election.won())).await else {
                election.release().await;
                return Ok(());
            };
            let over = self.work(&stop, &election, &fence).await;
            if let Some(result) = over {
                election.release().await;
                return result;
            }
        }
    }
}
