//! Pods of one group: decided together, permitted together, bound together; or none of them.

use super::act::Setback;
use super::decide::{Binding, Outcome, Refusal, refused};
use super::meter::Ended;
use super::profiles::Profiles;
use super::shared::{Shared, State};
use crate::engine::{GroupDecision, Observer};
use crate::explain::Why;
use crate::framework::{BindContext, PodInfo, Reason, Reasons, guarded};
use crate::plugins::gang_scheduling::{NAME, PATIENCE, unsatisfied};
use crate::profile::Point;
use crate::queue::{Gang, QueuedPod};
use futures::future::{Either, select, try_join_all};
use kube_core::env::{Mono, Rng};
use kube_core::error::ApiError;
use kube_core::view::PodView;
use kube_store::informer::Informer;
use kube_store::service::{Write, WriteOptions};
use kube_store::storage::Revision;
use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;

impl Shared {
    /// Decides the pods of a gang.
    pub(super) fn decide_gang(
        &self,
        state: &mut State,
        gang: Gang,
        rng: &mut Rng,
        (seen, now): (Revision, Mono),
    ) -> Outcome {
        let Gang { pods, least } = gang;
        let Some(first) = pods.first() else { return Outcome::All(Vec::new()) };
        let Some(engine) = self.profiles.of(first.pod.view()) else { return Outcome::All(Vec::new()) };
        let infos: Vec<Arc<PodInfo>> = pods.iter().map(|popped| popped.pod.clone()).collect();
        let watcher = self.watcher(first);
        let observer = watcher.as_ref().map(|watcher| watcher as &dyn Observer);
        let decision = engine.schedule_group_observed(&state.cluster, (&infos, least), (rng, observer));
        let ended = match &decision {
            GroupDecision::Place { .. } => Ended::Scheduled,
            GroupDecision::MakeRoom { .. } | GroupDecision::Unschedulable { .. } => Ended::Unschedulable,
            GroupDecision::Failed(_) => Ended::Error,
        };
        self.meter.group(Profiles::name_of(first.pod.view()), ended, (now, self.env.now()));
        match decision {
            GroupDecision::Place { places, others } => {
                let (nodes, whys) = (places.into_iter().collect(), others.into_iter().collect());
                self.take_all(state, (pods, least), (nodes, whys), (seen, now))
            }
            GroupDecision::MakeRoom { waiting, places } => {
                // Nobody is to go in vain because somebody else took the rest of the room.
                for (number, node) in places {
                    state.cluster.nominate(&infos[number], &node);
                }
                self.reject_all(state, pods, waiting.into_iter().collect(), (least, now))
            }
            GroupDecision::Unschedulable { first, .. } => {
                if first.as_ref().is_some_and(|(_, why)| why.gives_up_room) {
                    for pod in &infos {
                        state.cluster.unnominate(pod.key());
                    }
                }
                self.reject_all(state, pods, first.into_iter().collect(), (least, now))
            }
            GroupDecision::Failed(error) => {
                let fail = |popped| self.fail(state, popped, error.clone(), now);
                Outcome::All(pods.into_iter().map(fail).collect())
            }
        }
    }

    /// Counts the pods on their nodes; if plugins refuse so many that too few are left, none.
    fn take_all(
        &self,
        state: &mut State,
        (pods, least): (Vec<QueuedPod>, usize),
        (mut nodes, mut whys): (BTreeMap<usize, Arc<str>>, BTreeMap<usize, Why>),
        (seen, now): (Revision, Mono),
    ) -> Outcome {
        let (mut taken, mut back) = (Vec::new(), BTreeMap::new());
        for (number, popped) in pods.into_iter().enumerate() {
            let Some(node) = nodes.remove(&number) else {
                back.insert(number, popped);
                continue;
            };
            match self.try_take(state, popped, node, seen) {
                Ok(binding) => taken.push((number, binding)),
                Err((popped, refusal)) => {
                    whys.insert(number, refusal.told(state.cluster.node_count()));
                    back.insert(number, popped);
                }
            }
        }
        if taken.len() < least {
            for (number, binding) in taken.drain(..).rev() {
                self.unreserve(&mut state.cluster, &binding.popped, &binding.node);
                state.cluster.forget(binding.popped.pod.key());
                back.insert(number, binding.popped);
            }
        }
        let mut outcomes = Vec::new();
        if !taken.is_empty() {
            for (_, binding) in &taken {
                state.queue.binding(&binding.popped);
            }
            outcomes.push(Outcome::BindAll(taken.into_iter().map(|(_, binding)| binding).collect()));
        }
        let (numbers, pods): (Vec<usize>, Vec<QueuedPod>) = back.into_iter().unzip();
        let whys = numbers.iter().enumerate().filter_map(|(at, number)| Some((at, whys.remove(number)?)));
        let whys = whys.collect();
        outcomes.push(self.reject_all(state, pods, whys, (least, now)));
        Outcome::All(outcomes)
    }

