//! Stores that break one rule each.

use async_trait::async_trait;
use kube_store::storage::mvcc::Snapshot;
use kube_store::storage::{
    Batch, Event, Got, Key, KeyRange, Limits, ListOptions, MemoryStorage, Page, ReadAt, Revision, Storage,
    StorageError, StorageResult, StorageStatus, TtlInfo, TtlOp, Txn, TxnOutcome, WatchFrom, WatchItem,
    WatchOptions, WatchSource, WatchStream,
};
use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    DropsEverySeventhEvent,
    SplitsBatches,
    RepeatsABatch,
    ForgetsPreviousValues,
    BookmarksTooEarly,
    IgnoresConditions,
    SplitsTransactions,
    ReadsOnlyTheNewest,
    NeverExpires,
    StaysOpen,
}

/// A store in memory that breaks one rule.
#[derive(Debug)]
pub(crate) struct Broken {
    inner: MemoryStorage,
    rule: Rule,
}

impl Broken {
    pub(crate) fn new(inner: MemoryStorage, rule: Rule) -> Self {
        Self { inner, rule }
    }

    fn at(&self, at: ReadAt) -> ReadAt {
        if self.rule == Rule::ReadsOnlyTheNewest { ReadAt::Latest } else { at }
    }
}

#[async_trait]
impl Storage for Broken {
    async fn get(&self, key: &Key, at: ReadAt) -> StorageResult<Got> {
        self.inner.get(key, self.at(at)).await
    }

    async fn list(&self, range: &KeyRange, options: &ListOptions) -> StorageResult<Page> {
        self.inner.list(range, &ListOptions { at: self.at(options.at), ..options.clone() }).await
    }

    async fn txn(&self, mut txn: Txn) -> StorageResult<TxnOutcome> {
        match self.rule {
            Rule::IgnoresConditions => txn.compares.clear(),
            Rule::SplitsTransactions if txn.ops.len() > 1 => {
                let last = txn.ops.split_off(1);
                self.inner.txn(txn).await?;
                return self.inner.txn(Txn::of(last)).await;
            }
            _ => {}
        }
        self.inner.txn(txn).await
    }

    async fn watch(&self, range: &KeyRange, options: &WatchOptions) -> StorageResult<WatchStream> {
        let opened = self.inner.watch(range, options).await;
        let stream = match opened {
            Err(StorageError::Expired { compacted, .. }) if self.rule == Rule::NeverExpires => {
                let from = WatchFrom::After(compacted);
                self.inner.watch(range, &WatchOptions { from, ..*options }).await?
            }
            opened => opened?,
        };
        let source = BrokenWatch { inner: stream, rule: self.rule, seen: 0, owed: VecDeque::new() };
        Ok(WatchStream::new(Box::new(source)))
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
        if self.rule != Rule::StaysOpen {
            self.inner.close();
        }
    }
}

struct BrokenWatch {
    inner: WatchStream,
    rule: Rule,
    seen: usize,
    owed: VecDeque<StorageResult<WatchItem>>,
}

impl BrokenWatch {
    /// Queues what is delivered in place of `item`.
    fn falsify(&mut self, item: StorageResult<WatchItem>) {
        let Ok(WatchItem::Batch(mut batch)) = item else {
            self.owed.push_back(item);
            return;
        };
        self.seen += 1;
        match self.rule {
            Rule::DropsEverySeventhEvent if self.seen.is_multiple_of(7) => return,
            Rule::SplitsBatches => {
                for event in batch.events.iter().cloned() {
                    let half = Batch { revision: batch.revision, events: [event].into() };
                    self.owed.push_back(Ok(WatchItem::Batch(half)));
                }
                return;
            }
            Rule::RepeatsABatch => self.owed.push_back(Ok(WatchItem::Batch(batch.clone()))),
            Rule::BookmarksTooEarly => self.owed.push_back(Ok(WatchItem::Bookmark(batch.revision))),
            Rule::ForgetsPreviousValues => {
                batch.events = batch.events.iter().map(Event::without_previous).collect();
            }
            _ => {}
        }
        self.owed.push_back(Ok(WatchItem::Batch(batch)));
    }
}

impl WatchSource for BrokenWatch {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<StorageResult<WatchItem>> {
        use futures::Stream;
        loop {
            if let Some(item) = self.owed.pop_front() {
                return Poll::Ready(item);
            }
            match Pin::new(&mut self.inner).poll_next(cx) {
                Poll::Ready(Some(item)) => self.falsify(item),
                Poll::Ready(None) => return Poll::Ready(Err(StorageError::Closed)),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    fn try_next(&mut self) -> Option<StorageResult<WatchItem>> {
        loop {
            if let Some(item) = self.owed.pop_front() {
                return Some(item);
            }
            let item = self.inner.try_next()?;
            self.falsify(item);
        }
    }

    fn position(&self) -> Revision {
        self.inner.position()
    }
}
