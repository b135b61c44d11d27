//! An admission plugin that steps between a read and its write.

use crate::objects::{Admission, Candidate, Contribution, Stored};
use crate::storage::{Storage, StorageError, Txn, TxnOutcome};
use async_trait::async_trait;
use kube_core::error::{ApiError, Reason};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What happens the next time that a write is validated.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Somebody else commits this first.
    Interfere(Txn),
    /// The write is refused.
    Refuse,
    /// The write is refused unless the stored object has this datum.
    Expect(&'static str),
}

/// Does its steps one validation after the other; with none left it lets everything pass.
#[derive(Debug)]
pub(super) struct Script {
    storage: Arc<dyn Storage>,
    acts: Mutex<Acts>,
}

#[derive(Debug, Default)]
struct Acts {
    steps: VecDeque<Step>,
    validations: usize,
}

impl Script {
    pub(super) fn new(storage: Arc<dyn Storage>) -> Self {
        Self { storage, acts: Mutex::default() }
    }

    /// Prepares what the next validations do, and counts them from zero.
    pub(super) fn prepare(&self, steps: impl IntoIterator<Item = Step>) {
        *self.acts() = Acts { steps: steps.into_iter().collect(), validations: 0 };
    }

    /// How many writes were validated since then.
    pub(super) fn validations(&self) -> usize {
        self.acts().validations
    }

    fn acts(&self) -> MutexGuard<'_, Acts> {
        // Every section is a few assignments.
        self.acts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Admission for Script {
    fn name(&self) -> &'static str {
        "ConformanceScript"
    }

    fn handles(&self, _cx: &Contribution<'_>) -> bool {
        true
    }

    async fn validate(
        &self,
        _cx: &Contribution<'_>,
        old: Option<&Stored>,
        _object: Option<&Candidate>,
    ) -> Result<(), ApiError> {
        let step = {
            let mut acts = self.acts();
            acts.validations += 1;
            acts.steps.pop_front()
        };
        let refuse = |why: &str| Err(ApiError::new(Reason::Forbidden, why));
        match step {
            Some(Step::Interfere(txn)) => match self.storage.txn(txn).await? {
                TxnOutcome::Committed { .. } => Ok(()),
                TxnOutcome::Failed { .. } => {
                    Err(StorageError::Invalid { reason: "the other write failed".into() }.into())
                }
            },
            Some(Step::Refuse) => refuse("refused by the contract"),
            Some(Step::Expect(datum)) => match old.map(Stored::value).transpose()? {
                Some(old) if old["data"]["x"] == datum => Ok(()),
                _ => refuse("a stale object was judged"),
            },
            None => Ok(()),
        }
    }
}
