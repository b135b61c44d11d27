//! The store below everything, with somebody who looks on.

use super::Observer;
use async_trait::async_trait;
use kube_store::storage::mvcc::Snapshot;
use kube_store::storage::{
    Event, Got, Key, KeyRange, Limits, ListOptions, Page, ReadAt, Revision, Storage, StorageError,
    StorageResult, StorageStatus, TtlInfo, TtlOp, Txn, TxnOutcome, WatchFrom, WatchItem, WatchOptions,
    WatchSource, WatchStream,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use tokio::sync::Notify;

/// Tells the observer of every commit and every delivery of a watch.
#[derive(Debug)]
pub(crate) struct ObservedStorage {
    pub(crate) inner: Arc<dyn Storage>,
    pub(crate) observer: Arc<Observer>,
    pub(crate) health: Arc<Health>,
}

/// Whether a store still does its work.
#[derive(Debug, Default)]
pub(crate) struct Health {
    failed: AtomicBool,
    news: Notify,
}

impl Health {
    pub(crate) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// Resolves once it does not.
    pub(crate) async fn failed(&self) {
        loop {
            let news = self.news.notified();
            if self.has_failed() {
                return;
            }
            news.await;
        }
    }

    fn fail(&self) {
        self.failed.store(true, Ordering::Relaxed);
        self.news.notify_waiters();
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Storage for ObservedStorage {
    async fn get(&self, key: &Key, at: ReadAt) -> StorageResult<Got> {
        self.inner.get(key, at).await
    }

    async fn list(&self, range: &KeyRange, options: &ListOptions) -> StorageResult<Page> {
        self.inner.list(range, options).await
    }

    async fn txn(&self, mut txn: Txn) -> StorageResult<TxnOutcome> {
        // Oracles judge the values before, whether whoever writes asks for them or not.
        txn.quiet = false;
        let ops = txn.ops.clone();
        let outcome = self.inner.txn(txn).await;
        match &outcome {
            Ok(outcome) => self.observer.committed(&ops, outcome),
            // What was refused for want of room was not done.
            Err(StorageError::Closed) => self.health.fail(),
            Err(
                StorageError::Unknown { .. } | StorageError::Medium { .. } | StorageError::Corrupt { .. },
            ) => {
                self.observer.in_doubt(ops);
                self.health.fail();
            }
            Err(_) => {}
        }
        outcome
    }

    async fn watch(&self, range: &KeyRange, options: &WatchOptions) -> StorageResult<WatchStream> {
        let inner = self.inner.watch(range, options).await?;
        Ok(WatchStream::new(Box::new(ObservedWatch {
            position: inner.position(),
            initial: options.from == WatchFrom::Initial,
            inner,
            range: range.clone(),
            observer: self.observer.clone(),
        })))
    }

    async fn ttl(&self, op: TtlOp) -> StorageResult<TtlInfo> {
        self.inner.ttl(op).await
    }

    async fn current(&self) -> StorageResult<Revision> {
        self.inner.current().await
    }

    async fn compact(&self, revision: Revision) -> StorageResult<()> {
        self.inner.compact(revision).await
    }

    fn limits(&self) -> Limits {
        self.inner.limits()
    }

    fn snapshot(&self) -> Option<Snapshot> {
        self.inner.snapshot()
    }

    fn status(&self) -> StorageStatus {
        self.inner.status()
    }

    fn close(&self) {
        self.inner.close();
    }

    async fn closed(&self) {
        self.inner.closed().await;
    }
}

struct ObservedWatch {
    inner: WatchStream,
    range: KeyRange,
    /// Up to here everything was delivered.
    position: Revision,
    /// The present state is still to be delivered.
    initial: bool,
    observer: Arc<Observer>,
}

impl ObservedWatch {
    fn see(&mut self, item: &StorageResult<WatchItem>) {
        match item {
            Ok(WatchItem::Bookmark(revision)) => {
                if std::mem::take(&mut self.initial) {
                    self.position = *revision;
                } else if *revision > self.position {
                    self.check(revision.next(), &[]);
                    self.position = *revision;
                }
            }
            Ok(WatchItem::Batch(batch)) if !self.initial => {
                let keys: Vec<&Key> = batch.events.iter().map(Event::key).collect();
                self.check(batch.revision, &keys);
                self.position = batch.revision;
            }
            Ok(WatchItem::Batch(_)) | Err(_) => {}
        }
    }

    fn check(&self, revision: Revision, keys: &[&Key]) {
        // A bookmark is checked as the step to the revision after it, which need not exist.
        let end = if keys.is_empty() { None } else { Some(revision) };
        if let Err(what) = self.observer.may_deliver(&self.range, (self.position, revision), end, keys) {
            self.observer.violate("watches", what);
        }
    }
}

impl WatchSource for ObservedWatch {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<StorageResult<WatchItem>> {
        let Poll::Ready(item) = futures::StreamExt::poll_next_unpin(&mut self.inner, cx) else {
            return Poll::Pending;
        };
        let item = item.unwrap_or(Err(StorageError::Closed));
        self.see(&item);
        Poll::Ready(item)
    }

    fn try_next(&mut self) -> Option<StorageResult<WatchItem>> {
        let item = self.inner.try_next()?;
        self.see(&item);
        Some(item)
    }

    fn position(&self) -> Revision {
        self.inner.position()
    }
}
