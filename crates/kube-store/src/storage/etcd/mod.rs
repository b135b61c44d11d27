//! [etcd](https://etcd.io) 3.4 and later as an engine: a store that several control planes share, on several machines.
//!
//! The build needs `protoc` (Debian: `protobuf-compiler`), so that the feature `etcd` is in no default.
//!
//! - **Reads** are linearizable, unless [`ReadAt::Any`] is asked for; they are tried again until the timeout.
//! - **Writes** are sent once. Without an answer they are [`StorageError::Unknown`](super::StorageError::Unknown); only what certainly reached nobody
//!   is sent again.
//! - **Watches** share one watch of etcd, whatever their number; those who ask for the values before share another. Each
//!   begins with its first reader. It resumes by itself at another member, drops what comes twice, and ends with [`StorageError::Expired`](super::StorageError::Expired) where history was compacted, so
//!   that [`KindCache`](crate::cache::KindCache) begins with the present state and tells what was deleted meanwhile.
//! - **Bookmarks** are proved by an event of the same watch. etcd before 3.4.25 and 3.5.8 sends its own progress too
//!   early (etcd-io/etcd#15220); it is believed from there on only. Where others write beside us to an older etcd, a
//!   note that no reader sees is written half a second later.
//! - **Times to live** are leases.
//!
//! What an engine of one process can do and this one cannot: tell keys and bytes in [`Storage::status`] (they are 0),
//! give a [`Snapshot`](super::mvcc::Snapshot), refuse a second opening, and check [`Compare::RangeUnchanged`] for a
//! range of more than some hundred keys ([`StorageError::Invalid`](super::StorageError::Invalid)), or see what came and went in it in between.
//!
//! ```no_run
//! use kube_store::storage::etcd::{EtcdOptions, EtcdStorage};
//! use kube_store::storage::{Storage, Txn};
//!
//! # async fn example() -> Result<(), kube_store::storage::StorageError> {
//! let endpoints = ["http://10.0.0.1:2379", "http://10.0.0.2:2379", "http://10.0.0.3:2379"];
//! let options = EtcdOptions { prefix: "plane-a/".into(), ..EtcdOptions::new() };
//! let storage = EtcdStorage::connect(endpoints, options).await?;
//! storage.txn(Txn::put("/greeting", "hello")).await?;
//! # Ok(()) }
//! ```

mod call;
mod core;
mod cursor;
mod encode;
mod failure;
mod feed;
mod log;
mod open;
mod options;
mod read;
mod space;
#[cfg(test)]
mod tests;
mod tracker;
mod ttl;

pub use options::{EtcdOptions, EtcdTls, EtcdUser};

use self::call::Again;
use self::core::Core;
use self::encode::{Request, Stood};
use self::failure::Failure;
use super::mvcc::{self, Snapshot};
use super::{
    Compare, Got, Key, KeyRange, Limits, ListOptions, Page, ReadAt, Revision, Storage, StorageResult,
    StorageStatus, TtlInfo, TtlOp, Txn, TxnOutcome, WatchOptions, WatchStream,
};
use async_trait::async_trait;
use std::sync::Arc;

/// What etcd allows unless it is told otherwise: 128 operations, and 1.5 MiB with what it adds itself.
const LIMITS: Limits = Limits { max_txn_ops: 128, max_request_bytes: (1536 - 32) << 10 };

/// A store in etcd.
#[derive(Debug)]
pub struct EtcdStorage(Arc<Core>);

impl EtcdStorage {
    /// Connects to a cluster through any of its members' client addresses, such as `http://127.0.0.1:2379`.
    ///
    /// # Errors
    /// [`StorageError::Medium`](super::StorageError::Medium) when no member answers in time, or refuses the user or the certificates.
    pub async fn connect<E: Into<String>>(
        endpoints: impl IntoIterator<Item = E>,
        options: EtcdOptions,
    ) -> StorageResult<Self> {
        let endpoints: Vec<String> = endpoints.into_iter().map(Into::into).collect();
        // Large, as are all that etcd's client makes.
        Box::pin(Core::connect(&endpoints, options)).await.map(Self)
    }

