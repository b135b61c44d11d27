//! The scheduler at work on a store: informers feed the snapshot and the queue, decisions become bindings.
//!
//! Thin: every decision is [`Engine`](crate::engine::Engine)'s, every wait the [`Queue`](crate::queue::Queue)'s. One
//! task decides; bindings and reports run beside it inside the same task, up to a limit.

mod act;
mod builder;
mod cause;
mod decide;
mod evict;
mod feed;
mod gang;
mod handle;
mod malformed;
mod meter;
mod others;
mod permit;
mod profiles;
mod shared;

pub use builder::SchedulerBuilder;
pub use handle::{SchedulerHandle, Tally};

use async_trait::async_trait;
use builder::Parts;
use futures::StreamExt;
use futures::future::{Either, select, try_join, try_join_all};
use futures::stream::FuturesUnordered;
use kube_core::env::{BoxFuture, Mono, Rng};
use kube_core::error::ApiError;
use kube_core::view::{NodeView, PodView};
use kube_store::client::events::Recorder;
use kube_store::client::{Component, StopToken};
use kube_store::informer::{Informer, Informers};
use others::Synced;
use shared::Shared;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

/// Binds the pods of its name to nodes until it is told to stop.
pub struct Scheduler {
    shared: Arc<Shared>,
    pods: Informer<PodView>,
    nodes: Informer<NodeView>,
    informers: Informers,
    parallel: usize,
}

impl Scheduler {
    /// A scheduler over `informers` and the store below them.
    pub fn builder(informers: &Informers) -> SchedulerBuilder {
        SchedulerBuilder::new(informers)
    }

    /// A handle that stays useful while the scheduler runs, and after.
    pub fn handle(&self) -> SchedulerHandle {
        SchedulerHandle::new(self.shared.clone())
    }

    fn assemble(parts: Parts) -> Self {
        let Parts { informers, name, profiles, queue, parallel, metrics } = parts;
        let recorder = Recorder::new(informers.service().clone(), &name);
        let shared = Shared::new(informers.service().clone(), name, profiles, queue, (recorder, metrics));
        Self {
            shared: Arc::new(shared),
            pods: informers.informer::<PodView>(),
            nodes: informers.informer::<NodeView>(),
            informers,
            parallel,
        }
    }

    /// Feeds the snapshot and the queue from now on. The informers hold no more than a weak reference, so that a
    /// scheduler that has ended costs nothing.
    fn listen(&self) -> Synced {
        let others = others::listen(&self.shared, &self.informers);
        let shared = Arc::downgrade(&self.shared);
        self.nodes.on_change(move |change| {
            if let Some(shared) = shared.upgrade() {
                shared.node_changed(change);
            }
        });
        let shared = Arc::downgrade(&self.shared);
        self.pods.on_change(move |change| {
            if let Some(shared) = shared.upgrade() {
                shared.pod_changed(change);
            }
        });
        let shared = Arc::downgrade(&self.shared);
        self.pods.on_unreadable(move |pod| {
            if let Some(shared) = shared.upgrade() {
                shared.pod_unreadable(pod);
            }
        });
        others
    }
}

#[async_trait]
impl Component for Scheduler {
    fn name(&self) -> &str {
        &self.shared.name
    }

    async fn run(self: Box<Self>, stop: StopToken) -> Result<(), ApiError> {
        let others = self.listen();
        let mut ends = pin!(self.ends(&stop));
        let synced = try_join(try_join(self.pods.synced(), self.nodes.synced()), try_join_all(others));
        match select(ends.as_mut(), pin!(synced)).await {
            Either::Left((cause, _)) => return cause.map_or(Ok(()), Err),
            Either::Right((synced, _)) => drop(synced?),
        }
        let mut rng = self.shared.env.rng(&self.shared.name);
        let mut acts: Acts = FuturesUnordered::new();
        loop {
            let deadline = self.start(&mut acts, &mut rng);
            if let Some(cause) = self.progress(ends.as_mut(), &mut acts, deadline).await {
                return self.end(cause, acts).await;
            }
        }
    }
}

/// Bindings and reports under way.
type Acts = FuturesUnordered<BoxFuture<'static, ()>>;

impl Scheduler {
    /// Decides pods while there is room for what follows from it. Returns when the queue needs attention again.
    fn start(&self, acts: &mut Acts, rng: &mut Rng) -> Option<Mono> {
        while acts.len() < self.parallel {
            if let Some(malformed) = self.shared.next_malformed() {
                let shared = self.shared.clone();
                acts.push(Box::pin(async move { shared.tell_malformed(malformed).await }));
                continue;
            }
            // Read before the decision: what came meanwhile counts as not seen.
            let seen = self.pods.revision();
            match self.shared.decide(rng, seen) {
                Some(outcome) => acts.push(self.shared.clone().act(outcome, self.pods.clone())),
                None => return self.shared.next_deadline(),
            }
        }
        None
    }

    /// Waits for the end: told to stop, or (`Some`) the informers ended.
    async fn ends(&self, stop: &StopToken) -> Option<ApiError> {
        let closed = async {
            match select(pin!(self.pods.closed()), pin!(self.nodes.closed())).await {
                Either::Left((cause, _)) | Either::Right((cause, _)) => cause,
            }
        };
        match select(pin!(stop.stopped()), pin!(closed)).await {
            Either::Left(_) => None,
            Either::Right((cause, _)) => Some(cause),
        }
    }

    /// Waits until there is something to do; `Some` when it is time to end.
    async fn progress(
        &self,
        mut ends: Pin<&mut impl Future<Output = Option<ApiError>>>,
        acts: &mut Acts,
        deadline: Option<Mono>,
    ) -> Option<Option<ApiError>> {
        let mut changed = pin!(self.shared.changed.notified());
        let mut sleep = deadline.map(|deadline| self.shared.env.sleep_until(deadline));
        poll_fn(move |cx: &mut Context<'_>| {
            if let Poll::Ready(cause) = ends.as_mut().poll(cx) {
                return Poll::Ready(Some(cause));
            }
            let acted = matches!(acts.poll_next_unpin(cx), Poll::Ready(Some(())));
            let woken = changed.as_mut().poll(cx).is_ready();
            let due = sleep.as_mut().is_some_and(|sleep| sleep.as_mut().poll(cx).is_ready());
            if acted || woken || due { Poll::Ready(None) } else { Poll::Pending }
        })
        .await
    }

    /// Finishes what has begun, unless there is no store to finish it on.
    async fn end(&self, cause: Option<ApiError>, mut acts: Acts) -> Result<(), ApiError> {
        if let Some(cause) = cause {
            return Err(cause);
        }
        while acts.next().await.is_some() {}
        Ok(())
    }
}

impl fmt::Debug for Scheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scheduler").field("name", &self.shared.name).finish_non_exhaustive()
    }
}
