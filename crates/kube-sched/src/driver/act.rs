//! What follows from a decision: the binding, or telling why there is none.

use super::cause;
use super::cause::Nominated;
use super::decide::{Binding, Outcome, refused};
use super::meter::Ended;
use super::permit::answered;
use super::shared::{Shared, State};
use crate::engine::{ERROR, Laps, Observer, SKIP, SUCCESS};
use crate::explain::Why;
use crate::framework::{BindContext, Bound, ClusterEvent, PluginError, guarded, guarded_async};
use crate::guard::{self, Basis};
use crate::profile::Point;
use crate::queue::QueuedPod;
use futures::future::select;
use kube_core::env::{BoxFuture, Mono};
use kube_core::error::{ApiError, Reason};
use kube_core::view::{KindView, PodView};
use kube_store::client::events::{EventTarget, EventType};
use kube_store::informer::Informer;
use kube_store::storage::Revision;
use std::fmt::Display;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

/// Why a pod was not bound.
#[derive(Clone)]
pub(super) enum Setback {
    Refused(Why),
    /// Another scheduler has bound to the node; this is to be seen first.
    Overtaken(Revision),
    Error(ApiError),
}

impl From<ApiError> for Setback {
    fn from(error: ApiError) -> Self {
        guard::overtaken(&error).map_or(Self::Error(error), Self::Overtaken)
    }
}

