//! What the plugins of a profile say about waiting.

use super::entry::Entry;
use crate::framework::{
    ClusterEvent, EnqueueHints, EventSet, Hint, PodInfo, PreEnqueue, QueueSort, Reason, Reasons, SortKey,
    Verdict, guarded,
};
use crate::profile::Resolved;
use kube_core::env::Mono;
use std::collections::BTreeMap;
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
    sort: Option<Arc<dyn QueueSort>>,
    gates: Vec<(&'static str, Arc<dyn PreEnqueue>)>,
    /// `None` for plugins without hints.
    hints: BTreeMap<&'static str, Option<Hints>>,
}

impl Policy {
    pub(super) fn new(plugins: &[Resolved]) -> Self {
        let mut policy = Self::default();
        for Resolved { name, points, .. } in plugins {
            policy.sort = policy.sort.or_else(|| points.queue_sort.clone());
            policy.gates.extend(points.pre_enqueue.clone().map(|gate| (*name, gate)));
            policy.hints.insert(name, points.hints.clone().map(|hints| (hints.events(), hints)));
        }
        policy
    }

    /// The place in the active queue; in order of arrival without a plugin that orders it.
    pub(super) fn sort_key(&self, pod: &PodInfo, since: Mono) -> SortKey {
        let arrival = SortKey([0, i64::try_from(since.nanos()).unwrap_or(i64::MAX)]);
        self.sort.as_ref().map_or(arrival, |sort| sort.key(pod, since))
    }

    /// The first plugin that holds the pod back.
    pub(super) fn gate(&self, pod: &PodInfo) -> Option<(&'static str, Reasons)> {
        self.gates.iter().find_map(|(name, gate)| match guarded(|| gate.pre_enqueue(pod)) {
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
        match self.hints.get(name) {
            Some(Some((events, _))) => events.intersects(set),
            // Without hints every event may help.
            _ => true,
        }
    }

    /// Whether the plugin `name`, which rejected `pod`, thinks that `event` may help.
    pub(super) fn hint(&self, name: &str, pod: &PodInfo, event: &ClusterEvent) -> Hint {
        if let ClusterEvent::SelfUpdated { new, .. } = event
            && new.meta.key() != *pod.key()
        {
            return Hint::Skip;
        }
        match self.hints.get(name) {
            // A plugin that breaks here must not lose a wake-up.
            Some(Some((_, hints))) => guarded(|| hints.hint(pod, event)).unwrap_or(Hint::Queue),
            _ => Hint::Queue,
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
        f.debug_list().entries(self.hints.keys()).finish()
    }
}

/// Stands for the rejector of a pod that nobody rejected: there were no nodes.
pub(super) const NOBODY: &str = "";
