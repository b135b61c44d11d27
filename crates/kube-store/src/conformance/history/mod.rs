//! What many clients did at once, recorded, and judged afterwards.
//!
//! [`Recorded`] is a store that notes every call into a [`Recorder`]: when it began, when it was answered, and what
//! came of it. [`check`] then holds the whole history to the contract. Every committed transaction carries its
//! revision, so nothing has to be searched for: the checker puts the writes in the order of their revisions, and asks
//! - whether the order keeps **real time** (what was answered before another call began is before it),
//! - whether every **result** (previous values, failed conditions, reads, pages) is the one of its place in the order,
//! - whether each **unknown outcome** (an error that cannot tell, a dropped future) was applied whole, once, or not
//!   at all, and no refused write was,
//! - whether every watch kept the **nine rules** that etcd's robustness suite checks (`tests/robustness/validate`):
//!   ordered, unique, reliable, atomic, resumable, bookmarkable, value before, is-create, filter.
//!
//! ```
//! use kube_store::conformance::history::{Recorded, Recorder, check};
//! use kube_store::storage::{MemoryStorage, Storage, Txn};
//! use std::sync::Arc;
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let recorder = Recorder::new();
//! let storage = Recorded::new(Arc::new(MemoryStorage::new()), &recorder);
//! storage.txn(Txn::put("/a", "1")).await.unwrap();
//! storage.current().await.unwrap();
//! let judged = check(&recorder.take()).unwrap();
//! assert_eq!((judged.operations, judged.writes), (2, 1));
//! # });
//! ```
//!
//! The history has to begin on an empty store. Outcomes that are unknown, and deletions by a time to live, can only
//! be told by a watch of all keys: keep one that has everything ([`Traffic`] does).

mod call;
mod check;
mod recorder;
mod stream;
mod timeline;
mod traffic;
mod witness;

pub use call::{Action, Call, History, WatchLog};
pub use check::{Finding, Judged, Rule, check, check_with};
pub use recorder::{Recorded, Recorder};
pub use traffic::{Traffic, TrafficOptions, Until};

/// What an engine may leave out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leniency {
    /// A value before may be missing from an event that asked for it.
    pub previous: bool,
    /// The engine is a process that others reach as well: revisions that nobody in the history asked for are theirs, a
    /// call may fail for want of an answer or of room while the store goes on, and a range counts as unchanged when it
    /// is as it was, whatever came and went in between.
    pub remote: bool,
}
