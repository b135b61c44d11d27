//! What follows from a decision: the binding, or telling why there is none.

use super::decide::{Outcome, refused};
use super::permit::answered;
use super::{cause, shared::Shared};
use crate::explain::Why;
use crate::framework::{BindContext, Bound, ClusterEvent, PluginError, guarded};
use crate::profile::Point;
use crate::queue::QueuedPod;
use kube_core::env::BoxFuture;
use kube_core::error::ApiError;
use kube_core::view::{KindView, PodView};
use kube_store::client::events::{EventTarget, EventType};
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

/// Why a pod was not bound.
enum Setback {
    Refused(Why),
    Error(ApiError),
}

impl Shared {
    /// Does what `outcome` asks for.
    pub(super) fn act(self: Arc<Self>, outcome: Outcome) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            match outcome {
                Outcome::Bind { popped, node, wait } => self.bind(popped, &node, &wait).await,
                Outcome::Unschedulable { popped, why } => {
                    self.tell(&popped, cause::UNSCHEDULABLE, &why).await;
                    self.make_room(&popped, &why).await;
                }
                Outcome::Failed { popped, error } => {
                    self.tell(&popped, cause::SCHEDULER_ERROR, &error).await;
                }
            }
        })
    }

    async fn bind(&self, popped: QueuedPod, node: &Arc<str>, wait: &[(&'static str, Duration)]) {
        match self.try_bind(&popped, node, wait).await {
            Ok(()) => self.bound(&popped, node),
            Err(setback) => self.unbound(&popped, node, setback).await,
        }
    }

    async fn try_bind(
        &self,
        popped: &QueuedPod,
        node: &str,
        wait: &[(&'static str, Duration)],
    ) -> Result<(), Setback> {
        self.permitted(popped, wait).await?;
        let cx = BindContext::new(self.service.clone());
        let pre_bind = self.at(popped, Point::PreBind);
        for plugin in pre_bind.filter_map(|plugin| plugin.points.pre_bind.as_ref()) {
            plugin.pre_bind(&cx, &popped.pod, node).await.map_err(Setback::Error)?;
        }
        for plugin in self.at(popped, Point::Bind).filter_map(|plugin| plugin.points.bind.as_ref()) {
            match plugin.bind(&cx, &popped.pod, node).await.map_err(Setback::Error)? {
                Bound::Done => return Ok(()),
                Bound::Skip => {}
            }
        }
        Err(Setback::Error(ApiError::internal("no plugin of the profile binds this pod")))
    }

    async fn permitted(&self, popped: &QueuedPod, wait: &[(&'static str, Duration)]) -> Result<(), Setback> {
        if wait.is_empty() {
            return Ok(());
        }
        let key = popped.pod.key();
        let answer = self.permits.wait(key, wait.iter().map(|(plugin, _)| *plugin).collect());
        let refusal = answered(&self.env, answer, wait).await;
        self.permits.forget(key);
        match refusal {
            None => Ok(()),
            Some((plugin, reasons)) => {
                Err(Setback::Refused(refused(self.state().cluster.node_count(), plugin, reasons)))
            }
        }
    }

    fn bound(&self, popped: &QueuedPod, node: &str) {
        {
            let mut state = self.state();
            state.queue.done(popped);
            state.whys.remove(popped.pod.key());
            state.tally.bound += 1;
        }
        let plugins = self.at(popped, Point::PostBind);
        for plugin in plugins.filter_map(|plugin| plugin.points.post_bind.as_ref()) {
            if let Err(text) = guarded(|| plugin.post_bind(&popped.pod, node)) {
                tracing::error!(plugin = plugin.name(), text, "post bind must not fail");
            }
        }
        let said = format!("Successfully assigned {} to {node}", popped.pod.key());
        self.recorder.record(&target(popped), EventType::Normal, "Scheduled", &said);
    }

    /// Frees what the pod was assumed to hold, and takes it back to the queue.
    async fn unbound(&self, popped: &QueuedPod, node: &Arc<str>, setback: Setback) {
        {
            let mut state = self.state();
            self.unreserve(&mut state.cluster, popped, node);
            let now = self.env.now();
            if state.cluster.forget(popped.pod.key()) {
                // Where it would have been there is room again.
                let mut freed = PodView::clone(popped.pod.view());
                freed.spec.node_name = Some(node.clone());
                state.event(&self.profiles, &ClusterEvent::PodDeleted(Arc::new(freed)), now);
            }
            state.tally.failed += 1;
            match &setback {
                Setback::Error(_) => state.queue.failed(popped, now),
                Setback::Refused(why) => state.queue.unschedulable(popped, why.rejectors(), now, |_| true),
            }
        }
        self.changed.notify_one();
        match setback {
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
        let cause = cause::Cause { reason, message, nominated: what.nominated().cloned() };
        if let Err(error) = cause::write(&self.service, popped.pod.view(), &cause).await {
            // Only told, never needed: the next attempt writes again.
            tracing::debug!(pod = %popped.pod.key(), %error, "the pod's condition was not written");
        }
    }
}

fn target(popped: &QueuedPod) -> EventTarget {
    EventTarget::with_meta(PodView::kind(), &popped.pod.view().meta)
}

/// What may name a node that room is being made on.
trait Nominating {
    fn nominated(&self) -> Option<&Arc<str>> {
        None
    }
}

impl Nominating for Why {
    fn nominated(&self) -> Option<&Arc<str>> {
        self.nominated.as_ref()
    }
}

impl Nominating for PluginError {}

impl Nominating for String {}

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
