//! A controller at work.

use super::health::{Health, Phase};
use super::worker::work;
use super::{Shared, Wire};
use crate::runtime::context::Listers;
use crate::runtime::reconciler::AnyReconciler;
use async_trait::async_trait;
use futures::future::{Either, pending, select, select_all, try_join_all};
use kube_core::error::ApiError;
use kube_store::client::{Component, StopToken, TaskSet};
use kube_store::informer::Informers;
use kube_store::mutant::{self, Mutant};
use kube_store::storage::Revision;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;

/// A controller with its informers: a [`Component`].
///
/// When told to stop it finishes the reconciles under way and begins no more: what is left is found again at the next
/// start.
pub struct BoundController {
    pub(super) shared: Arc<Shared>,
    pub(super) informers: Informers,
    pub(super) workers: usize,
    pub(super) wires: Vec<Box<dyn Wire>>,
    pub(super) reconciler: Arc<dyn AnyReconciler>,
    /// What the informers have to show before it begins.
    pub(super) after: Option<Revision>,
}

impl BoundController {
    /// Asks how it is, also while it runs and afterwards.
    pub fn health(&self) -> Health {
        Health(self.shared.clone())
    }
}

#[async_trait]
impl Component for BoundController {
    fn name(&self) -> &str {
        self.shared.name()
    }

    async fn run(self: Box<Self>, stop: StopToken) -> Result<(), ApiError> {
        let shared = self.shared.clone();
        for wire in self.wires {
            wire.connect(&self.informers, &shared);
        }
        hear_of_relists(&shared);
        let result = match until_synced(shared.listers(), self.after, &stop).await {
            Ok(true) => operate(&shared, self.workers, &self.reconciler, &stop).await,
            other => other.map(|_| ()),
        };
        shared.books().phase = Phase::Stopped;
        result
    }
}

impl fmt::Debug for BoundController {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoundController").field("health", &self.health()).finish_non_exhaustive()
    }
}

/// Tells the controller when an informer has lost a stretch of history.
fn hear_of_relists(shared: &Arc<Shared>) {
    for (index, informer) in shared.listers().all().iter().enumerate() {
        // The informer outlives the controller: it must not keep it.
        let shared = Arc::downgrade(shared);
        informer.on_relist_while(Box::new(move |relist| {
            let Some(shared) = shared.upgrade().filter(|shared| !shared.is_over()) else { return false };
            shared.relisted(index, *relist);
            true
        }));
    }
}

/// Waits for the first state of every informer, and until it is as new as `after`. False when told to stop before.
async fn until_synced(
    listers: &Listers,
    after: Option<Revision>,
    stop: &StopToken,
) -> Result<bool, ApiError> {
    if mutant::is(Mutant::StartsUnsynced) {
        return Ok(true);
    }
    let synced = try_join_all(listers.all().iter().map(|informer| async move {
        informer.synced().await?;
        match after {
            Some(revision) => informer.wait_for(revision).await,
            None => Ok(()),
        }
    }));
    match select(pin!(stop.stopped()), synced).await {
        Either::Left(_) => Ok(false),
        Either::Right((result, _)) => result.map(|_| true),
    }
}

/// Runs workers until told to stop, or until the store closes.
async fn operate(
    shared: &Arc<Shared>,
    workers: usize,
    reconciler: &Arc<dyn AnyReconciler>,
    stop: &StopToken,
) -> Result<(), ApiError> {
    shared.books().phase = Phase::Running;
    let tasks = TaskSet::new(shared.service().env().clone());
    for number in 0..workers {
        tasks.spawn(&format!("{}/{number}", shared.name()), work(shared.clone(), reconciler.clone()));
    }
    let cause = until_ended(shared, stop).await;
    shared.queue().abandon();
    shared.work.notify_waiters();
    match cause {
        None => {
            tasks.join_all().await;
            Ok(())
        }
        Some(cause) => {
            tasks.shutdown().await;
            Err(cause)
        }
    }
}

/// Waits until told to stop (`None`), or until an informer ends (why).
async fn until_ended(shared: &Shared, stop: &StopToken) -> Option<ApiError> {
    let (closed, time) = (pin!(closed(shared.listers())), pin!(keep_time(shared)));
    match select(pin!(stop.stopped()), select(closed, time)).await {
        Either::Left(_) => None,
        Either::Right((Either::Left((cause, _)) | Either::Right((cause, _)), _)) => Some(cause),
    }
}

/// Resolves with the cause when an informer ends.
async fn closed(listers: &Listers) -> ApiError {
    if listers.all().is_empty() {
        return pending().await;
    }
    select_all(listers.all().iter().map(|informer| informer.closed())).await.0
}

/// Wakes a worker whenever a delayed key is due. Never ends.
async fn keep_time(shared: &Shared) -> ApiError {
    loop {
        let rescheduled = shared.schedule.notified();
        let next = shared.advance();
        let due = async {
            match next {
                Some(at) => shared.service().env().sleep_until(at).await,
                None => pending().await,
            }
        };
        select(pin!(due), pin!(rescheduled)).await;
    }
}
