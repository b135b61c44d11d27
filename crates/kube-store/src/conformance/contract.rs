//! What a contract is, and what comes of a run.

use super::objects::World;
use super::subject::{Advance, Medium, Subject};
use crate::storage::{Storage, StorageError};
use futures::future::BoxFuture;
use kube_core::error::ApiError;
use std::fmt;

/// One rule.
#[derive(Clone, Copy, Debug)]
pub struct Contract {
    /// What it says.
    pub name: &'static str,
    /// The tests of `k8s.io/apiserver/pkg/storage/testing` whose contract it re-expresses; none for our own.
    pub kubernetes: &'static [&'static str],
    /// How it is tested, on a store of its own.
    pub run: Run,
}

/// The test of a [`Contract`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Run {
    /// With an empty store.
    Storage(for<'a> fn(&'a dyn Storage) -> BoxFuture<'a, Verdict>),
    /// With an empty store and its clock.
    Clock(for<'a> fn(&'a dyn Storage, &'a Advance) -> BoxFuture<'a, Verdict>),
    /// With objects over an empty store.
    Objects(for<'a> fn(&'a World) -> BoxFuture<'a, Verdict>),
    /// With objects over an empty store, and its clock.
    ObjectsClock(for<'a> fn(&'a World, &'a Advance) -> BoxFuture<'a, Verdict>),
    /// With a place that a store can be opened at again and again.
    Durable(for<'a> fn(&'a Medium) -> BoxFuture<'a, Verdict>),
    /// The same, with the clock of the stores.
    DurableClock(for<'a> fn(&'a Medium, &'a Advance) -> BoxFuture<'a, Verdict>),
}

/// Whether a contract holds.
pub type Verdict = Result<(), Violation>;

/// How a contract was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What was seen, and what should have been.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl From<StorageError> for Violation {
    fn from(error: StorageError) -> Self {
        Self { what: format!("unexpected error: {error}") }
    }
}

impl From<ApiError> for Violation {
    fn from(error: ApiError) -> Self {
        Self { what: format!("unexpected error: {error}") }
    }
}

impl Contract {
    /// A contract about an empty store.
    pub const fn storage(
        name: &'static str,
        run: for<'a> fn(&'a dyn Storage) -> BoxFuture<'a, Verdict>,
    ) -> Self {
        Self { name, kubernetes: &[], run: Run::Storage(run) }
    }

    /// A contract about an empty store and its clock.
    pub const fn clock(
        name: &'static str,
        run: for<'a> fn(&'a dyn Storage, &'a Advance) -> BoxFuture<'a, Verdict>,
    ) -> Self {
        Self { name, kubernetes: &[], run: Run::Clock(run) }
    }

    /// A contract about objects over an empty store.
    pub const fn objects(name: &'static str, run: for<'a> fn(&'a World) -> BoxFuture<'a, Verdict>) -> Self {
        Self { name, kubernetes: &[], run: Run::Objects(run) }
    }

    /// A contract about objects over an empty store, and its clock.
    pub const fn objects_clock(
        name: &'static str,
        run: for<'a> fn(&'a World, &'a Advance) -> BoxFuture<'a, Verdict>,
    ) -> Self {
        Self { name, kubernetes: &[], run: Run::ObjectsClock(run) }
    }

    /// A contract about opening a store again.
    pub const fn durable(name: &'static str, run: for<'a> fn(&'a Medium) -> BoxFuture<'a, Verdict>) -> Self {
        Self { name, kubernetes: &[], run: Run::Durable(run) }
    }

    /// A contract about opening a store again, and its clock.
    pub const fn durable_clock(
        name: &'static str,
        run: for<'a> fn(&'a Medium, &'a Advance) -> BoxFuture<'a, Verdict>,
    ) -> Self {
        Self { name, kubernetes: &[], run: Run::DurableClock(run) }
    }

    /// The same, named as what these tests of kube-apiserver ask for.
    #[must_use]
    pub const fn asked_by(mut self, kubernetes: &'static [&'static str]) -> Self {
        self.kubernetes = kubernetes;
        self
    }

    /// Judges `subject`; `None` where the contract needs a clock or a medium that it does not have.
    pub async fn judge(&self, subject: Subject) -> Option<Verdict> {
        let Subject { storage, advance, medium } = subject;
        match (self.run, advance.as_deref(), medium) {
            (Run::Storage(run), ..) => Some(run(&*storage).await),
            (Run::Clock(run), Some(advance), _) => Some(run(&*storage, advance).await),
            (Run::Objects(run), ..) => Some(run(&World::new(storage)).await),
            (Run::ObjectsClock(run), Some(advance), _) => Some(run(&World::new(storage), advance).await),
            (Run::Durable(run), _, Some(medium)) => {
                drop(storage);
                Some(run(&medium).await)
            }
            (Run::DurableClock(run), Some(advance), Some(medium)) => {
                drop(storage);
                Some(run(&medium, advance).await)
            }
            (Run::Clock(_) | Run::ObjectsClock(_) | Run::Durable(_) | Run::DurableClock(_), ..) => None,
        }
    }
}

/// What came of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The contracts that hold.
    pub passed: Vec<&'static str>,
    /// The contracts that need a clock or a medium where there is none.
    pub skipped: Vec<&'static str>,
    /// The contracts that are broken, and how.
    pub failures: Vec<(&'static str, Violation)>,
}

impl Report {
    /// Adds what came of one contract.
    pub fn note(&mut self, name: &'static str, verdict: Option<Verdict>) {
        match verdict {
            Some(Ok(())) => self.passed.push(name),
            Some(Err(violation)) => self.failures.push((name, violation)),
            None => self.skipped.push(name),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { passed, skipped, failures } = self;
        write!(f, "{} passed, {} skipped, {} broken", passed.len(), skipped.len(), failures.len())?;
        failures.iter().try_for_each(|(name, violation)| write!(f, "\n  {name}: {violation}"))
    }
}
