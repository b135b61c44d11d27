//! Events that arrive while pods are being decided.

use crate::framework::ClusterEvent;
use std::collections::{BTreeMap, VecDeque};

/// What happened since each pod was taken. Events that every such pod came after are dropped.
#[derive(Debug, Default)]
pub(super) struct InFlight {
    /// Ticket of the pod, and the number of the first event after it was taken.
    pods: BTreeMap<u64, u64>,
    events: VecDeque<ClusterEvent>,
    /// Number of the event at the front.
    front: u64,
    /// By what metrics call them.
    counts: BTreeMap<&'static str, usize>,
}

impl InFlight {
    pub(super) fn enter(&mut self, ticket: u64) {
        self.pods.insert(ticket, self.front + self.events.len() as u64);
    }

    /// The events since the pod was taken.
    pub(super) fn leave(&mut self, ticket: u64) -> Vec<ClusterEvent> {
        let Some(from) = self.pods.remove(&ticket) else { return Vec::new() };
        let skip = usize::try_from(from - self.front).unwrap_or(usize::MAX);
        let since = self.events.iter().skip(skip).cloned().collect();
        // Tickets grow with time, so that the first pod also has the first event.
        let needed = self.pods.values().next().copied().unwrap_or(self.front + self.events.len() as u64);
        while self.front < needed {
            if let Some(event) = self.events.pop_front() {
                *self.counts.entry(event.label()).or_default() -= 1;
            }
            self.front += 1;
        }
        since
    }

    pub(super) fn note(&mut self, event: &ClusterEvent) {
        if !self.pods.is_empty() {
            self.events.push_back(event.clone());
            *self.counts.entry(event.label()).or_default() += 1;
        }
    }

    /// How many events are held; one that was held is counted with 0.
    pub(super) fn counts(&self) -> &BTreeMap<&'static str, usize> {
        &self.counts
    }

    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.events.len()
    }
}
