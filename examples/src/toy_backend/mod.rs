//! A storage engine of an outsider, judged by the conformance suite.
//!
//! The toy keeps every state of every revision whole, under one lock. It is slow and short, and keeps the contract:
//! [`judge`] runs every contract of `kube_store::conformance` against it, and records some traffic for the history
//! checker.

mod store;
mod watch;

pub use store::Toy;

use futures::future::join_all;
use kube_store::conformance::history::{Finding, Judged, Recorder, Traffic, TrafficOptions, check};
use kube_store::conformance::{Report, run_all};
use kube_store::storage::Storage;
use std::sync::Arc;

/// What the suite makes of the toy. Contracts that need a clock or a medium are skipped: the toy has neither.
pub async fn judge() -> Report {
    run_all(|| Toy::new().into()).await
}

/// What the history checker makes of four clients on the toy.
///
/// # Errors
/// The first rule that is broken.
pub async fn traffic(seed: u64) -> Result<Judged, Finding> {
    let recorder = Recorder::new();
    let storage: Arc<dyn Storage> = Arc::new(Toy::new());
    let mut traffic = Traffic::new(&recorder, seed, TrafficOptions::default());
    join_all(traffic.round(&storage)).await;
    traffic.finish(&storage).await;
    check(&recorder.take())
}