    /// Takes pods back to the queue: for their own reasons, or for that of the group.
    fn reject_all(
        &self,
        state: &mut State,
        pods: Vec<QueuedPod>,
        mut whys: BTreeMap<usize, Why>,
        (least, now): (usize, Mono),
    ) -> Outcome {
        let placed = pods.len().saturating_sub(whys.len()).min(least.saturating_sub(1));
        let of_group = lacking(state.cluster.node_count(), unsatisfied(least, placed).into());
        let rejected = pods.into_iter().enumerate().map(|(number, popped)| {
            let why = whys.remove(&number).unwrap_or_else(|| of_group.clone());
            self.reject(state, popped, why, now)
        });
        Outcome::All(rejected.collect())
    }

    /// Binds all of them, or takes all of them back, the last first.
    pub(super) async fn bind_all(&self, bindings: &[Binding], pods: &Informer<PodView>) {
        self.meter.binds(bindings.len());
        let tried = self.try_bind_all(bindings).await;
        self.meter.bound(bindings.len());
        let Err((culprit, setback)) = tried else { return };
        if let Setback::Overtaken(revision) = setback {
            self.catch_up(pods, revision).await;
        }
        let nodes = self.state().cluster.node_count();
        let each = bindings.iter().enumerate().map(|(number, binding)| match &setback {
            Setback::Refused(_) if culprit != Some(number) => {
                let text = Reason::from("another pod of the group was refused");
                (binding, Setback::Refused(lacking(nodes, text)))
            }
            setback => (binding, setback.clone()),
        });
        let each: Vec<(&Binding, Setback)> = each.collect();
        self.take_back(&each);
        for (binding, setback) in each {
            self.tell_setback(binding, setback).await;
        }
    }

    /// The number of the pod that spoilt it, and how.
    async fn try_bind_all(&self, bindings: &[Binding]) -> Result<(), (Option<usize>, Setback)> {
        self.all_permitted(bindings).await?;
        let spoilt = |number| move |error: ApiError| (Some(number), Setback::from(error));
        for (number, binding) in bindings.iter().enumerate() {
            self.prepare(binding).await.map_err(spoilt(number))?;
        }
        let Some(writes) = bindings.iter().map(|binding| self.write_of(binding)).collect::<Option<Vec<_>>>()
        else {
            self.bind_each(bindings).await;
            return Ok(());
        };
        match self.service.transact(writes, &WriteOptions::default()).await {
            Ok(_) => {
                for binding in bindings {
                    self.bound(binding);
                }
                Ok(())
            }
            // More than the store takes at once.
            Err(failed) if failed.error.reason == TOO_LARGE => {
                self.bind_each(bindings).await;
                Ok(())
            }
            Err(failed) => Err((failed.write, Setback::from(failed.error))),
        }
    }

    async fn all_permitted(&self, bindings: &[Binding]) -> Result<(), (Option<usize>, Setback)> {
        if bindings.iter().all(|binding| binding.wait.is_empty()) {
            return Ok(());
        }
        let each = bindings.iter().enumerate().map(|(number, binding)| async move {
            let permitted = self.permitted(&binding.popped, &binding.wait).await;
            permitted.map_err(|setback| (Some(number), setback))
        });
        let (all, patience) = (pin!(try_join_all(each)), self.env.sleep(PATIENCE));
        let ended = match select(all, patience).await {
            Either::Left((ended, _)) => ended.map(drop),
            Either::Right(_) => {
                let text = Reason::from("timed out waiting for the permissions of the group");
                Err((None, Setback::Refused(lacking(self.state().cluster.node_count(), text))))
            }
        };
        // Whoever still waits, waits in vain.
        for binding in bindings {
            self.permits.forget(binding.popped.pod.key());
        }
        ended
    }

    fn write_of(&self, Binding { popped, node, basis, .. }: &Binding) -> Option<Write> {
        let cx = BindContext::new(self.service.clone()).resting_on(basis.clone());
        let binder = self.at(popped, Point::Bind).find_map(|plugin| plugin.points.bind.as_ref())?;
        // One that breaks here breaks again where it binds, and is told so there.
        guarded(|| binder.write(&cx, &popped.pod, node)).unwrap_or_default()
    }

    /// One by one: what cannot be one transaction.
    async fn bind_each(&self, bindings: &[Binding]) {
        for binding in bindings {
            match self.bind_one(binding).await {
                Ok(()) => self.bound(binding),
                Err(setback) => self.unbound(binding, setback).await,
            }
        }
    }
}

impl Refusal {
    fn told(self, nodes: usize) -> Why {
        match self {
            Self::Rejected(plugin, reasons) => refused(nodes, plugin, reasons),
            Self::Broke(error) => {
                refused(nodes, error.plugin, Reasons::from(Reason::from(error.to_string())))
            }
        }
    }
}

/// The group as a whole does not go.
fn lacking(nodes: usize, text: Reason) -> Why {
    refused(nodes, NAME, Reasons::from(text))
}

const TOO_LARGE: kube_core::error::Reason = kube_core::error::Reason::RequestEntityTooLarge;
