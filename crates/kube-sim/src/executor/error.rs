//! Why a simulated run did not come to its end.

use std::fmt;
use std::time::Duration;

/// A task that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its name.
    pub task: String,
    /// What it waits for, if it said so with [`waits`](super::waits).
    pub waits_for: Option<String>,
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.waits_for {
            Some(what) => write!(f, "{} (for {what})", self.task),
            None => f.write_str(&self.task),
        }
    }
}

fn list(waiting: &[Waiting]) -> String {
    waiting.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// A simulated run that did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SimError {
    /// Nothing is ready and no timer is set, but the main task has not ended.
    #[error("deadlock: nothing is ready and no timer is set; waiting: {}", list(.waiting))]
    Deadlock {
        /// The tasks that wait.
        waiting: Vec<Waiting>,
    },
    /// Tasks keep each other busy and time does not move on.
    #[error("livelock: {steps} steps without time moving on; ready: {}", .ready.join(", "))]
    Livelock {
        /// Steps since time last moved.
        steps: u64,
        /// The tasks that are ready.
        ready: Vec<String>,
    },
    /// More steps than allowed.
    #[error("more than {limit} steps")]
    StepLimit {
        /// How many are allowed.
        limit: u64,
    },
    /// More virtual time than allowed.
    #[error("more than {limit:?} of virtual time; waiting: {}", list(.waiting))]
    TimeLimit {
        /// How much is allowed.
        limit: Duration,
        /// The tasks that wait.
        waiting: Vec<Waiting>,
    },
}
