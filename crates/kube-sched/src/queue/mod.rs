//! Pods that wait for a node: which is next, which waits for what.
//!
//! Pure: time is an argument, nothing sleeps. A pod is in one place at a time:
//!
//! ```text
//!            ┌────────────── an event that may help ──────────────┐
//! add ──▶ active ──pop──▶ in flight ──unschedulable──▶ unschedulable
//!   │       ▲                │  │ └──failed──▶ backoff ◀── the same, too early
//!   ▼       └── time ◀───────│──┼───────────────┘
//! gated                 binding │
//!                            └──┴──done──▶ gone
//! ```
//!
//! # Invariants
//! - No wake-up is lost: an event that arrives while a pod is in flight is asked about when the pod comes back.
//! - An event costs by the pods whose rejecting plugins listen to it, not by the pods that wait.
//!
//! Source: `pkg/scheduler/backend/queue`.

mod entry;
mod events;
mod groups;
mod in_flight;
mod policy;
mod waiting;

#[cfg(test)]
mod prop_tests;
#[cfg(test)]
mod tests;

pub use entry::{Pending, Place, QueuedPod};
pub use groups::{Gang, GroupPolicy};
pub use policy::QueueConfig;

use crate::engine::Engine;
use crate::framework::{PodInfo, Reasons};
use crate::plugins::gang_scheduling;
use entry::Entry;
use groups::Groups;
use in_flight::InFlight;
use kube_core::env::Mono;
use kube_core::resource::ObjectKey;
pub(crate) use policy::DEFAULT_NAME;
use policy::Policy;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use waiting::Waiting;

/// The queue of pods without a node.
#[derive(Debug)]
pub struct Queue {
    config: QueueConfig,
    policy: Policy,
    pods: BTreeMap<ObjectKey, Entry>,
    waiting: Waiting,
    in_flight: InFlight,
    groups: Groups,
    tickets: u64,
    gated: usize,
    /// How many pods came to which queue by which event, since somebody asked.
    incoming: BTreeMap<Arrival, u64>,
}

/// The queue that a pod came to, and the event that brought it, in kube-scheduler's words.
pub(crate) type Arrival = (&'static str, &'static str);

impl Queue {
    /// An empty queue, ordered, gated and woken by the plugins of `engine`.
    pub fn new(config: QueueConfig, engine: &Engine) -> Self {
        let name = DEFAULT_NAME.into();
        Self::with_profiles(config, std::iter::once((&name, engine)))
    }

