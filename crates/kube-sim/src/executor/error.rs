//! Why a simulated run did not come to its end.

use std::time::Duration;

/// A simulated run that did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SimError {
    /// Nothing is ready and no timer is set, but the main task has not ended.
    #[error("deadlock: nothing is ready and no timer is set; waiting: {}", .waiting.join(", "))]
    Deadlock {
        /// The tasks that wait.
        waiting: Vec<String>,
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
    #[error("more than {limit:?} of virtual time; waiting: {}", .waiting.join(", "))]
    TimeLimit {
        /// How much is allowed.
        limit: Duration,
        /// The tasks that wait.
        waiting: Vec<String>,
    },
}
