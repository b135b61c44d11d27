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

const START: u64 = 0xcbf2_9ce4_8422_2325;
/// Odd, with bits all over: 2^64 divided by the golden ratio.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

impl Default for Trace {
    fn default() -> Self {
        Self { hash: START, steps: 0, recorded: None }
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

    /// Whether steps are kept.
    pub fn is_recording(&self) -> bool {
        self.recorded.is_some()
    }

    /// Adds the name of a task.
    pub fn name(&mut self, task: u64, name: &str) {
        self.word(task);
        self.mix(name.as_bytes());
    }

    /// Adds a step.
    pub fn push(&mut self, step: &Step) {
        self.step(step.task, step.now);
        if let Some(recorded) = &mut self.recorded {
            recorded.push(step.clone());
        }
    }

    /// Adds a step without keeping it.
    pub fn step(&mut self, task: u64, now: Mono) {
        self.word(task);
        self.word(now.nanos());
        self.steps += 1;
    }

    /// Adds bytes that are no step: a committed write, for example.
    pub fn mix(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.word(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        for (to, from) in last.iter_mut().zip(rest) {
            *to = *from;
        }
        self.word(u64::from_le_bytes(last));
        self.word(bytes.len() as u64);
    }

    /// Adds eight bytes at once: multiplied, so that each of them reaches the upper half, and folded back down.
    fn word(&mut self, word: u64) {
        let product = u128::from(self.hash ^ word) * u128::from(MULTIPLIER);
        let bytes = product.to_le_bytes();
        let (halves, _) = bytes.as_chunks::<8>();
        let (low, high) = match halves {
            [low, high] => (u64::from_le_bytes(*low), u64::from_le_bytes(*high)),
            _ => (0, 0),
        };
        // The rotation keeps equal words in a row from cancelling each other.
        self.hash = (low ^ high).rotate_left(23) ^ word.wrapping_mul(MULTIPLIER);
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
