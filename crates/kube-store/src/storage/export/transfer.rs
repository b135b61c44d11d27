//! Reading an export into a store that only has the calls of [`Storage`].

use super::read::parse_all;
use crate::storage::crypto::Encryption;
use crate::storage::mvcc::Contents;
use crate::storage::{
    Compare, Key, KeyRange, KeyValue, ListOptions, Op, ReadAt, Revision, Storage, StorageError,
    StorageResult, TtlId, TtlOp, Txn, TxnOutcome,
};
use futures::future::try_join_all;
use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

/// Stands in a store while it takes an import over, and tells the revision that it has to come above.
const MARK: &str = "/import";

/// Writes under way at a time.
const AT_A_TIME: u64 = 64;

/// Values deleted at a time.
const PAGE: usize = 64;

/// Fills `into`, a store that holds nothing, with what was exported, by its ordinary transactions: for an engine that
/// is not in this process, as etcd. An embedded one is replaced at once by [`import`](super::import).
///
/// The store goes on above every revision of the export, for which it makes as many small writes as it takes, and is
/// compacted: who comes with a revision of the old store is told [`StorageError::Expired`]. Values begin new versions at
/// new revisions, so that a fence of before refuses whoever won it. Times to live begin anew with their full length.
///
/// An import that fails in the middle leaves its mark: done once more it begins from the start, and until then nobody
/// should use the store.
///
/// # Errors
/// As [`import`](super::import) for the export. [`StorageError::Invalid`] where the store holds something, of which
/// nothing is changed. What the store meets.
pub async fn import_into(
    from: impl Read + Send,
    into: &dyn Storage,
    encryption: Option<Arc<Encryption>>,
) -> StorageResult<Revision> {
    let contents = parse_all(from, encryption)?;
    begin(into).await?;
    let ttls = grant(into, &contents).await?;
    for ops in portions(&contents.rows, &ttls, into) {
        into.txn(Txn::of(ops)).await?;
    }
    rise(into, contents.revision).await?;
    let done = match into.txn(Txn::delete(MARK)).await? {
        TxnOutcome::Committed { revision, .. } | TxnOutcome::Failed { revision, .. } => revision,
    };
    into.compact(done).await?;
    Ok(done)
}

/// Marks the store, and takes away what an import before has left.
async fn begin(into: &dyn Storage) -> StorageResult<()> {
    let mark = Key::new(MARK);
    let marked = into.get(&mark, ReadAt::Latest).await?.kv.is_some();
    let options = ListOptions { at: ReadAt::Latest, limit: PAGE, continue_from: None };
    loop {
        let page = into.list(&KeyRange::all(), &options).await?;
        let others = page.items.iter().filter(|kv| kv.key != mark);
        let others: Vec<Op> = others.map(|kv| Op::Delete { key: kv.key.clone() }).collect();
        match others.first() {
            None => break,
            Some(first) if !marked => {
                let reason = format!("the store to import into is not empty: it holds {}", first.key());
                return Err(StorageError::Invalid { reason });
            }
            Some(_) => into.txn(Txn::of(others)).await?,
        };
    }
    if !marked {
        let put = Txn::put(MARK, "under way").when(Compare::Absent { key: mark });
        if let TxnOutcome::Failed { .. } = into.txn(put).await? {
            return Err(StorageError::Invalid { reason: "another import is under way".to_owned() });
        }
    }
    Ok(())
}

/// Times to live of the same lengths.
async fn grant(into: &dyn Storage, contents: &Contents) -> StorageResult<BTreeMap<TtlId, TtlId>> {
    let mut ttls = BTreeMap::new();
    for (id, length) in &contents.leases {
        ttls.insert(*id, into.ttl(TtlOp::Grant(*length)).await?.id);
    }
    Ok(ttls)
}

/// The writes of all values, as much in one transaction as the store takes, and half of the bytes: names and lengths
/// count as well.
fn portions(rows: &[Arc<KeyValue>], ttls: &BTreeMap<TtlId, TtlId>, into: &dyn Storage) -> Vec<Vec<Op>> {
    let limits = into.limits();
    let (mut portions, mut bytes) = (Vec::<Vec<Op>>::new(), usize::MAX);
    for kv in rows {
        let size = kv.value.len() + kv.key.as_str().len();
        let full = portions.last().is_none_or(|ops| ops.len() >= limits.max_txn_ops);
        if full || bytes.saturating_add(size) > limits.max_request_bytes / 2 {
            portions.push(Vec::new());
            bytes = 0;
        }
        bytes += size;
        let ttl = kv.ttl.and_then(|id| ttls.get(&id).copied());
        if let Some(ops) = portions.last_mut() {
            ops.push(Op::Put { key: kv.key.clone(), value: kv.value.clone(), ttl });
        }
    }
    portions
}

/// Writes until the store is above `revision`.
async fn rise(into: &dyn Storage, revision: Revision) -> StorageResult<()> {
    loop {
        let missing = (revision.get() + 1).saturating_sub(into.current().await?.get());
        if missing == 0 {
            return Ok(());
        }
        let writes = (0..missing.min(AT_A_TIME)).map(|_| into.txn(Txn::put(MARK, "under way")));
        try_join_all(writes).await?;
    }
}
