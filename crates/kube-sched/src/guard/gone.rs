//! What is still known of nodes that are gone: one record for all of them.

use super::Record;
use kube_core::error::ApiError;
use kube_store::objects::{Contribution, TxnBuilder};
use kube_store::storage::Key;
use serde::{Deserialize, Serialize};

/// Who bound to nodes that are gone. A node without a record of its own may be one of them under its old name, and pods
/// may still be there: whoever binds to it must have seen them.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Gone {
    /// Who alone bound to them last; empty where it was not one alone.
    by: String,
    /// The newest revision at which somebody else did.
    others: u64,
    /// The newest revision at which anybody did.
    newest: u64,
}

impl Gone {
    /// With what was known of one more node, whose record was written at `latest`.
    fn and(self, record: Record, latest: u64) -> Self {
        let newest = self.newest.max(latest);
        let first = self.newest == 0;
        if !record.by.is_empty() && (first || self.by == record.by) {
            return Self { by: record.by, others: self.others.max(record.others), newest };
        }
        Self { by: String::new(), others: newest, newest }
    }

    /// What to know of a node without a record: the record that it may have had, and when that was written at the latest.
    pub(super) async fn read(cx: &Contribution<'_>) -> Result<(Record, u64), ApiError> {
        let read = cx.get(&Key::new(PLACE)).await?;
        let Some(bytes) = read.value() else { return Ok((Record::default(), 0)) };
        let gone: Self = serde_json::from_slice(bytes).map_err(ApiError::internal)?;
        Ok((Record { by: gone.by, others: gone.others }, gone.newest))
    }

    /// Takes the record of the node `name` away, in the transaction that deletes the node.
    pub(super) async fn forget(
        cx: &Contribution<'_>,
        name: &str,
        txn: &mut TxnBuilder,
    ) -> Result<(), ApiError> {
        let read = cx.get(&Record::place(name)).await?;
        let (Some(bytes), Some(latest)) = (read.value(), read.revision()) else { return Ok(()) };
        let record = Record::parse(bytes);
        let known = cx.get(&Key::new(PLACE)).await?;
        let gone: Self = match known.value() {
            Some(bytes) => serde_json::from_slice(bytes).map_err(ApiError::internal)?,
            None => Self::default(),
        };
        let next = gone.and(record, latest.get());
        txn.delete(&read);
        txn.put(&known, serde_json::to_vec(&next).map_err(ApiError::internal)?);
        Ok(())
    }
}

const PLACE: &str = "/guard/gone";