    /// What stood in each range that the transaction wants unchanged, or how it fails before that.
    async fn stood(&self, txn: &Txn) -> StorageResult<Result<Vec<Stood>, TxnOutcome>> {
        let mut all = Vec::new();
        for (at, compare) in txn.compares.iter().enumerate() {
            let Compare::RangeUnchanged { range, revision } = compare else { continue };
            match self.0.stood(range, *revision).await {
                Ok(stood) => all.push(stood),
                Err(error) => {
                    // Conditions are judged in order.
                    let before = Txn { compares: txn.compares[..at].to_vec(), ..Txn::default() };
                    return match self.txn(before).await? {
                        failed @ TxnOutcome::Failed { .. } => Ok(Err(failed)),
                        TxnOutcome::Committed { .. } => Err(error),
                    };
                }
            }
        }
        Ok(Ok(all))
    }
}

impl Drop for EtcdStorage {
    fn drop(&mut self) {
        self.0.close();
    }
}

#[async_trait]
impl Storage for EtcdStorage {
    async fn get(&self, key: &Key, at: ReadAt) -> StorageResult<Got> {
        self.0.open()?;
        self.0.get(key, at).await
    }

    async fn list(&self, range: &KeyRange, options: &ListOptions) -> StorageResult<Page> {
        self.0.open()?;
        self.0.list(range, options).await
    }

    async fn txn(&self, txn: Txn) -> StorageResult<TxnOutcome> {
        self.0.open()?;
        mvcc::check(&txn, &LIMITS)?;
        if txn.compares.is_empty() && txn.ops.is_empty() {
            return Ok(TxnOutcome::Committed { revision: self.0.head().await?, previous: Vec::new() });
        }
        let stood = match self.stood(&txn).await? {
            Ok(stood) => stood,
            Err(failed) => return Ok(failed),
        };
        let mut request = Some(Request::of(&self.0.space, &txn, &stood)?);
        let again = if txn.ops.is_empty() { Again::Safe } else { Again::NotSent };
        let send = || {
            // Mostly it is sent once. What was made once can be made again.
            let made = request.take().map_or_else(|| Request::of(&self.0.space, &txn, &stood), Ok);
            let kv = self.0.kv();
            async move {
                let request = made.map_err(|error| etcd_client::Error::InvalidArgs(error.to_string()))?;
                request.send(kv, &self.0.space).await
            }
        };
        let before = self.0.seen();
        let answer = match self.0.call(again, send).await {
            Ok(answer) => answer,
            Err(Failure::NoSpace) => return Err(self.0.no_space(&txn, before).await),
            Err(failure) => return Err(failure.of_write("a transaction")),
        };
        self.0.note_seen(space::number(answer.revision));
        // What changes nothing makes no event that a closing store could wait for.
        if answer.result.as_ref().is_ok_and(|done| done.changed) {
            self.0.note_written(answer.revision);
        }
        encode::decode(&txn, &stood, answer)
    }

    async fn watch(&self, range: &KeyRange, options: &WatchOptions) -> StorageResult<WatchStream> {
        self.0.open()?;
        self.0.watch(range, options).await
    }

    async fn ttl(&self, op: TtlOp) -> StorageResult<TtlInfo> {
        self.0.open()?;
        self.0.ttl(op).await
    }

    async fn current(&self) -> StorageResult<Revision> {
        self.0.open()?;
        self.0.head().await
    }

    async fn compact(&self, revision: Revision) -> StorageResult<()> {
        self.0.open()?;
        if revision == Revision::ZERO {
            return Ok(());
        }
        let compact = || {
            let mut kv = self.0.kv();
            async move { kv.compact(space::number(revision), None).await }
        };
        match self.0.call(Again::Safe, compact).await {
            // At least that is compacted already, perhaps by a call of ours whose answer was lost.
            Ok(_) | Err(Failure::Compacted) => self.0.note_compacted(revision),
            Err(failure @ Failure::Future) => {
                return Err(self.0.explain(failure, revision, "compacting").await);
            }
            Err(failure) => return Err(failure.of_read("compacting")),
        }
        self.0.shared().for_each(|hub| hub.change(|log| log.compact(self.0.compacted())));
        Ok(())
    }

    fn limits(&self) -> Limits {
        LIMITS
    }

    fn snapshot(&self) -> Option<Snapshot> {
        None
    }

    fn status(&self) -> StorageStatus {
        let (watchers, watch_lag) = self.0.lag();
        StorageStatus {
            head: self.0.seen(),
            compacted: self.0.compacted(),
            incarnation: self.0.cluster,
            watchers,
            watch_lag,
            ..StorageStatus::default()
        }
    }

    fn close(&self) {
        self.0.close();
    }
}
