//! What the plugins of a profile say about waiting.

use super::entry::Entry;
use crate::engine::Engine;
use crate::framework::{
    ClusterEvent, EnqueueHints, EventSet, Hint, PodInfo, PreEnqueue, QueueSort, Reason, Reasons, SortKey,
    Verdict, guarded,
};
use crate::plugins::gang_scheduling;
use crate::profile::{Point, Resolved};
use kube_core::env::Mono;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How long pods wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueConfig {
    /// Back-off after the first failure; doubles with each.
    pub initial_backoff: Duration,
    /// The longest back-off.
    pub max_backoff: Duration,
    /// How long a pod waits for an event before it is tried again all the same.
    pub flush_after: Duration,
    /// Whether a pod that backs off from a rejection may go early when nothing else is to do.
    pub pop_from_backoff: bool,
}

/// Source: `pkg/scheduler/apis/config/v1/defaults.go`, `pkg/scheduler/backend/queue`.
impl Default for QueueConfig {
    fn default() -> Self {
        Self {
            initial_backoff: Duration::from_secs(1),
            max_backoff: Duration::from_secs(10),
            flush_after: Duration::from_mins(5),
            pop_from_backoff: true,
        }
    }
}

impl QueueConfig {
    /// The back-off after so many failures.
    pub fn backoff(&self, failures: u32) -> Duration {
        let Some(doublings) = failures.checked_sub(1) else { return Duration::ZERO };
        let factor = 2_u32.checked_pow(doublings).unwrap_or(u32::MAX);
        self.initial_backoff.saturating_mul(factor).min(self.max_backoff)
    }
}

/// What a plugin listens to, and how to ask it.
type Hints = (EventSet, Arc<dyn EnqueueHints>);

#[derive(Default)]
pub(super) struct Policy {
    /// One for all profiles: they share the queue.
    sort: Option<Arc<dyn QueueSort>>,
    profiles: BTreeMap<Arc<str>, Asked>,
}

/// Whom to ask about the pods of one profile.
#[derive(Default)]
struct Asked {
    gates: Vec<(&'static str, Arc<dyn PreEnqueue>)>,
    /// Whether pods of one group go together.
    gangs: bool,
    /// `None` for plugins without hints.
    hints: BTreeMap<&'static str, Option<Hints>>,
    /// Those that no pod which comes can help.
    monotone: BTreeSet<&'static str>,
}

impl Asked {
    fn listens(&self, name: &str, set: EventSet) -> bool {
        match self.hints.get(name) {
            Some(Some((events, _))) => events.intersects(set),
            // Without hints every event may help, unless the plugin says that pods which come do not.
            _ => !(self.monotone.contains(name) && set == EventSet::POD_ADD),
        }
    }
}

impl Policy {
    pub(super) fn new<'e>(engines: impl Iterator<Item = (&'e Arc<str>, &'e Engine)>) -> Self {
        let mut policy = Self::default();
        for (profile, engine) in engines {
            let sort = engine.at(Point::QueueSort).next().and_then(|plugin| plugin.points.queue_sort.clone());
            policy.sort = policy.sort.or(sort);
            let gates = engine.at(Point::PreEnqueue);
            let gates = gates.filter_map(|plugin| Some((plugin.name, plugin.points.pre_enqueue.clone()?)));
            let gates: Vec<_> = gates.collect();
            let gangs = gates.iter().any(|(name, _)| *name == gang_scheduling::NAME);
            let mut asked = Asked { gates, gangs, ..Asked::default() };
            for Resolved { name, points, plugin, .. } in engine.plugins() {
                if plugin.monotone() {
                    asked.monotone.insert(name);
                }
                asked.hints.insert(name, points.hints.clone().map(|hints| (hints.events(), hints)));
            }
            policy.profiles.insert(profile.clone(), asked);
        }
        policy
    }

    /// Whom to ask about `pod`; where there is but one profile it is everybody's.
    fn of(&self, pod: &PodInfo) -> Option<&Asked> {
        let stated = pod.view().spec.scheduler_name.as_ref();
        let named =
            stated.and_then(|name| self.profiles.get(name)).or_else(|| self.profiles.get(DEFAULT_NAME));
        named.or_else(|| self.profiles.values().next())
    }

    /// Whether the pod goes together with those of its group, if it has one.
    pub(super) fn has_gangs(&self, pod: &PodInfo) -> bool {
        self.of(pod).is_some_and(|asked| asked.gangs)
    }

    /// The place in the active queue; in order of arrival without a plugin that orders it.
    pub(super) fn sort_key(&self, pod: &PodInfo, since: Mono) -> SortKey {
        let arrival = SortKey([0, i64::try_from(since.nanos()).unwrap_or(i64::MAX)]);
        // One that breaks must not take the queue along.
        self.sort.as_ref().map_or(arrival, |sort| guarded(|| sort.key(pod, since)).unwrap_or(arrival))
    }

    /// The first plugin that holds the pod back.
    pub(super) fn gate(&self, pod: &PodInfo) -> Option<(&'static str, Reasons)> {
        self.of(pod)?.gates.iter().find_map(|(name, gate)| match guarded(|| gate.pre_enqueue(pod)) {
            Ok(Verdict::Fits) => None,
            Ok(Verdict::No(reasons) | Verdict::Never(reasons)) => Some((*name, reasons)),
            Err(message) => Some((*name, Reasons::from(Reason::from(message)))),
        })
    }

    /// Whether the plugin `name` wants to be asked about events of `set`.
    pub(super) fn listens(&self, name: &str, set: EventSet) -> bool {
        if name == NOBODY {
            return set.intersects(EventSet::NODE_ADD);
        }
        self.profiles.values().any(|asked| asked.listens(name, set))
    }

    /// Whether the plugin `name`, which rejected `pod`, thinks that `event` may help.
    pub(super) fn hint(&self, name: &str, pod: &PodInfo, event: &ClusterEvent) -> Hint {
        if let ClusterEvent::SelfUpdated { new, .. } = event
            && new.meta.key() != *pod.key()
        {
            return Hint::Skip;
        }
        let Some(asked) = self.of(pod).filter(|_| name != NOBODY) else { return Hint::Queue };
        match asked.hints.get(name) {
            Some(Some((events, _))) if !events.intersects(event.set()) => Hint::Skip,
            // A plugin that breaks here must not lose a wake-up.
            Some(Some((_, hints))) => guarded(|| hints.hint(pod, event)).unwrap_or(Hint::Queue),
            _ => Hint::when(asked.listens(name, event.set())),
        }
    }

    /// Whether `event` may help the pod of `entry`, according to who rejected it.
    pub(super) fn wakes(&self, entry: &Entry, event: &ClusterEvent) -> bool {
        let set = event.set();
        let asks = |name: &str| self.listens(name, set) && self.hint(name, &entry.pod, event) == Hint::Queue;
        if entry.rejectors.is_empty() { asks(NOBODY) } else { entry.rejectors.iter().any(|name| asks(name)) }
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.profiles.keys()).finish()
    }
}

/// Source: `k8s.io/api/core/v1` (`DefaultSchedulerName`).
pub(crate) const DEFAULT_NAME: &str = "default-scheduler";

/// Stands for the rejector of a pod that nobody rejected: there were no nodes.
pub(super) const NOBODY: &str = "";
