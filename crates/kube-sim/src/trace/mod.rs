//! What happened in a run, as a hash and, on demand, step by step.

use kube_core::env::Mono;
use std::sync::Arc;

/// One poll of one task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Number of the task, in order of spawning.
    pub task: u64,
    /// Name of the task.
    pub name: Arc<str>,
    /// Virtual time.
    pub now: Mono,
}

/// A running hash over steps. Two runs with equal hashes took the same steps at the same times.
#[derive(Clone, Debug)]
pub struct Trace {
    hash: u64,
    steps: u64,
    recorded: Option<Vec<Step>>,
}

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;

impl Default for Trace {
    fn default() -> Self {
        Self { hash: FNV_OFFSET, steps: 0, recorded: None }
    }
}

impl Trace {
    /// An empty trace.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty trace that keeps its steps.
    pub fn recording() -> Self {
        Self { recorded: Some(Vec::new()), ..Self::default() }
    }

    /// Adds a step.
    pub fn push(&mut self, step: &Step) {
        self.mix(&step.task.to_le_bytes());
        self.mix(step.name.as_bytes());
        self.mix(&step.now.nanos().to_le_bytes());
        self.steps += 1;
        if let Some(recorded) = &mut self.recorded {
            recorded.push(step.clone());
        }
    }

    /// Adds bytes that are no step: a committed write, for example.
    pub fn mix(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.hash = (self.hash ^ u64::from(*byte)).wrapping_mul(FNV_PRIME);
        }
    }

    /// The hash so far.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// How many steps.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The steps, where they were kept.
    pub fn recorded(&self) -> &[Step] {
        self.recorded.as_deref().unwrap_or_default()
    }
}
