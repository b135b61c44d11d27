//! One pod, one cluster, one decision. No store, no runtime, no clock.

mod check;
mod cycle;
mod decision;
mod evaluation;
mod group;
mod nearest;
mod observe;
mod room;
mod scoring;

#[cfg(test)]
mod tests;

pub use decision::{Decision, Scores};
pub use evaluation::{Evaluation, NodeOutcome, NodeScores};
pub use group::GroupDecision;
pub use room::{Room, Trial};

pub(crate) use observe::{ERROR, Laps, Observer, Ran, SKIP, SUCCESS, UNSCHEDULABLE, WAIT};

use crate::explain::{Everything, Why};
use crate::framework::{AnyFilter, AnyScore, ClusterEvent, PluginError, PodInfo, PostFiltered, Reads};
use crate::profile::{Point, Profile, ProfileError, Resolved};
use crate::snapshot::Snapshot;
use cycle::Cycle;
use kube_core::env::Rng;
use kube_core::view::PodView;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Decides where pods go. Holds no cluster and no pods: every answer follows from the arguments.
///
/// ```
/// use kube_core::view::{NodeView, PodView, from_value};
/// use kube_sched::engine::{Decision, Engine};
/// use kube_sched::profile::Profile;
/// use kube_sched::snapshot::Snapshot;
/// use serde_json::json;
/// use std::sync::Arc;
///
/// let mut cluster = Snapshot::new();
/// cluster.upsert_node(&Arc::new(from_value::<NodeView>(json!({
///     "metadata": {"name": "n1"}, "status": {"allocatable": {"cpu": "2", "memory": "4Gi", "pods": "110"}}
/// }))?));
/// let engine = Engine::new(&Profile::default())?;
/// let pod = Arc::new(from_value::<PodView>(json!({
///     "metadata": {"name": "big", "namespace": "default"},
///     "spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": "3"}}}]}
/// }))?);
/// let Decision::Unschedulable(why) = engine.schedule(&cluster, &pod) else { panic!("3 is more than 2") };
/// assert!(why.to_string().starts_with("0/1 nodes are available: 1 Insufficient cpu. preemption: "));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Engine {
    filters: Vec<FilterAt>,
    scores: Vec<ScoreAt>,
    plugins: Arc<[Resolved]>,
    orders: Arc<BTreeMap<Point, Vec<usize>>>,
}

#[derive(Clone)]
struct FilterAt {
    name: &'static str,
    monotone: bool,
    reads: Reads,
    plugin: Arc<dyn AnyFilter>,
}

#[derive(Clone)]
struct ScoreAt {
    name: &'static str,
    weight: i64,
    reads: Reads,
    plugin: Arc<dyn AnyScore>,
}

impl Engine {
    /// An engine for `profile`.
    ///
    /// # Errors
    /// The profile cannot work: see [`ProfileError`].
    pub fn new(profile: &Profile) -> Result<Self, ProfileError> {
        let plugins = profile.resolve()?;
        let (mut filters, mut scores) = (Vec::new(), Vec::new());
        let order = |point| (point, profile.order(point, &plugins));
        let orders: BTreeMap<Point, Vec<usize>> = Point::ALL.into_iter().map(order).collect();
        for Resolved { name, reads, points, plugin: whole, .. } in
            orders[&Point::Filter].iter().map(|index| &plugins[*index])
        {
            let name = *name;
            if let Some(plugin) = points.filter.clone() {
                filters.push(FilterAt { name, monotone: whole.monotone(), reads: reads.clone(), plugin });
            }
        }
        for Resolved { name, weight, reads, points, .. } in
            orders[&Point::Score].iter().map(|index| &plugins[*index])
        {
            let (name, weight) = (*name, *weight);
            if let Some(plugin) = points.score.clone() {
                scores.push(ScoreAt { name, weight, reads: reads.clone(), plugin });
            }
        }
        Ok(Self { filters, scores, orders: Arc::new(orders), plugins: plugins.into() })
    }

    /// Where `pod` goes. Of several best nodes the first of the snapshot is taken.
    pub fn schedule(&self, cluster: &Snapshot, pod: &Arc<PodView>) -> Decision {
        self.schedule_read(cluster, &PodInfo::new(pod.clone()))
    }

    /// As [`Engine::schedule`], for a pod that was read before.
    pub fn schedule_read(&self, cluster: &Snapshot, pod: &PodInfo) -> Decision {
        self.decide(cluster, pod, (None, None))
    }

    /// Where `pod` goes. Of several best nodes `rng` picks one, as kube-scheduler does at random.
    pub fn schedule_with(&self, cluster: &Snapshot, pod: &PodInfo, rng: &mut Rng) -> Decision {
        self.decide(cluster, pod, (Some(rng), None))
    }

    /// As [`Engine::schedule_with`], watched.
    pub(crate) fn schedule_observed(
        &self,
        cluster: &Snapshot,
        pod: &PodInfo,
        (rng, observer): (&mut Rng, Option<&dyn Observer>),
    ) -> Decision {
        self.decide(cluster, pod, (Some(rng), observer))
    }

