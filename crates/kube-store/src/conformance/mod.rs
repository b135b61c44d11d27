//! The contract of [`Storage`](crate::storage::Storage) as functions: run them against an engine of your own.
//!
//! ```
//! # use kube_store::{conformance, storage::MemoryStorage};
//! # async fn example() {
//! let report = conformance::run_all(|| MemoryStorage::new().into()).await;
//! assert!(report.failures.is_empty(), "{report}");
//! # }
//! ```
//!
//! Three parts, each usable alone:
//! - the **contracts** ([`ALL`]): small scripts, each on a store of its own. Some are ours, the others re-express the
//!   tests that kube-apiserver holds its own storage to ([`KUBERNETES`]); those that only make sense for objects run
//!   over [`Objects`](crate::objects::Objects) on the engine;
//! - the **history checker** ([`history`]): records what many clients do at once and judges it afterwards;
//! - the **simulated disk** ([`disk`]): a file that loses, tears and reorders what was not synced.
//!
//! Not API-stable: contracts are added and sharpened in any release. A contract waits for what it is promised, so
//! that an engine which breaks its promise may make it wait for ever: run it under a time limit.

mod contract;
pub mod disk;
mod durable;
pub mod history;
mod kubernetes;
mod lifecycle;
mod objects;
mod patience;
mod probe;
mod reads;
mod subject;
mod ttl;
mod txn;
mod watch;

pub use contract::{Contract, Report, Run, Verdict, Violation};
pub use kubernetes::KUBERNETES;
pub use objects::World;
pub use subject::{Advance, Medium, Open, Subject};

/// Every contract.
pub const ALL: &[&[Contract]] = &[
    txn::CONTRACTS,
    reads::CONTRACTS,
    watch::CONTRACTS,
    ttl::CONTRACTS,
    lifecycle::CONTRACTS,
    durable::CONTRACTS,
    objects::CREATES,
    objects::READS,
    objects::LISTS,
    objects::UPDATES,
    objects::DELETIONS,
    objects::DAMAGE,
    objects::WATCHES,
];

/// Runs every contract, each on a new store.
pub async fn run_all(new: impl Fn() -> Subject) -> Report {
    let mut report = Report::default();
    for contract in ALL.iter().copied().flatten() {
        report.note(contract.name, contract.judge(new()).await);
    }
    report
}

/// Runs every contract, each on a new store, against an engine that nobody else has to run for: without a runtime,
/// and a contract that would wait for ever is broken.
pub fn run_all_at_once(new: impl Fn() -> Subject) -> Report {
    let mut report = Report::default();
    for contract in ALL.iter().copied().flatten() {
        let verdict = patience::at_once(contract.judge(new()));
        let stuck = || Some(Err(Violation { what: "it would wait for ever".into() }));
        report.note(contract.name, verdict.unwrap_or_else(stuck));
    }
    report
}
