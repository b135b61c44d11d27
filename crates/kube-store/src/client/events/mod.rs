//! Events: what happened to objects, for people.
//!
//! [`Recorder::record`] never waits: a task aggregates and writes. Source of the semantics:
//! `k8s.io/client-go/tools/record` (deduplication of equal events; without its spam filter).

mod aggregate;
mod recorder;
mod target;
mod writer;

#[cfg(test)]
mod tests;

pub use recorder::Recorder;
pub use target::{EventTarget, EventType};
