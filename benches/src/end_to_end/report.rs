//! What a run took.

use std::time::Duration;

/// When the first and the last pod passed a stage, since the Deployment was scaled. Stages overlap: the first pods run
/// while the last are created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// `create`, `schedule`, `run` or `slices`.
    pub name: &'static str,
    /// How many passed.
    pub pods: usize,
    /// The first.
    pub first: Duration,
    /// The last.
    pub last: Duration,
}

/// How a run went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The stages in order.
    pub stages: Vec<Stage>,
}

impl Report {
    /// Until the last pod had passed the last stage.
    pub fn total(&self) -> Duration {
        self.stages.iter().map(|stage| stage.last).max().unwrap_or_default()
    }
}
