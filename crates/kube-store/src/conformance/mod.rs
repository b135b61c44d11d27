//! The contract of [`Storage`] as functions: run them against an engine of your own.
//!
//! ```
//! # use kube_store::{conformance, storage::MemoryStorage};
//! # async fn example() {
//! let report = conformance::run_all(|| MemoryStorage::new().into()).await;
//! assert!(report.failures.is_empty(), "{report}");
//! # }
//! ```
//!
//! Not API-stable: contracts are added and sharpened in any release. A contract waits for what it is promised, so
//! that an engine which breaks its promise may make it wait for ever: run it under a time limit.

mod lifecycle;
mod patience;
mod probe;
mod reads;
mod ttl;
mod txn;
mod watch;

use crate::storage::{Storage, StorageError};
use futures::future::BoxFuture;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Every contract.
pub const ALL: &[&[Contract]] =
    &[txn::CONTRACTS, reads::CONTRACTS, watch::CONTRACTS, ttl::CONTRACTS, lifecycle::CONTRACTS];

/// One rule.
#[derive(Clone, Copy, Debug)]
pub struct Contract {
    /// What it says.
    pub name: &'static str,
    /// How it is tested, on a store of its own.
    pub run: Run,
}

/// The test of a [`Contract`].
#[derive(Clone, Copy, Debug)]
pub enum Run {
    /// With an empty store.
    Storage(for<'a> fn(&'a dyn Storage) -> BoxFuture<'a, Verdict>),
    /// With an empty store and its clock.
    Clock(for<'a> fn(&'a dyn Storage, &'a Advance) -> BoxFuture<'a, Verdict>),
}

/// Moves the clock of a store on.
pub type Advance = dyn Fn(Duration) + Send + Sync;

/// Whether a contract holds.
pub type Verdict = Result<(), Violation>;

/// How a contract was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What was seen, and what should have been.
    pub what: String,
}

impl From<StorageError> for Violation {
    fn from(error: StorageError) -> Self {
        Self { what: format!("unexpected error: {error}") }
    }
}

/// An empty store to judge.
pub struct Subject {
    storage: Arc<dyn Storage>,
    advance: Option<Box<Advance>>,
}

impl Subject {
    /// A store whose clock cannot be moved: contracts of times to live are skipped.
    pub fn new(storage: Arc<dyn Storage>) -> Self {
        Self { storage, advance: None }
    }

    /// The store with its clock.
    #[must_use]
    pub fn with_clock(mut self, advance: impl Fn(Duration) + Send + Sync + 'static) -> Self {
        self.advance = Some(Box::new(advance));
        self
    }
}

impl<S: Storage> From<S> for Subject {
    fn from(storage: S) -> Self {
        Self::new(Arc::new(storage))
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject").field("storage", &self.storage).finish_non_exhaustive()
    }
}

/// What came of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The contracts that hold.
    pub passed: Vec<&'static str>,
    /// The contracts that need a clock where there is none.
    pub skipped: Vec<&'static str>,
    /// The contracts that are broken, and how.
    pub failures: Vec<(&'static str, Violation)>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { passed, skipped, failures } = self;
        write!(f, "{} passed, {} skipped, {} broken", passed.len(), skipped.len(), failures.len())?;
        failures.iter().try_for_each(|(name, violation)| write!(f, "\n  {name}: {}", violation.what))
    }
}

/// Runs every contract, each on a new store.
pub async fn run_all(new: impl Fn() -> Subject) -> Report {
    let mut report = Report::default();
    for contract in ALL.iter().copied().flatten() {
        report.note(contract.name, contract.judge(&new()).await);
    }
    report
}

/// Runs every contract, each on a new store, against an engine that nobody else has to run for: without a runtime,
/// and a contract that would wait for ever is broken.
pub fn run_all_at_once(new: impl Fn() -> Subject) -> Report {
    let mut report = Report::default();
    for contract in ALL.iter().copied().flatten() {
        let subject = new();
        let verdict = patience::at_once(contract.judge(&subject));
        let stuck = || Some(Err(Violation { what: "it would wait for ever".into() }));
        report.note(contract.name, verdict.unwrap_or_else(stuck));
    }
    report
}

impl Contract {
    /// Judges `subject`; `None` where it has no clock and the contract needs one.
    pub async fn judge(&self, subject: &Subject) -> Option<Verdict> {
        match (self.run, &subject.advance) {
            (Run::Storage(run), _) => Some(run(&*subject.storage).await),
            (Run::Clock(run), Some(advance)) => Some(run(&*subject.storage, advance).await),
            (Run::Clock(_), None) => None,
        }
    }
}

impl Report {
    fn note(&mut self, name: &'static str, verdict: Option<Verdict>) {
        match verdict {
            Some(Ok(())) => self.passed.push(name),
            Some(Err(violation)) => self.failures.push((name, violation)),
            None => self.skipped.push(name),
        }
    }
}
