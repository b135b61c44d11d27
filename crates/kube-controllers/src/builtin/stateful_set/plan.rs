//! What a StatefulSet needs next. Pure.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/statefulset` (`updateStatefulSet`, `processReplica`, `processCondemned`).

use super::claims::{Owners, claims_of};
use super::identity::{Wanted, has_identity, ordinal_of, pod_name, pod_of, revision_of};
use super::status::{self, is_available, is_running_and_ready};
use crate::builtin::availability::next_availability;
use jiff::Timestamp;
use kube_core::kinds::apps::v1::{StatefulSet, StatefulSetStatus};
use kube_core::kinds::core::v1::{PersistentVolumeClaim, Pod, PodTemplateSpec};
use kube_core::kinds::meta::v1::OwnerReference;
use kube_core::resource::{ObjectKey, ResourceExt, ResourceVersion, Uid};
use kube_core::view::{PodPhase, PodView};
use kube_store::client::events::EventType;
use kube_store::mutant::{self, Mutant};
use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::Arc;
use std::time::Duration;

/// How long a pod of a replaced template may take to become ready before that is reported.
const PATIENCE: Duration = Duration::from_mins(1);

/// What there is.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The StatefulSet.
    pub set: &'a StatefulSet,
    /// Its pods.
    pub pods: &'a [Arc<PodView>],
    /// The revision that all pods had.
    pub current: Revision<'a>,
    /// The revision that they are to have.
    pub update: Revision<'a>,
    /// How often the name of a revision was taken.
    pub collisions: i32,
    /// The claim of that name.
    pub claim: &'a dyn Fn(&str) -> Option<Arc<PersistentVolumeClaim>>,
    /// The time.
    pub now: Timestamp,
}

/// A revision of the template.
#[derive(Clone, Copy, Debug)]
pub struct Revision<'a> {
    /// Its name.
    pub name: &'a str,
    /// The template.
    pub template: &'a PodTemplateSpec,
}

impl std::fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("View")
            .field("set", &self.set.key())
            .field("pods", &self.pods.len())
            .finish_non_exhaustive()
    }
}

/// What to do, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Writes, one after the other; those of one kind in a row may overlap.
    pub ops: Vec<Op>,
    /// The status of what there is.
    pub status: StatefulSetStatus,
    /// What to tell people.
    pub events: Vec<(EventType, &'static str, String)>,
    /// When to look again, if nothing happens.
    pub requeue: Option<Duration>,
}

/// One write.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// Create a claim for the pod of that name.
    CreateClaim(String, Box<PersistentVolumeClaim>),
    /// Say who owns a claim.
    OwnClaim(Arc<PersistentVolumeClaim>, Vec<OwnerReference>),
    /// Create a pod.
    Create(Box<Pod>),
    /// Give a pod, as it was read, back the labels of its ordinal.
    Identify(ObjectKey, ResourceVersion, i32),
    /// Delete a pod.
    Delete(ObjectKey, Uid),
}

impl Op {
    /// All claims come before all pods where pods do not wait for each other.
    fn phase(&self) -> u8 {
        match self {
            Self::CreateClaim(..) => 0,
            Self::OwnClaim(..) => 1,
            Self::Create(_) => 2,
            Self::Identify(..) => 3,
            Self::Delete(..) => 4,
        }
    }
}

/// Plans the next step.
pub fn plan(view: &View<'_>) -> Plan {
    let Some(wanted) = Wanted::of(view.set) else { return Plan::default() };
    let mut draft = Draft::new(*view, wanted);
    // Where it ends says nothing: what has to wait is planned another time.
    let _ended = draft.step();
    draft.finish()
}

/// A plan in the making.
struct Draft<'a> {
    view: View<'a>,
    wanted: Wanted<'a>,
    /// The pods that are wanted, by position.
    replicas: Vec<Option<Arc<PodView>>>,
    /// Those that are not, highest ordinal first.
    condemned: Vec<(i32, Arc<PodView>)>,
    plan: Plan,
    /// The pod of a replaced template that holds everything up.
    stuck: Option<Arc<PodView>>,
}

impl<'a> Draft<'a> {
    fn new(view: View<'a>, wanted: Wanted<'a>) -> Self {
        let mut replicas = vec![None; usize::try_from(wanted.replicas).unwrap_or(0)];
        let mut condemned = Vec::new();
        for pod in view.pods {
            let Some(ordinal) = ordinal_of(view.set.name(), &pod.meta.name) else { continue };
            match wanted.position(ordinal).and_then(|position| replicas.get_mut(position)) {
                Some(place) => *place = Some(pod.clone()),
                None => condemned.push((ordinal, pod.clone())),
            }
        }
        condemned.sort_by_key(|(ordinal, _)| std::cmp::Reverse(*ordinal));
        let plan = Plan { status: status::calculate(&view, &wanted), ..Plan::default() };
        Self { view, wanted, replicas, condemned, plan, stuck: None }
    }

