//! What simulated pods do: how long they take to start, to become ready, to run, to stop, and what goes wrong.
//!
//! A [`Script`] is what one pod does, as data; a [`Behavior`] decides which one. Fleets may also be driven by documents
//! in the form of KWOK's `Stage`: see [`stages`](crate::stages).

use crate::machine::LifeSpec;
use crate::runtime::PodRuntime;
use kube_core::env::Rng;
use kube_core::view::PodView;
use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

/// What one pod does. All of its containers do the same.
///
/// ```
/// use kube_node::behavior::{Image, Script};
/// use std::time::Duration;
///
/// let job = Script::default().exits(Duration::from_secs(30), 0);
/// let crashing = Script::default().exits(Duration::from_secs(1), 1).crashes(3);
/// let misspelt = Script::default().image(Image::Missing);
/// # let _ = (job, crashing, misspelt);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Script {
    /// From binding until the containers can be started (volumes, network).
    pub start: Duration,
    /// From running until ready; `None` for never.
    pub ready: Option<Duration>,
    /// From running until the containers exit, and their exit code; `None` for never.
    pub exit: Option<(Duration, i32)>,
    /// How many runs end like that; later ones go on. `None` for all.
    pub crashes: Option<u32>,
    /// Whether those runs end for want of memory.
    pub out_of_memory: bool,
    /// From the stop signal until the containers are gone, at most the pod's grace.
    pub stop: Duration,
    /// Their exit code then.
    pub stop_code: i32,
    /// What is with the images.
    pub image: Image,
    /// How long init containers run, and their exit code.
    pub init: (Duration, i32),
    /// From running until startup probes succeed.
    pub startup: Duration,
    /// From running until liveness probes fail; `None` for never.
    pub unhealthy: Option<Duration>,
    /// Once ready, for how long it can serve and for how long it then cannot, in turn.
    pub toggles: Option<(Duration, Duration)>,
    /// How long hooks take.
    pub hooks: Duration,
    /// Why the environment of the containers cannot be made.
    pub config_error: Option<String>,
}

/// What is with an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Image {
    /// It is there.
    #[default]
    Present,
    /// The first pull takes so long.
    Takes(Duration),
    /// So many pulls fail, then one succeeds.
    FailsFirst(u32),
    /// No registry has it.
    Missing,
    /// Its name cannot be read.
    InvalidName,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            start: Duration::ZERO,
            ready: Some(Duration::ZERO),
            exit: None,
            crashes: None,
            out_of_memory: false,
            stop: Duration::ZERO,
            stop_code: TERMINATED,
            image: Image::Present,
            init: (Duration::ZERO, 0),
            startup: Duration::ZERO,
            unhealthy: None,
            toggles: None,
            hooks: Duration::ZERO,
            config_error: None,
        }
    }
}

impl Script {
    /// The same, but the containers exit with `code` after running for `after`.
    #[must_use]
    pub fn exits(mut self, after: Duration, code: i32) -> Self {
        self.exit = Some((after, code));
        self
    }

    /// The same, but only so many runs exit.
    #[must_use]
    pub fn crashes(mut self, runs: u32) -> Self {
        self.crashes = Some(runs);
        self
    }

    /// The same, but the pod never becomes ready.
    #[must_use]
    pub fn never_ready(mut self) -> Self {
        self.ready = None;
        self
    }

    /// The same, with such images.
    #[must_use]
    pub fn image(mut self, image: Image) -> Self {
        self.image = image;
        self
    }

    /// The same, but once ready it can serve for `up`, then cannot for `down`, and so on.
    #[must_use]
    pub fn toggles(mut self, up: Duration, down: Duration) -> Self {
        self.toggles = Some((up, down));
        self
    }
}

/// Decides what a pod does. Called once per start of a pod; must depend on its arguments alone.
pub trait Behavior: Send + Sync + fmt::Debug + 'static {
    /// What `pod` does.
    fn script(&self, pod: &PodView, rng: &mut Rng) -> Script;

    /// Where the containers of `pod` run, instead of by a script; `None` for by the script.
    fn runtime(&self, _pod: &PodView, _spec: &LifeSpec) -> Option<Box<dyn PodRuntime>> {
        None
    }
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
            ..Script::default()
        }
    }
}

/// Every pod does the same.
impl Behavior for Script {
    fn script(&self, _pod: &PodView, _rng: &mut Rng) -> Script {
        self.clone()
    }
}

/// Exit code of what ends on the stop signal.
const TERMINATED: i32 = 143;
