//! Zones: how fast nodes that do not answer are cleared of their pods. Where many fail at a time it is slower, since then
//! it is rather the network than the nodes.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/nodelifecycle` (`ComputeZoneState`, `setLimiterInZone`), `scheduler`
//! (`RateLimitedTimedQueue`).

use super::plan::Settings;
use kube_core::env::Mono;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// How a zone is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ZoneState {
    /// It was not looked at yet.
    #[default]
    Initial,
    /// Most nodes are ready.
    Normal,
    /// More than two nodes are not ready, and a large part of all.
    PartialDisruption,
    /// No node is ready.
    FullDisruption,
}

impl ZoneState {
    /// The state of a zone with so many nodes that are ready and that are not.
    pub fn of(ready: usize, not_ready: usize, settings: &Settings) -> Self {
        let total = ready + not_ready;
        // In thousandths: whole numbers compare exactly.
        let large = not_ready * 1000 >= total * settings.unhealthy_thousandths;
        match () {
            () if ready == 0 && not_ready > 0 => Self::FullDisruption,
            () if not_ready > 2 && large => Self::PartialDisruption,
            () => Self::Normal,
        }
    }
}

/// One zone: the nodes that wait for their taint, and how fast they get it.
#[derive(Clone, Debug)]
pub(super) struct Zone {
    pub(super) state: ZoneState,
    pub(super) waiting: VecDeque<Arc<str>>,
    pub(super) limiter: Limiter,
}

impl Zone {
    pub(super) fn new(settings: &Settings, now: Mono) -> Self {
        let limiter = Limiter { interval: Some(settings.interval), next: now };
        Self { state: ZoneState::Initial, waiting: VecDeque::new(), limiter }
    }

    /// Waits for its taint, unless it does already.
    pub(super) fn enqueue(&mut self, node: &Arc<str>) {
        if !self.waiting.contains(node) {
            self.waiting.push_back(node.clone());
        }
    }

    pub(super) fn remove(&mut self, node: &str) {
        self.waiting.retain(|waiting| **waiting != *node);
    }

    /// The pace of `state` in a zone of `size` nodes.
    pub(super) fn set(&mut self, state: ZoneState, size: usize, settings: &Settings, now: Mono) {
        self.state = state;
        let interval = match state {
            ZoneState::Initial => return,
            ZoneState::Normal | ZoneState::FullDisruption => Some(settings.interval),
            ZoneState::PartialDisruption => {
                (size > settings.large_zone).then_some(settings.secondary_interval)
            }
        };
        self.limiter.swap(interval, now);
    }

    /// Stops: no node can be told from a broken network.
    pub(super) fn stop(&mut self, now: Mono) {
        self.state = ZoneState::FullDisruption;
        self.limiter.swap(None, now);
    }
}

/// One at a time, and no faster than that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limiter {
    /// Time between two; `None` for never.
    interval: Option<Duration>,
    next: Mono,
}

impl Limiter {
    pub(super) fn try_accept(&mut self, now: Mono) -> bool {
        let Some(interval) = self.interval.filter(|_| now >= self.next) else { return false };
        self.next = now + interval;
        true
    }

    /// When the next is let through; `None` for never.
    pub(super) fn next(&self) -> Option<Mono> {
        self.interval.map(|_| self.next)
    }

    /// Another pace: who had to wait has to wait on.
    fn swap(&mut self, interval: Option<Duration>, now: Mono) {
        let waits = !self.try_accept(now);
        *self = Self {
            interval,
            next: if waits { interval.map_or(now, |interval| now + interval) } else { now },
        };
    }
}
