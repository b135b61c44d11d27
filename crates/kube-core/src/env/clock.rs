//! Clocks: monotonic for deadlines, wall for timestamps.

use super::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use std::fmt;
use std::ops::{Add, Sub};
use std::sync::Mutex;
use std::task::{Poll, Waker};
use std::time::Duration;

/// A point of monotonic time: nanoseconds since the environment began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mono(u64);

impl Mono {
    /// The point `nanos` nanoseconds after the beginning.
    pub fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the beginning.
    pub fn nanos(self) -> u64 {
        self.0
    }

    /// Time since `earlier`; zero when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Mono {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)))
    }
}

impl Sub for Mono {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.since(earlier)
    }
}

/// A source of time.
pub trait Clock: Send + Sync + fmt::Debug + 'static {
    /// Monotonic time: never goes back.
    fn now(&self) -> Mono;

    /// Wall time: may jump.
    fn wall(&self) -> Timestamp;

    /// Resolves once [`Clock::now`] has reached `deadline`.
    fn sleep_until(&self, deadline: Mono) -> BoxFuture<'static, ()>;
}

/// A clock that moves only when told to.
#[derive(Clone, Debug)]
pub struct ManualClock {
    start: Timestamp,
    state: std::sync::Arc<Mutex<ManualState>>,
}

#[derive(Debug, Default)]
struct ManualState {
    now: Mono,
    sleepers: Vec<(Mono, Waker)>,
}

impl ManualClock {
    /// A clock whose wall time is `start` at monotonic zero.
    pub fn new(start: Timestamp) -> Self {
        Self { start, state: std::sync::Arc::default() }
    }

    /// Moves time on and wakes whoever waited for a moment that has come.
    pub fn advance(&self, duration: Duration) {
        let due: Vec<Waker> = {
            let mut state = lock(&self.state);
            state.now = state.now + duration;
            let now = state.now;
            let (due, later) =
                std::mem::take(&mut state.sleepers).into_iter().partition(|(at, _)| *at <= now);
            state.sleepers = later;
            let due: Vec<(Mono, Waker)> = due;
            due.into_iter().map(|(_, waker)| waker).collect()
        };
        due.into_iter().for_each(Waker::wake);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Mono {
        lock(&self.state).now
    }

    fn wall(&self) -> Timestamp {
        let elapsed = SignedDuration::try_from(Duration::from_nanos(self.now().nanos())).unwrap_or_default();
        self.start.saturating_add(elapsed).unwrap_or(Timestamp::MAX)
    }

    fn sleep_until(&self, deadline: Mono) -> BoxFuture<'static, ()> {
        let state = self.state.clone();
        Box::pin(std::future::poll_fn(move |cx| {
            let mut state = lock(&state);
            if state.now >= deadline {
                return Poll::Ready(());
            }
            state.sleepers.push((deadline, cx.waker().clone()));
            Poll::Pending
        }))
    }
}

fn lock(state: &Mutex<ManualState>) -> std::sync::MutexGuard<'_, ManualState> {
    // A panic elsewhere cannot leave the state half-written: every section is a few assignments.
    state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
