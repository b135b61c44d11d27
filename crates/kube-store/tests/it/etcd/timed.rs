//! A store that notices when the machine is slow.

use super::conformance::SLOW;
use kube_store::rt;
use kube_store::storage::etcd::EtcdStorage;
use kube_store::storage::mvcc::Snapshot;
use kube_store::storage::{
    Got, Key, KeyRange, Limits, ListOptions, Page, ReadAt, Revision, Storage, StorageResult, StorageStatus,
    TtlInfo, TtlOp, Txn, TxnOutcome, WatchOptions, WatchStream,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A store on etcd, and whether any of its calls was held up.
#[derive(Debug)]
pub(super) struct Timed {
    pub(super) storage: EtcdStorage,
    pub(super) slow: Arc<AtomicBool>,
}

impl Timed {
    async fn of<T>(&self, call: impl Future<Output = T>) -> T {
        let env = rt::env();
        let began = env.now();
        let result = call.await;
        if env.now().since(began) > SLOW {
            self.slow.store(true, Ordering::SeqCst);
        }
        result
    }
}

#[async_trait::async_trait]
#[deny(clippy::missing_trait_methods)]
impl Storage for Timed {
    async fn get(&self, key: &Key, at: ReadAt) -> StorageResult<Got> {
        self.of(self.storage.get(key, at)).await
    }

    async fn list(&self, range: &KeyRange, options: &ListOptions) -> StorageResult<Page> {
        self.of(self.storage.list(range, options)).await
    }

    async fn txn(&self, txn: Txn) -> StorageResult<TxnOutcome> {
        self.of(self.storage.txn(txn)).await
    }

    async fn watch(&self, range: &KeyRange, options: &WatchOptions) -> StorageResult<WatchStream> {
        self.of(self.storage.watch(range, options)).await
    }

    async fn ttl(&self, op: TtlOp) -> StorageResult<TtlInfo> {
        self.of(self.storage.ttl(op)).await
    }

    async fn current(&self) -> StorageResult<Revision> {
        self.of(self.storage.current()).await
    }

    async fn compact(&self, revision: Revision) -> StorageResult<()> {
        self.of(self.storage.compact(revision)).await
    }

    fn limits(&self) -> Limits {
        self.storage.limits()
    }

    fn snapshot(&self) -> Option<Snapshot> {
        self.storage.snapshot()
    }

    fn status(&self) -> StorageStatus {
        self.storage.status()
    }

    fn close(&self) {
        self.storage.close();
    }

    async fn closed(&self) {
        self.storage.closed().await;
    }
}