    /// As [`Engine::schedule`]; a [`Why`] also names the nodes that lack least and what would have to change.
    pub fn explain(&self, cluster: &Snapshot, pod: &PodInfo) -> Decision {
        let decision = self.decide(cluster, pod, (None, None));
        let Decision::Unschedulable(mut why) = decision else { return decision };
        match Cycle::guarded(self, cluster, pod, |cycle| Ok(cycle.nearest(NEAREST))) {
            Ok(nearest) => why.nearest = nearest,
            Err(error) => return Decision::Failed(error),
        }
        Decision::Unschedulable(why)
    }

    /// What every plugin says of every node, not only the first; scores before and after weighting; the margin of the
    /// best node.
    ///
    /// # Errors
    /// A plugin broke.
    pub fn report(&self, cluster: &Snapshot, pod: &PodInfo) -> Result<Everything, PluginError> {
        let summary = match self.decide(cluster, pod, (None, None)) {
            Decision::Unschedulable(why) => Some(why.to_string()),
            Decision::Failed(error) => return Err(error),
            Decision::Place { .. } => None,
        };
        Cycle::guarded(self, cluster, pod, |cycle| {
            Ok(Everything::new(&cycle.evaluate()?, cycle.all_verdicts(), summary))
        })
    }

    /// Everything: what becomes of every node, every score of every node that fits, the best set.
    ///
    /// # Errors
    /// A plugin that broke.
    pub fn evaluate(&self, cluster: &Snapshot, pod: &PodInfo) -> Result<Evaluation, PluginError> {
        #[expect(
            clippy::redundant_closure_for_method_calls,
            reason = "the path of the method is not general enough in its lifetimes"
        )]
        Cycle::guarded(self, cluster, pod, |cycle| cycle.evaluate())
    }

    /// Asks `answer` about making room for a pod that no node fits; `None` where one fits.
    ///
    /// # Errors
    /// A plugin broke.
    pub fn room<T>(
        &self,
        cluster: &Snapshot,
        pod: &PodInfo,
        answer: impl FnOnce(&Room<'_>) -> T,
    ) -> Result<Option<T>, PluginError> {
        Cycle::guarded(self, cluster, pod, |cycle| {
            let Decision::Unschedulable(why) = cycle.decide(None)? else { return Ok(None) };
            Ok(Some(answer(&Room::new(cycle, &why))))
        })
    }

    fn decide(
        &self,
        cluster: &Snapshot,
        pod: &PodInfo,
        (rng, observer): (Option<&mut Rng>, Option<&dyn Observer>),
    ) -> Decision {
        let decided = Cycle::observed(self, cluster, (pod, observer), |cycle| match cycle.decide(rng)? {
            Decision::Unschedulable(why) => Ok(Decision::Unschedulable(self.post_filter(cycle, pod, why))),
            decision => Ok(decision),
        });
        decided.unwrap_or_else(Decision::Failed)
    }

    fn post_filter(&self, cycle: &Cycle<'_>, pod: &PodInfo, mut why: Why) -> Why {
        let plugins = self.at(Point::PostFilter);
        let mut laps = Laps::begin(cycle.at.observer, "PostFilter");
        for (name, plugin) in
            plugins.filter_map(|plugin| Some((plugin.name, plugin.points.post_filter.as_ref()?)))
        {
            cycle.at.set((name, "PostFilter"));
            let said = plugin.post_filter(pod, &Room::new(cycle, &why));
            laps.lap(
                name,
                if matches!(said, PostFiltered::Nominate { .. }) { SUCCESS } else { UNSCHEDULABLE },
            );
            match said {
                PostFiltered::Nothing(message) => why.post_filter = message.or(why.post_filter),
                PostFiltered::Nowhere(message) => {
                    why.post_filter = Some(message);
                    why.gives_up_room = true;
                }
                PostFiltered::Nominate { node, victims } => {
                    why.nominated = Some(node);
                    why.victims = victims.iter().map(|pod| pod.key().clone()).collect();
                    break;
                }
            }
        }
        laps.end(if why.nominated.is_some() { SUCCESS } else { UNSCHEDULABLE });
        why
    }

    pub(crate) fn plugins(&self) -> &[Resolved] {
        &self.plugins
    }

    /// The plugins of one point, in their order.
    pub(crate) fn at(&self, point: Point) -> impl DoubleEndedIterator<Item = &Resolved> {
        self.orders.get(&point).into_iter().flatten().map(|index| &self.plugins[*index])
    }

    /// Whether a node may fit the pod now that `event` has happened: what the queue asks before it wakes a pod.
    ///
    /// Looks at the node of the event alone where no plugin looks further for this pod. A plugin that breaks leaves it
    /// to the attempt.
    pub fn may_fit(&self, cluster: &Snapshot, pod: &PodInfo, event: Option<&ClusterEvent>) -> bool {
        Cycle::guarded(self, cluster, pod, |cycle| Ok(cycle.may_fit(event))).unwrap_or(true)
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.plugins.iter().map(|plugin| plugin.name)).finish()
    }
}

/// How many nodes an explanation names.
const NEAREST: usize = 3;