    /// Scaling goes before updates.
    fn step(&mut self) -> ControlFlow<()> {
        for position in 0..self.replicas.len() {
            self.keep(position)?;
        }
        for (ordinal, pod) in self.condemned.clone() {
            self.keep_claims(ordinal, Some(&pod), false, true);
        }
        self.remove_condemned()?;
        if !self.wanted.rolls {
            return Break(());
        }
        match self.wanted.max_unavailable {
            None => self.update_next(),
            Some(most) => self.update_some(usize::try_from(most).unwrap_or(1)),
        }
        Continue(())
    }

    /// What follows from a pod that others wait for.
    fn wait(&self) -> ControlFlow<()> {
        if self.wanted.ordered { Break(()) } else { Continue(()) }
    }

    fn keep(&mut self, position: usize) -> ControlFlow<()> {
        let ordinal = self.wanted.ordinal(position);
        match self.replicas.get(position).cloned().flatten() {
            None => {
                self.create(ordinal);
                self.wait()
            }
            // However it ended, it comes back once it is gone.
            Some(pod) if pod.is_terminal() => {
                if !pod.is_terminating() {
                    self.delete(&pod);
                }
                self.wait()
            }
            Some(pod) => self.uphold(ordinal, &pod),
        }
    }

    fn uphold(&mut self, ordinal: i32, pod: &Arc<PodView>) -> ControlFlow<()> {
        let pending = pod.status.phase == PodPhase::Pending;
        if pending {
            self.keep_claims(ordinal, Some(pod), true, false);
        }
        if self.wanted.ordered && !is_running_and_ready(pod) && !pod.is_terminating() {
            self.suspect(ordinal, pod);
        }
        if self.wanted.ordered && self.is_unavailable(pod) {
            return Break(());
        }
        if !has_identity(pod) {
            self.plan.ops.push(Op::Identify(pod.meta.key(), pod.version, ordinal));
        }
        if !pending {
            self.keep_claims(ordinal, Some(pod), false, false);
        }
        Continue(())
    }

    fn is_unavailable(&self, pod: &PodView) -> bool {
        pod.is_terminating() || !is_available(pod, self.wanted.min_ready_seconds, self.view.now)
    }

    /// Takes notice of a pod that holds up the update that would replace it.
    fn suspect(&mut self, ordinal: i32, pod: &Arc<PodView>) {
        let kept = self.wanted.keeps_revision(ordinal, 0);
        if mutant::is(Mutant::HidesStuckRollout)
            || kept
            || !self.wanted.rolls
            || revision_of(pod) == self.view.update.name
        {
            return;
        }
        let age = pod.meta.creation_timestamp.map(|created| self.view.now.duration_since(created));
        let age = age.and_then(|age| Duration::try_from(age).ok()).unwrap_or_default();
        match PATIENCE.checked_sub(age).filter(|left| !left.is_zero()) {
            Some(left) => self.plan.requeue = Some(left),
            None => self.stuck = Some(pod.clone()),
        }
    }

    /// Creates the pod of an ordinal and the claims that it lacks, unless claims of its predecessor still have to go.
    fn create(&mut self, ordinal: i32) {
        let set = self.view.set;
        let name = pod_name(set.name(), ordinal);
        let owners = Owners::new(set, &name, None, false);
        for claim in claims_of(set, ordinal) {
            let Some(present) = (self.view.claim)(claim.name()) else { continue };
            if owners.is_stale(present.metadata.owner_references.as_deref().unwrap_or_default()) {
                return;
            }
            if present.is_terminating() {
                let (claim, set) = (claim.name(), set.name());
                let note = format!(
                    "Create Pod {name} in StatefulSet {set} failed error: pvc {claim} is being deleted"
                );
                self.plan.events.push((EventType::Warning, "FailedCreate", note));
                return;
            }
        }
        self.keep_claims(ordinal, None, true, false);
        let current = set.status.as_ref().and_then(|status| status.current_replicas).unwrap_or(0);
        let kept = self.wanted.keeps_revision(ordinal, current);
        let revision = if kept { self.view.current } else { self.view.update };
        let pod = pod_of(set, ordinal, revision.name, revision.template);
        self.plan.ops.push(Op::Create(Box::new(pod)));
    }

