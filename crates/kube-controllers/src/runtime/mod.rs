//! The reconciler runtime: queues, workers, reads that show one's own writes.

pub mod cause;
pub mod queue;
