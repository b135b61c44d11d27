//! What a Deployment needs next. Pure.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/deployment` (`syncDeployment`, `sync.go`, `rolling.go`, `recreate.go`).

use jiff::Timestamp;
use kube_core::condition::TRUE;
use kube_core::kinds::apps::v1::{Deployment, DeploymentStatus, ReplicaSet};
use kube_core::kinds::meta::v1::LabelSelector;
use kube_core::resource::{ResourceExt, Uid};
use kube_store::client::events::EventType;
use std::sync::Arc;
use std::time::Duration;

use super::fenceposts::{Target, is_recreate};
use super::new_set::{NewSet, find_new, planned_set};
use super::revision::{Annotations, REVISION, revision_of};
use super::sets::{SetSize, Sets, by_creation};
use super::status::{self, PROGRESSING};
use super::{rolling, scaling};

/// What there is.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The Deployment.
    pub deployment: &'a Deployment,
    /// Its ReplicaSets.
    pub sets: &'a [Arc<ReplicaSet>],
    /// Whether pods are left of ReplicaSets other than that of the given uid; asked for the strategy `Recreate` only.
    pub old_pods: &'a dyn Fn(Option<&Uid>) -> bool,
    /// The time.
    pub now: Timestamp,
}

impl std::fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("View").field("deployment", &self.deployment.key()).finish_non_exhaustive()
    }
}

/// What to do, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Writes, one after the other.
    pub ops: Vec<Op>,
    /// The status after that, if it differs.
    pub status: Option<DeploymentStatus>,
    /// What to tell people, whatever becomes of the writes.
    pub events: Vec<(EventType, &'static str, String)>,
    /// When to look again, if nothing happens.
    pub requeue: Option<Duration>,
}

/// One write.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// Create the ReplicaSet of the present template.
    Create(Box<ReplicaSet>),
    /// Change a ReplicaSet.
    Change(Change),
    /// Delete a ReplicaSet that history does not need.
    Delete {
        /// Its name.
        name: String,
        /// Its uid.
        uid: Uid,
    },
    /// Note the revision at the Deployment.
    SetRevision(i64),
}

/// A change of a ReplicaSet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Its name.
    pub name: String,
    /// Size before and after.
    pub size: (i32, i32),
    /// Annotations to set.
    pub annotations: Annotations,
    /// `minReadySeconds` to set.
    pub min_ready_seconds: Option<i32>,
}

/// Plans the next step.
pub fn plan(view: &View<'_>) -> Plan {
    let mut draft = Draft::new(*view);
    let spec = view.deployment.spec.as_ref();
    if spec.is_none_or(|spec| spec.selector == LabelSelector::default()) {
        return draft.refuse();
    }
    if view.deployment.is_terminating() {
        return draft.finish_still();
    }
    status::report_pause(view.deployment, &mut draft.base, view.now);
    let paused = spec.and_then(|spec| spec.paused).unwrap_or(false);
    if paused || scaling::is_scaling(&draft.target, &draft.sets) {
        draft.sync_new();
        scaling::scale(&draft.target, &mut draft.sets);
        if paused {
            draft.clean_up();
        }
        return draft.finish_still();
    }
    if spec.is_some_and(is_recreate) {
        draft.recreate();
    } else {
        draft.roll();
    }
    draft.finish_rollout()
}

/// A plan in the making.
pub(super) struct Draft<'a> {
    pub(super) view: View<'a>,
    pub(super) target: Target,
    pub(super) new: Option<&'a Arc<ReplicaSet>>,
    pub(super) sets: Sets,
    /// The status before, with the conditions set on the way.
    pub(super) base: DeploymentStatus,
    created: Option<Box<ReplicaSet>>,
    /// What the new ReplicaSet needs besides a size.
    upkeep: NewSet,
    deletions: Vec<Op>,
}

impl<'a> Draft<'a> {
    fn new(view: View<'a>) -> Self {
        let new = find_new(view.deployment, view.sets);
        let is_new = |set: &Arc<ReplicaSet>| new.is_some_and(|new| Arc::ptr_eq(new, set));
        let mut old: Vec<SetSize> =
            view.sets.iter().filter(|set| !is_new(set)).map(|set| SetSize::of(set)).collect();
        old.sort_by(by_creation);
        Self {
            view,
            target: Target::of(view.deployment),
            new,
            sets: Sets { new: new.map(|set| SetSize::of(set)), old },
            base: view.deployment.status.clone().unwrap_or_default(),
            created: None,
            upkeep: NewSet::default(),
            deletions: Vec::new(),
        }
    }

    /// A selector that selects everything would take every pod of the namespace.
    fn refuse(mut self) -> Plan {
        self.base.observed_generation = self.view.deployment.metadata.generation;
        let note = "This deployment is selecting all pods. A non-empty selector is required.".to_owned();
        let mut plan = self.finish(None);
        plan.ops.clear();
        plan.events.push((EventType::Warning, "SelectingAll", note));
        plan
    }