    /// An empty queue for the pods of several profiles, by name. It is ordered by the first that orders it.
    pub fn with_profiles<'e>(
        config: QueueConfig,
        engines: impl Iterator<Item = (&'e Arc<str>, &'e Engine)>,
    ) -> Self {
        Self {
            config,
            policy: Policy::new(engines),
            pods: BTreeMap::new(),
            waiting: Waiting::default(),
            in_flight: InFlight::default(),
            groups: Groups::default(),
            tickets: 0,
            gated: 0,
            incoming: BTreeMap::new(),
        }
    }

    /// Adds a pod, or takes note of its change. A pod of another uid under the same key starts anew.
    pub fn add(&mut self, pod: Arc<PodInfo>, now: Mono) {
        let key = pod.key().clone();
        let pod = self.ranked(pod);
        match self.pods.get(&key) {
            Some(entry) if entry.pod.uid() == pod.uid() => self.update(&key, pod, now),
            Some(_) => {
                self.remove(&key, now);
                self.enter(&key, pod, now);
            }
            None => self.enter(&key, pod, now),
        }
    }

    /// Takes a pod out, wherever it is.
    pub fn remove(&mut self, key: &ObjectKey, now: Mono) {
        if let Some(entry) = self.pods.remove(key) {
            self.leave(key, &entry);
            if let Some(group) = self.groups.leave(&entry.pod) {
                self.stir(&group, now);
            }
        }
    }

    /// The next pod, which is in flight from now on: [`Queue::binding`], [`Queue::done`], [`Queue::unschedulable`] or
    /// [`Queue::failed`] must follow.
    pub fn pop(&mut self, now: Mono) -> Option<QueuedPod> {
        self.tick(now);
        let key = self.waiting.pop(self.config.pop_from_backoff)?;
        self.take_out(&key)
    }

    /// The pod is in flight from now on; it was in none of the sets any more.
    fn take_out(&mut self, key: &ObjectKey) -> Option<QueuedPod> {
        self.tickets += 1;
        let ticket = self.tickets;
        let entry = self.pods.get_mut(key)?;
        entry.attempts += 1;
        entry.ticket = ticket;
        entry.place = Place::InFlight;
        self.in_flight.enter(ticket);
        Some(QueuedPod {
            pod: entry.pod.clone(),
            ticket,
            attempts: entry.attempts,
            came: entry.came,
            flushed: entry.flushed,
        })
    }

    /// The pod has its node and is being bound. Events no longer matter to it.
    pub fn binding(&mut self, popped: &QueuedPod) {
        if let Some(entry) = Self::popped(&mut self.pods, popped) {
            entry.place = Place::Binding;
        }
        self.in_flight.leave(popped.ticket);
    }

    /// The pod needs no node any more.
    pub fn done(&mut self, popped: &QueuedPod, now: Mono) {
        if Self::popped(&mut self.pods, popped).is_some() {
            self.pods.remove(popped.pod.key());
            // Until the store tells so itself, it counts as one that has its node.
            if let Some(group) = self.groups.done(&popped.pod) {
                self.stir(&group, now);
            }
        }
        self.in_flight.leave(popped.ticket);
    }

    /// No node fits the pod: it waits for an event that one of `rejectors` listens to, or for a node where there is
    /// none to blame. Where such an event came meanwhile it is tried again after its back-off.
    ///
    /// `may_fit` says whether a node may fit the pod by now.
    pub fn unschedulable(
        &mut self,
        popped: &QueuedPod,
        rejectors: BTreeSet<&'static str>,
        now: Mono,
        may_fit: impl FnOnce(&PodInfo) -> bool,
    ) {
        let events = self.in_flight.leave(popped.ticket);
        let Some(entry) = Self::popped(&mut self.pods, popped) else { return };
        entry.rejections += 1;
        entry.errors = 0;
        entry.flushed = false;
        entry.since = now;
        entry.rejectors = rejectors;
        let woken = events.iter().any(|event| self.policy.wakes(entry, event)) && may_fit(&entry.pod);
        let key = popped.pod.key().clone();
        if woken { self.requeue(&key, now, FAILURE) } else { self.park(&key) }
    }

    /// The pod's node was taken meanwhile: it is decided again at once. That is nobody's failure.
    pub fn again(&mut self, popped: &QueuedPod) {
        self.in_flight.leave(popped.ticket);
        if Self::popped(&mut self.pods, popped).is_some() {
            self.admit(popped.pod.key(), FAILURE);
        }
    }

    /// Something broke on the way: the pod is tried again after a back-off.
    pub fn failed(&mut self, popped: &QueuedPod, now: Mono) {
        self.in_flight.leave(popped.ticket);
        let Some(entry) = Self::popped(&mut self.pods, popped) else { return };
        entry.errors += 1;
        entry.since = now;
        entry.rejectors.clear();
        self.requeue(popped.pod.key(), now, FAILURE);
    }

    /// Lets time pass: ends back-offs, and tries again what has waited too long for an event.
    pub fn tick(&mut self, now: Mono) {
        while let Some(key) = self.waiting.pop_expired(now) {
            self.activate(&key, "BackoffComplete");
        }
        while let Some(key) = self.waiting.pop_overdue(now, self.config.flush_after) {
            self.unpark(&key);
            if let Some(entry) = self.pods.get_mut(&key) {
                entry.flushed = true;
            }
            self.requeue(&key, now, "UnschedulableTimeout");
        }
    }

    /// When [`Queue::tick`] will have something to do.
    pub fn next_deadline(&self) -> Option<Mono> {
        self.waiting.next_deadline(self.config.flush_after)
    }

    /// Whether [`Queue::pop`] would give a pod now, without time passing.
    pub fn is_ready(&self) -> bool {
        self.waiting.is_ready(self.config.pop_from_backoff)
    }

    /// Where a pod is.
    pub fn place(&self, key: &ObjectKey) -> Option<&Place> {
        self.pods.get(key).map(|entry| &entry.place)
    }

    /// The pod as the queue knows it.
    pub fn pod(&self, key: &ObjectKey) -> Option<&Arc<PodInfo>> {
        self.pods.get(key).map(|entry| &entry.pod)
    }

    /// What gates a pod, if it is gated.
    pub fn gated_by(&self, key: &ObjectKey) -> Option<(&'static str, &Reasons)> {
        match self.place(key)? {
            Place::Gated { plugin, reasons } => Some((plugin, reasons)),
            _ => None,
        }
    }

    /// How many pods wait for what.
    pub fn pending(&self) -> Pending {
        let (active, backoff, unschedulable) = self.waiting.counts();
        Pending { active, backoff, unschedulable, gated: self.gated }
    }

    /// How many pods wait because of a plugin.
    pub fn waiting_for(&self, plugin: &str) -> usize {
        self.waiting.waiting_for(plugin)
    }

    /// How many pods came to which queue by which event, since this was asked before.
    pub(crate) fn take_incoming(&mut self) -> BTreeMap<Arrival, u64> {
        std::mem::take(&mut self.incoming)
    }

    /// How many events are remembered for pods that are being decided, by what metrics call them.
    pub(crate) fn in_flight_events(&self) -> &BTreeMap<&'static str, usize> {
        self.in_flight.counts()
    }

    /// The pods, by key.
    pub fn keys(&self) -> impl Iterator<Item = &ObjectKey> {
        self.pods.keys()
    }

    /// How many pods there are, those in flight and being bound included.
    pub fn len(&self) -> usize {
        self.pods.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.pods.is_empty()
    }

    /// The entry of a popped pod, unless the pod was removed or replaced meanwhile.
    fn popped<'q>(pods: &'q mut BTreeMap<ObjectKey, Entry>, popped: &QueuedPod) -> Option<&'q mut Entry> {
        pods.get_mut(popped.pod.key()).filter(|entry| entry.ticket == popped.ticket && entry.place.is_out())
    }

    fn enter(&mut self, key: &ObjectKey, pod: Arc<PodInfo>, now: Mono) {
        let group = self.groups.enter(&pod);
        self.pods.insert(key.clone(), Entry::new(pod, now));
        self.admit(key, "UnscheduledPodAdd");
        if let Some(group) = group {
            self.stir(&group, now);
        }
    }

    /// To the active queue, unless a plugin gates the pod.
    fn admit(&mut self, key: &ObjectKey, by: &'static str) {
        let Some(entry) = self.pods.get_mut(key) else { return };
        let gated = self.policy.gate(&entry.pod);
        let incomplete = || self.policy.has_gangs(&entry.pod).then(|| self.groups.gate(&entry.pod)).flatten();
        match gated.or_else(incomplete) {
            None => self.activate(key, by),
            Some((plugin, reasons)) => {
                entry.place = Place::Gated { plugin, reasons };
                entry.rejectors = BTreeSet::from([plugin]);
                self.gated += 1;
                arrived(&mut self.incoming, "unschedulable", by);
                // The rest of a group is waited for by the group, not by events.
                if plugin != gang_scheduling::NAME {
                    self.waiting.listen(key, &entry.rejectors);
                }
            }
        }
    }

    fn activate(&mut self, key: &ObjectKey, by: &'static str) {
        let Some(entry) = self.pods.get_mut(key) else { return };
        arrived(&mut self.incoming, "active", by);
        entry.place = Place::Active;
        entry.rejectors.clear();
        self.waiting.activate(key, self.policy.sort_key(&entry.pod, entry.since));
    }

    /// To the active queue, or to back off where that is not over yet.
    fn requeue(&mut self, key: &ObjectKey, now: Mono, by: &'static str) {
        let Some(entry) = self.pods.get_mut(key) else { return };
        let until = entry.since + self.config.backoff(entry.failures());
        if until <= now {
            self.admit(key, by);
            return;
        }
        arrived(&mut self.incoming, "backoff", by);
        entry.place = Place::Backoff { until };
        entry.rejectors.clear();
        self.waiting.back_off(key, until, entry.errors > 0);
    }

    fn park(&mut self, key: &ObjectKey) {
        let Some(entry) = self.pods.get_mut(key) else { return };
        arrived(&mut self.incoming, "unschedulable", FAILURE);
        entry.place = Place::Unschedulable { since: entry.since };
        self.waiting.park(key, entry.since, &entry.rejectors);
    }

    fn unpark(&mut self, key: &ObjectKey) {
        if let Some(entry) = self.pods.get(key) {
            self.waiting.unlisten(key, &entry.rejectors);
        }
    }

    fn leave(&mut self, key: &ObjectKey, entry: &Entry) {
        match &entry.place {
            Place::Gated { .. } => {
                self.gated -= 1;
                self.waiting.unlisten(key, &entry.rejectors);
            }
            Place::InFlight => drop(self.in_flight.leave(entry.ticket)),
            _ => leave_place((&mut self.waiting, &self.policy), key, entry),
        }
    }
}

fn arrived(incoming: &mut BTreeMap<Arrival, u64>, queue: &'static str, by: &'static str) {
    *incoming.entry((queue, by)).or_default() += 1;
}

/// Source: `pkg/scheduler/framework` (`EventScheduleAttemptFailure`).
const FAILURE: &str = "ScheduleAttemptFailure";

/// Takes a pod that waits out of its set.
fn leave_place((waiting, policy): (&mut Waiting, &Policy), key: &ObjectKey, entry: &Entry) {
    match &entry.place {
        Place::Active => waiting.deactivate(key, policy.sort_key(&entry.pod, entry.since)),
        Place::Backoff { until } => waiting.end_backoff(key, *until),
        Place::Unschedulable { since } => waiting.unpark(key, *since, &entry.rejectors),
        Place::Gated { .. } | Place::InFlight | Place::Binding => {}
    }
}
