//! Events: what happened to objects, for people.
//!
//! [`Recorder::record`] never waits: a task aggregates and writes. Source of the semantics:
//! `k8s.io/client-go/tools/record` (`EventCorrelator`: equal events are counted, similar ones combined, spam is dropped).

mod aggregate;
mod correlate;
mod recorder;
mod target;
mod writer;

#[cfg(test)]
mod tests;

pub use recorder::Recorder;
pub use target::{EventTarget, EventType};