impl Shared {
    /// Does what `outcome` asks for.
    pub(super) fn act(self: Arc<Self>, outcome: Outcome, pods: Informer<PodView>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            match outcome {
                Outcome::Bind(binding) => self.bind(&binding, &pods).await,
                Outcome::BindAll(bindings) => self.bind_all(&bindings, &pods).await,
                Outcome::All(outcomes) => {
                    for outcome in outcomes {
                        self.clone().act(outcome, pods.clone()).await;
                    }
                }
                Outcome::Unschedulable { popped, why, displaced } => {
                    self.tell(&popped, cause::UNSCHEDULABLE, &why).await;
                    self.make_room(&popped, &why).await;
                    for pod in displaced {
                        if let Err(error) = cause::withdraw(&self.service, pod.view()).await {
                            // Only told: the next attempt of that pod decides anew.
                            tracing::debug!(pod = %pod.key(), %error, "its nominated node was not taken back");
                        }
                    }
                }
                Outcome::Failed { popped, error } => {
                    self.tell(&popped, cause::SCHEDULER_ERROR, &error).await;
                }
            }
        })
    }

    async fn bind(&self, binding: &Binding, pods: &Informer<PodView>) {
        self.meter.binds(1);
        let tried = self.try_bind(binding).await;
        self.meter.bound(1);
        match tried {
            Ok(()) => self.bound(binding),
            Err(setback) => {
                if let Setback::Overtaken(revision) = setback {
                    self.catch_up(pods, revision).await;
                }
                self.unbound(binding, setback).await;
            }
        }
    }

    /// Waits until the pods that another scheduler has bound are seen; not for ever, as the watch may be late.
    pub(super) async fn catch_up(&self, pods: &Informer<PodView>, revision: Revision) {
        let seen = pin!(pods.wait_for(revision));
        select(seen, self.env.sleep(LONGEST_CATCH_UP)).await;
    }

    async fn try_bind(&self, binding: &Binding) -> Result<(), Setback> {
        self.permitted(&binding.popped, &binding.wait).await?;
        self.prepare(binding).await?;
        self.bind_one(binding).await
    }

    /// Runs `PreBind`.
    pub(super) async fn prepare(&self, binding: &Binding) -> Result<(), ApiError> {
        let Binding { popped, node, basis, .. } = binding;
        let cx = BindContext::new(self.service.clone()).resting_on(basis.clone());
        let watcher = self.watcher(popped);
        let mut laps = Laps::begin(watcher.as_ref().map(|watcher| watcher as &dyn Observer), "PreBind");
        let pre_bind = self.at(popped, Point::PreBind);
        for plugin in pre_bind.filter_map(|plugin| plugin.points.pre_bind.as_ref()) {
            let running = (plugin.name(), "PreBind");
            let done = guarded_async(running, plugin.pre_bind(&cx, &popped.pod, node)).await;
            laps.lap(plugin.name(), if done.is_ok() { SUCCESS } else { ERROR });
            if done.is_err() {
                laps.end(ERROR);
                return done;
            }
        }
        laps.end(SUCCESS);
        Ok(())
    }

    /// Runs `Bind`.
    pub(super) async fn bind_one(&self, binding: &Binding) -> Result<(), Setback> {
        let Binding { popped, node, basis, .. } = binding;
        let cx = BindContext::new(self.service.clone()).resting_on(basis.clone());
        let watcher = self.watcher(popped);
        let mut laps = Laps::begin(watcher.as_ref().map(|watcher| watcher as &dyn Observer), "Bind");
        for plugin in self.at(popped, Point::Bind).filter_map(|plugin| plugin.points.bind.as_ref()) {
            let bound = guarded_async((plugin.name(), "Bind"), plugin.bind(&cx, &popped.pod, node)).await;
            let status = match &bound {
                Ok(Bound::Done) => SUCCESS,
                Ok(Bound::Skip) => SKIP,
                Err(_) => ERROR,
            };
            laps.lap(plugin.name(), status);
            if status != SKIP {
                laps.end(status);
                return Ok(bound.map(drop)?);
            }
        }
        Err(Setback::Error(ApiError::internal("no plugin of the profile binds this pod")))
    }

    pub(super) async fn permitted(
        &self,
        popped: &QueuedPod,
        wait: &[(&'static str, Duration)],
    ) -> Result<(), Setback> {
        if wait.is_empty() {
            return Ok(());
        }
        let key = popped.pod.key();
        let answer = self.permits.wait(key, wait.iter().map(|(plugin, _)| *plugin).collect());
        let from = self.env.now();
        let refusal = answered(&self.env, answer, wait).await;
        self.meter.waited(refusal.is_none(), (from, self.env.now()));
        self.permits.forget(key);
        match refusal {
            None => Ok(()),
            Some((plugin, reasons)) => {
                Err(Setback::Refused(refused(self.state().cluster.node_count(), plugin, reasons)))
            }
        }
    }

    pub(super) fn bound(&self, Binding { popped, node, begun, .. }: &Binding) {
        self.meter.attempt(popped, Ended::Scheduled, (*begun, self.env.now()));
        {
            let mut state = self.state();
            state.queue.done(popped, self.env.now());
            state.whys.remove(popped.pod.key());
            state.tally.bound += 1;
        }
        let plugins = self.at(popped, Point::PostBind);
        let watcher = self.watcher(popped);
        let mut laps = Laps::begin(watcher.as_ref().map(|watcher| watcher as &dyn Observer), "PostBind");
        for plugin in plugins.filter_map(|plugin| plugin.points.post_bind.as_ref()) {
            if let Err(text) = guarded(|| plugin.post_bind(&popped.pod, node)) {
                tracing::error!(plugin = plugin.name(), text, "post bind must not fail");
            }
            laps.lap(plugin.name(), SUCCESS);
        }
        laps.end(SUCCESS);
        let said = format!("Successfully assigned {} to {node}", popped.pod.key());
        self.recorder.record(&target(popped), EventType::Normal, "Scheduled", &said);
    }

    pub(super) async fn unbound(&self, binding: &Binding, setback: Setback) {
        self.take_back(&[(binding, setback.clone())]);
        self.tell_setback(binding, setback).await;
    }

    /// Frees what the pods were assumed to hold, the last first, and takes them back to the queue: all at once, so that
    /// nobody sees a part of them.
    pub(super) fn take_back(&self, all: &[(&Binding, Setback)]) {
        let mut state = self.state();
        let now = self.env.now();
        for (Binding { popped, node, .. }, _) in all.iter().rev() {
            self.unreserve(&mut state.cluster, popped, node);
            if state.cluster.forget(popped.pod.key()) {
                // Where it would have been there is room again.
                let mut freed = PodView::clone(popped.pod.view());
                freed.spec.node_name = Some(node.clone());
                state.event(&self.profiles, &ClusterEvent::PodDeleted(Arc::new(freed)), now);
            }
        }
        for (binding, setback) in all {
            self.requeue(&mut state, binding, setback, now);
        }
        drop(state);
        self.changed.notify_one();
    }

    fn requeue(&self, state: &mut State, binding: &Binding, setback: &Setback, now: Mono) {
        let Binding { popped, begun, .. } = binding;
        match setback {
            Setback::Overtaken(_) => {
                state.tally.overtaken += 1;
                state.queue.again(popped);
            }
            Setback::Error(error) => {
                if is_uncertain(error) {
                    // The pod may be bound all the same: if so, as by somebody else.
                    state.binder = Basis::invent(&self.env);
                }
                self.meter.attempt(popped, Ended::Error, (*begun, now));
                state.tally.failed += 1;
                state.queue.failed(popped, now);
            }
            Setback::Refused(why) => {
                self.meter.attempt(popped, Ended::Unschedulable, (*begun, now));
                state.tally.failed += 1;
                state.queue.unschedulable(popped, why.rejectors(), now, |_| true);
            }
        }
    }

    pub(super) async fn tell_setback(&self, Binding { popped, .. }: &Binding, setback: Setback) {
        match setback {
            Setback::Overtaken(_) => {}
            Setback::Refused(why) => self.tell(popped, cause::UNSCHEDULABLE, &why).await,
            // A pod that is gone, or was bound by somebody else, needs nothing from us.
            Setback::Error(error) if error.is_not_found() || error.is_conflict() || error.is_closed() => {}
            Setback::Error(error) => {
                let text = format!("binding rejected: {error}");
                self.tell(popped, cause::SCHEDULER_ERROR, &text).await;
            }
        }
    }

    /// Writes the pod's condition and an event.
    async fn tell(
        &self,
        popped: &QueuedPod,
        reason: &'static str,
        what: &(impl Display + Nominating + Sync),
    ) {
        let message = what.to_string();
        self.recorder.record(&target(popped), EventType::Warning, "FailedScheduling", &cut(&message));
        let cause = cause::Cause { reason, message, nominated: what.nominated() };
        if let Err(error) = cause::write(&self.service, popped.pod.view(), &cause).await {
            // Only told, never needed: the next attempt writes again.
            tracing::debug!(pod = %popped.pod.key(), %error, "the pod's condition was not written");
        }
    }
}

/// Whether the request may have been carried out.
fn is_uncertain(error: &ApiError) -> bool {
    matches!(
        error.reason,
        Reason::Timeout | Reason::ServerTimeout | Reason::ServiceUnavailable | Reason::InternalError
    )
}

fn target(popped: &QueuedPod) -> EventTarget {
    EventTarget::with_meta(PodView::kind(), &popped.pod.view().meta)
}

/// What may name a node that room is being made on.
trait Nominating {
    fn nominated(&self) -> Nominated {
        Nominated::Unchanged
    }
}

impl Nominating for Why {
    fn nominated(&self) -> Nominated {
        match &self.nominated {
            Some(node) => Nominated::On(node.clone()),
            None if self.gives_up_room => Nominated::Nowhere,
            None => Nominated::Unchanged,
        }
    }
}

impl Nominating for PluginError {}

impl Nominating for String {}

/// How long a binding waits for a late watch before it is decided again.
const LONGEST_CATCH_UP: Duration = Duration::from_secs(5);

/// The note of an event takes so much.
///
/// Source: `pkg/scheduler` (`truncateMessage`).
fn cut(message: &str) -> String {
    const MOST: usize = 1024;
    const REST: &str = " ...";
    if message.len() <= MOST {
        return message.to_owned();
    }
    let end = message.floor_char_boundary(MOST - REST.len());
    format!("{}{REST}", &message[..end])
}
