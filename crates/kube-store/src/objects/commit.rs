//! Storing a planned request, and planning it again when it lost a race.

use super::Objects;
use super::draft::{Draft, Origin};
use super::errors::api_error;
use super::plan::{Planned, Planner};
use super::registry::Served;
use crate::service::WriteOptions;
use crate::storage::{Limits, Revision, TxnOutcome};
use async_trait::async_trait;
use kube_core::error::{ApiError, Reason};
use std::sync::Arc;

/// How often a request is planned before it gives up. Every lost race means that somebody else's write was stored.
const ATTEMPTS: usize = 256;

/// What became of a draft.
pub(super) enum Stored {
    /// It was stored at this revision (or would have been, in a dry run).
    At(Revision),
    /// This create found its name taken.
    Taken(usize),
    /// Something that was read has changed.
    Stale,
}

/// One write, planned as often as needed.
#[async_trait]
pub(super) trait Plan: Send {
    /// Adds the write to the planner's draft.
    async fn plan(&mut self, planner: &mut Planner<'_>) -> Result<Planned, ApiError>;

    /// Whether a name that is taken is worth another attempt; tells the error otherwise.
    fn taken(&mut self, served: &Served) -> Result<(), ApiError>;
}

impl Objects {
    /// Plans and stores one write.
    pub(super) async fn write(
        &self,
        served: &Arc<Served>,
        options: &WriteOptions,
        plan: &mut dyn Plan,
    ) -> Result<(Planned, Revision), ApiError> {
        served.expect_written()?;
        for _ in 0..ATTEMPTS {
            let mut draft = Draft::fenced(options.fence.as_ref());
            let mut planner =
                Planner { objects: self, served: served.clone(), options, draft: &mut draft, index: 0 };
            let written = plan.plan(&mut planner).await?;
            match self.store(draft, options.dry_run).await? {
                Stored::At(revision) => return Ok((written, revision)),
                Stored::Taken(_) => plan.taken(served)?,
                Stored::Stale => {}
            }
        }
        Err(exhausted())
    }

    /// Stores a draft, unless there is nothing to store or nothing to be stored.
    pub(super) async fn store(&self, draft: Draft, dry_run: bool) -> Result<Stored, ApiError> {
        if dry_run || draft.writes_nothing() && !draft.has_compares() {
            return Ok(Stored::At(Revision::ZERO));
        }
        let Limits { max_txn_ops: limit, .. } = self.storage.limits();
        if draft.size() > limit {
            let text =
                format!("the request needs {} operations at once, the store allows {limit}", draft.size());
            return Err(ApiError::new(Reason::RequestEntityTooLarge, text));
        }
        let (txn, origins) = draft.into_txn();
        match self.storage.txn(txn).await.map_err(|e| api_error(&e))? {
            TxnOutcome::Committed { revision, .. } => Ok(Stored::At(revision)),
            TxnOutcome::Failed { compare, .. } => match origins.get(compare) {
                Some(Origin::Fence) => Err(fenced()),
                Some(Origin::Create(index)) => Ok(Stored::Taken(*index)),
                Some(Origin::Read) | None => Ok(Stored::Stale),
            },
        }
    }
}

/// The write came from a leader that is none any more.
fn fenced() -> ApiError {
    ApiError::new(Reason::Conflict, "the election that fences this write is no longer won")
}

pub(super) fn exhausted() -> ApiError {
    let text = format!("the request lost {ATTEMPTS} races in a row");
    ApiError::new(Reason::Conflict, text)
}

/// How often a whole transaction is planned.
pub(super) const fn attempts() -> usize {
    ATTEMPTS
}
