//! What the scheduler's task, the informers' handlers and the handles share.

use super::handle::Tally;
use super::meter::Meter;
use super::permit::Permits;
use super::profiles::Profiles;
use crate::explain::Why;
use crate::framework::ClusterEvent;
use crate::guard::Basis;
use crate::queue::{Queue, QueueConfig};
use crate::snapshot::Snapshot;
use kube_core::env::{Env, Mono};
use kube_core::metrics::Metrics;
use kube_core::resource::ObjectKey;
use kube_store::client::events::Recorder;
use kube_store::service::ObjectService;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

pub(super) struct Shared {
    pub(super) name: Arc<str>,
    pub(super) env: Env,
    pub(super) service: Arc<dyn ObjectService>,
    pub(super) profiles: Profiles,
    pub(super) recorder: Recorder,
    pub(super) meter: Meter,
    pub(super) permits: Permits,
    /// Told whenever the queue may have become ready, or its next deadline has moved.
    pub(super) changed: Notify,
    state: Mutex<State>,
}

pub(super) struct State {
    pub(super) cluster: Snapshot,
    pub(super) queue: Queue,
    /// Why the last attempt of each waiting pod found no node.
    pub(super) whys: BTreeMap<ObjectKey, Why>,
    pub(super) tally: Tally,
    /// Pods that cannot be read and are to be told why; at most one entry for each that there is.
    pub(super) malformed: BTreeMap<ObjectKey, String>,
    /// Under which name it binds ([`Basis::by`]): a new one whenever it does not know what became of a binding.
    pub(super) binder: Arc<str>,
}

impl Shared {
    pub(super) fn new(
        service: Arc<dyn ObjectService>,
        name: Arc<str>,
        profiles: Profiles,
        queue: QueueConfig,
        (recorder, metrics): (Recorder, Option<Arc<dyn Metrics>>),
    ) -> Self {
        let meter = Meter::new(metrics, &profiles);
        let state = State {
            cluster: Snapshot::new(),
            queue: Queue::with_profiles(queue, profiles.0.iter()),
            whys: BTreeMap::new(),
            tally: Tally::default(),
            malformed: BTreeMap::new(),
            binder: Basis::invent(service.env()),
        };
        Self {
            name,
            env: service.env().clone(),
            service,
            profiles,
            recorder,
            meter,
            permits: Permits::default(),
            changed: Notify::new(),
            state: Mutex::new(state),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // Plugins are guarded wherever they are called, so that a panic cannot leave the state half-written.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something happened that may help pods.
    pub(super) fn happened(&self, event: &ClusterEvent) {
        if self.state().event(&self.profiles, event, self.env.now()) > 0 {
            self.changed.notify_one();
        }
    }

    pub(super) fn next_deadline(&self) -> Option<Mono> {
        self.state().queue.next_deadline()
    }
}

impl State {
    /// Wakes the pods that `event` helps; returns how many.
    pub(super) fn event(&mut self, profiles: &Profiles, event: &ClusterEvent, now: Mono) -> usize {
        let Self { cluster, queue, .. } = self;
        queue.event(event, now, |pod| {
            profiles.of(pod.view()).is_none_or(|engine| engine.may_fit(cluster, pod, Some(event)))
        })
    }

    /// The pod needs no node any more.
    pub(super) fn settled(&mut self, key: &ObjectKey, now: Mono) {
        self.queue.remove(key, now);
        self.whys.remove(key);
        self.cluster.unnominate(key);
    }
}