    /// The old ReplicaSets as they are.
    pub(super) fn old_sets(&self) -> impl Iterator<Item = &'a Arc<ReplicaSet>> {
        let new = self.new;
        self.view.sets.iter().filter(move |set| !new.is_some_and(|new| Arc::ptr_eq(new, set)))
    }

    /// The revision that the present template is to have.
    fn next_revision(&self) -> i64 {
        self.old_sets().map(|set| revision_of(set.metadata.annotations.as_ref())).max().unwrap_or(0) + 1
    }

    /// Keeps annotations and revision of the new ReplicaSet up to date, if there is one.
    fn sync_new(&mut self) {
        let Some(new) = self.new else { return };
        let deployment = self.view.deployment;
        self.upkeep = NewSet::upkeep(deployment, new, self.next_revision());
        if status::has_deadline(deployment) && status::find(&self.base, PROGRESSING).is_none() {
            let message = format!("Found new replica set {:?}", new.name());
            self.progress("FoundNewReplicaSet", message);
        }
    }

    /// [`Draft::sync_new`]; plans the new ReplicaSet where there is none.
    fn ensure_new(&mut self) {
        if self.new.is_some() {
            return self.sync_new();
        }
        let size = rolling::new_set_size(&self.target, &self.sets);
        let revision = self.next_revision();
        let set = planned_set(self.view.deployment, &self.target, size, revision);
        self.sets.new = Some(SetSize::of(&set));
        self.upkeep.revision = Some(revision);
        if status::has_deadline(self.view.deployment) {
            self.progress("NewReplicaSetCreated", format!("Created new replica set {:?}", set.name()));
        }
        self.created = Some(Box::new(set));
    }

    fn progress(&mut self, reason: &str, message: String) {
        status::set(&mut self.base, status::new_condition(PROGRESSING, TRUE, reason, message, self.view.now));
    }

    fn roll(&mut self) {
        self.ensure_new();
        let moved = rolling::reconcile_new(&self.target, &mut self.sets)
            || rolling::reconcile_old(&self.target, &mut self.sets);
        if !moved {
            self.clean_up_if_complete();
        }
    }

    fn recreate(&mut self) {
        self.sync_new();
        if rolling::scale_down_all_old(&self.target, &mut self.sets) || self.has_old_pods() {
            return;
        }
        self.ensure_new();
        rolling::reconcile_new(&self.target, &mut self.sets);
        self.clean_up_if_complete();
    }

    fn has_old_pods(&self) -> bool {
        let uid = self.new.map(|set| set.uid());
        self.sets.old.iter().any(|set| set.replicas > 0) || (self.view.old_pods)(uid.as_ref())
    }

    fn clean_up_if_complete(&mut self) {
        let status = self.view.deployment.status.clone().unwrap_or_default();
        if status::is_complete(self.view.deployment, &self.target, &status) {
            self.clean_up();
        }
    }

    /// Deletes old ReplicaSets beyond the limit of history, lowest revisions first.
    fn clean_up(&mut self) {
        let limit = self.view.deployment.spec.as_ref().and_then(|spec| spec.revision_history_limit);
        let Some(limit) = limit.filter(|limit| *limit != i32::MAX) else { return };
        let mut kept: Vec<_> = self.old_sets().filter(|set| !set.is_terminating()).collect();
        let surplus = kept.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
        kept.sort_by_cached_key(|set| {
            let created = set.metadata.creation_timestamp.as_ref().map(|time| time.0);
            (revision_of(set.metadata.annotations.as_ref()), created, set.name().to_owned())
        });
        let idle = kept.into_iter().take(surplus).filter(|set| {
            let size = SetSize::of(set);
            let observed = set.status.as_ref().and_then(|status| status.observed_generation).unwrap_or(0);
            size.size == 0 && size.replicas == 0 && set.metadata.generation.unwrap_or(0) <= observed
        });
        self.deletions = idle.map(|set| Op::Delete { name: set.name().to_owned(), uid: set.uid() }).collect();
    }

    fn finish_still(self) -> Plan {
        let View { deployment, now, .. } = self.view;
        let status = status::calculate(deployment, &self.base, &self.target, &self.sets, now);
        self.finish(Some(status))
    }

    fn finish_rollout(self) -> Plan {
        let View { deployment, now, sets: all, .. } = self.view;
        let target = self.target;
        let mut status = status::calculate(deployment, &self.base, &target, &self.sets, now);
        let old = deployment.status.clone().unwrap_or_default();
        let before = DeploymentStatus { conditions: self.base.conditions.clone(), ..old };
        let name = self.sets.new.as_ref().map(|set| set.name.as_str());
        status::report_progress(deployment, &target, &before, &mut status, (name, now));
        status::report_failure(&mut status, self.new.map(|set| &**set), all);
        let requeue = status::next_check(deployment, &target, &status, now);
        Plan { requeue, ..self.finish(Some(status)) }
    }

    fn finish(self, status: Option<DeploymentStatus>) -> Plan {
        let present = self.view.deployment.status.clone().unwrap_or_default();
        let status = status.unwrap_or_else(|| self.base.clone());
        let mut ops: Vec<Op> = self.created.clone().map(Op::Create).into_iter().collect();
        ops.extend(self.changes().map(Op::Change));
        ops.extend(self.deletions.iter().cloned());
        let noted = self.view.deployment.metadata.annotations.as_ref().and_then(|map| map.get(REVISION));
        let revision = self.upkeep.revision.filter(|revision| noted != Some(&revision.to_string()));
        ops.extend(revision.map(Op::SetRevision));
        Plan { ops, status: (status != present).then_some(status), ..Plan::default() }
    }

    /// The differences between the ReplicaSets as they are and as they are to be, the new one first.
    fn changes(&self) -> impl Iterator<Item = Change> {
        let sets = self.sets.new.iter().chain(&self.sets.old);
        sets.filter_map(|planned| {
            let set = self.view.sets.iter().find(|set| set.name() == planned.name)?;
            let new = self.new.is_some_and(|new| Arc::ptr_eq(new, set));
            let upkeep = if new { Some(&self.upkeep) } else { None };
            super::new_set::change(set, planned, upkeep)
        })
    }
}