    /// Makes the claims of a pod owned as the policy wants, and creates those that are not there if `creates`.
    fn keep_claims(&mut self, ordinal: i32, pod: Option<&Arc<PodView>>, creates: bool, condemned: bool) {
        let name = pod_name(self.view.set.name(), ordinal);
        let owners = Owners::new(self.view.set, &name, pod.map(|pod| &**pod), condemned);
        for mut claim in claims_of(self.view.set, ordinal) {
            match (self.view.claim)(claim.name()) {
                Some(present) => {
                    let before = present.metadata.owner_references.as_deref().unwrap_or_default();
                    let wanted = owners.wanted(before);
                    if owners.has_stranger(before) && (creates || wanted.is_some()) {
                        let note = format!(
                            "PersistentVolumeClaim {} has a conflicting OwnerReference that acts as a manging controller, \
                             the retention policy is ignored for this claim",
                            claim.name()
                        );
                        self.plan.events.push((EventType::Warning, "ConflictingController", note));
                    }
                    if let Some(wanted) = wanted.filter(|_| !present.is_terminating()) {
                        self.plan.ops.push(Op::OwnClaim(present, wanted));
                    }
                }
                None if creates => {
                    claim.metadata.owner_references = owners.wanted(&[]);
                    self.plan.ops.push(Op::CreateClaim(name.clone(), Box::new(claim)));
                }
                None => {}
            }
        }
    }

    /// Takes pods away that are not wanted, from the highest ordinal down.
    fn remove_condemned(&mut self) -> ControlFlow<()> {
        let first_unavailable = self.first_unavailable();
        for (_, pod) in self.condemned.clone() {
            if pod.is_terminating() {
                self.wait()?;
                continue;
            }
            // The pod that holds up all others may go, whatever its state, and so may one that has ended: it becomes
            // ready no more. (Kubernetes waits for that, where several have ended.)
            let may_go = first_unavailable.as_ref() == Some(&pod.meta.uid) || pod.is_terminal();
            if self.is_unavailable(&pod) && !may_go {
                self.wait()?;
            }
            self.delete(&pod);
            self.wait()?;
        }
        Continue(())
    }

    fn first_unavailable(&self) -> Option<Uid> {
        let condemned = self.condemned.iter().rev().map(|(_, pod)| pod);
        let mut pods = self.replicas.iter().flatten().chain(condemned);
        pods.find(|pod| self.is_unavailable(pod)).map(|pod| pod.meta.uid.clone())
    }

    /// The positions that an update reaches, highest first.
    fn reached(&self) -> impl Iterator<Item = usize> + use<> {
        let first = usize::try_from(self.wanted.partition.unwrap_or(0)).unwrap_or(0);
        (first.min(self.replicas.len())..self.replicas.len()).rev()
    }

    fn is_old(&self, pod: &PodView) -> bool {
        revision_of(pod) != self.view.update.name && !pod.is_terminating()
    }

    /// Replaces the next pod of another revision, if all above it are available.
    fn update_next(&mut self) {
        for position in self.reached() {
            // One that has ended is on its way out already.
            let pod = self.replicas.get(position).cloned().flatten().filter(|pod| !pod.is_terminal());
            let Some(pod) = pod else { return };
            if self.is_old(&pod) {
                return self.delete(&pod);
            }
            if self.is_unavailable(&pod) {
                return;
            }
        }
    }

    /// Replaces pods of another revision while no more than `most` are unavailable. Those that are unavailable already
    /// cost nothing: otherwise broken pods would use up what their own replacement needs.
    fn update_some(&mut self, most: usize) {
        let missing = |pod: &&Option<Arc<PodView>>| pod.as_ref().is_none_or(|pod| self.is_unavailable(pod));
        let mut left = most.saturating_sub(self.replicas.iter().filter(missing).count());
        for position in self.reached() {
            let Some(pod) = self.replicas.get(position).cloned().flatten() else { continue };
            if !self.is_old(&pod) || pod.is_terminal() {
                continue;
            }
            if !self.is_unavailable(&pod) || mutant::is(Mutant::CountsBrokenAsSpent) {
                let Some(less) = left.checked_sub(1) else { continue };
                left = less;
            }
            self.delete(&pod);
        }
    }

    fn delete(&mut self, pod: &PodView) {
        self.plan.ops.push(Op::Delete(pod.meta.key(), pod.meta.uid.clone()));
    }

    fn finish(mut self) -> Plan {
        let View { pods, now, .. } = self.view;
        let stuck = self.stuck.as_ref().map(|pod| &*pod.meta.name);
        if let Some(news) = status::report_stuck(&mut self.plan.status, stuck, now) {
            self.plan.events.push((EventType::Warning, status::ROLLOUT_STUCK, news));
        }
        if !self.wanted.ordered {
            self.plan.ops.sort_by_key(Op::phase);
        }
        let available = next_availability(pods, self.wanted.min_ready_seconds, now);
        self.plan.requeue = self.plan.requeue.into_iter().chain(available).min();
        self.plan
    }
}
