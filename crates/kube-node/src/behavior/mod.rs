//! What simulated pods do: how long they take to start, to become ready, to run, to stop.

use kube_core::env::Rng;
use kube_core::view::PodView;
use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

/// What one pod does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Script {
    /// From binding until the containers run (image pull, volumes, start).
    pub start: Duration,
    /// From running until ready; `None` for never.
    pub ready: Option<Duration>,
    /// From running until the containers exit, and their exit code; `None` for never.
    pub exit: Option<(Duration, i32)>,
    /// From the stop signal until the containers are gone, at most the pod's grace.
    pub stop: Duration,
}

impl Default for Script {
    fn default() -> Self {
        Self { start: Duration::ZERO, ready: Some(Duration::ZERO), exit: None, stop: Duration::ZERO }
    }
}

impl Script {
    /// The same, but the containers exit with `code` after running for `after`.
    #[must_use]
    pub fn exits(mut self, after: Duration, code: i32) -> Self {
        self.exit = Some((after, code));
        self
    }

    /// The same, but the pod never becomes ready.
    #[must_use]
    pub fn never_ready(mut self) -> Self {
        self.ready = None;
        self
    }
}

/// Decides what a pod does. Called once per start of a pod; must depend on its arguments alone.
pub trait Behavior: Send + Sync + fmt::Debug + 'static {
    /// What `pod` does.
    fn script(&self, pod: &PodView, rng: &mut Rng) -> Script;
}

/// Delays drawn from ranges: the usual behaviour of servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delays {
    /// From binding until running.
    pub start: RangeInclusive<Duration>,
    /// From running until ready.
    pub ready: RangeInclusive<Duration>,
    /// From the stop signal until gone.
    pub stop: RangeInclusive<Duration>,
}

impl Delays {
    /// No delay anywhere.
    pub const NONE: Self = Self {
        start: Duration::ZERO..=Duration::ZERO,
        ready: Duration::ZERO..=Duration::ZERO,
        stop: Duration::ZERO..=Duration::ZERO,
    };
}

impl Behavior for Delays {
    fn script(&self, _pod: &PodView, rng: &mut Rng) -> Script {
        let mut draw = |range: &RangeInclusive<Duration>| rng.between(*range.start(), *range.end());
        Script {
            start: draw(&self.start),
            ready: Some(draw(&self.ready)),
            stop: draw(&self.stop),
            exit: None,
        }
    }
}
