//! Compares two runs that should have been the same, step by step.
//!
//! A [`Trace`] is a sequence of text or JSON steps with a running [`TraceHash`]. [`compare`] names the first step in
//! which two traces part, with the steps that led to it. The hash is 64-bit FNV-1a over length-prefixed steps: the
//! same on every machine, in every build and in every version, so a hash may be pinned in a test.

#[cfg(test)]
mod tests;

use serde::Serialize;
use std::fmt;

/// How many equal steps are shown ahead of the first difference.
const CONTEXT: usize = 5;

/// A running hash of steps. Two equal sequences have equal hashes; where a step ends matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TraceHash(u64);

impl TraceHash {
    /// The hash of no steps.
    pub const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// The hash after one more step.
    #[must_use]
    pub fn step(self, bytes: &[u8]) -> Self {
        self.bytes(&(bytes.len() as u64).to_le_bytes()).bytes(bytes)
    }

    /// The hash as a number.
    pub const fn value(self) -> u64 {
        self.0
    }

    fn bytes(self, bytes: &[u8]) -> Self {
        Self(bytes.iter().fold(self.0, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)))
    }
}

impl Default for TraceHash {
    fn default() -> Self {
        Self::new()
    }
}

/// Sixteen hexadecimal digits.
impl fmt::Display for TraceHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// What a run did, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    steps: Vec<String>,
    hash: TraceHash,
}

impl Trace {
    /// A trace without steps.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a step.
    pub fn push(&mut self, step: impl Into<String>) {
        let step = step.into();
        self.hash = self.hash.step(step.as_bytes());
        self.steps.push(step);
    }

    /// Adds a step as JSON; maps keep the order in which `step` serializes them.
    ///
    /// # Errors
    /// When `step` does not serialize, for instance a map with keys that are no strings.
    pub fn push_json(&mut self, step: &impl Serialize) -> Result<(), serde_json::Error> {
        self.push(serde_json::to_string(step)?);
        Ok(())
    }

    /// The steps so far.
    pub fn steps(&self) -> &[String] {
        &self.steps
    }

    /// The hash of the steps so far.
    pub const fn hash(&self) -> TraceHash {
        self.hash
    }
}

impl<S: Into<String>> Extend<S> for Trace {
    fn extend<I: IntoIterator<Item = S>>(&mut self, steps: I) {
        steps.into_iter().for_each(|step| self.push(step));
    }
}

impl<S: Into<String>> FromIterator<S> for Trace {
    fn from_iter<I: IntoIterator<Item = S>>(steps: I) -> Self {
        let mut trace = Self::new();
        trace.extend(steps);
        trace
    }
}

/// Where two traces part.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Divergence {
    /// Index of the first step that differs, from 0.
    pub at: usize,
    /// That step in the left trace; `None` where the left trace has ended.
    pub left: Option<String>,
    /// That step in the right trace; `None` where the right trace has ended.
    pub right: Option<String>,
    /// The last equal steps ahead of it, oldest first.
    pub before: Vec<String>,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the traces part at step {}", self.at)?;
        let first = self.at - self.before.len();
        for (offset, step) in self.before.iter().enumerate() {
            writeln!(f, "  {:>6}   {step}", first + offset)?;
        }
        let ended = "(ended)";
        writeln!(f, "  {:>6} < {}", self.at, self.left.as_deref().unwrap_or(ended))?;
        write!(f, "  {:>6} > {}", self.at, self.right.as_deref().unwrap_or(ended))
    }
}

impl std::error::Error for Divergence {}

/// Compares two traces step by step.
///
/// # Errors
/// The first [`Divergence`].
pub fn compare(left: &Trace, right: &Trace) -> Result<(), Divergence> {
    let longest = left.steps.len().max(right.steps.len());
    let Some(at) = (0..longest).find(|at| left.steps.get(*at) != right.steps.get(*at)) else {
        return Ok(());
    };
    Err(Divergence {
        at,
        left: left.steps.get(at).cloned(),
        right: right.steps.get(at).cloned(),
        before: left.steps[at.saturating_sub(CONTEXT)..at].to_vec(),
    })
}
