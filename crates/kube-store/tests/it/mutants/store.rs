//! A store that breaks one rule.

use async_trait::async_trait;
use kube_store::storage::mvcc::Snapshot;
use kube_store::storage::{
    Batch, Event, Got, Key, KeyRange, Limits, ListOptions, Page, ReadAt, Revision, Storage, StorageError,
    StorageResult, StorageStatus, TtlInfo, TtlOp, Txn, TxnOutcome, WatchFrom, WatchItem, WatchOptions,
    WatchSource, WatchStream,
};
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
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
    ReusesRevisions,
    ReadsStale,
    TellsWrongPreviousValues,
    /// What may have been done is done once more.
    TakesUnknownForRefused,
    /// What may not have been done is called done.
    TakesUnknownForDone,
    #[cfg_attr(not(feature = "etcd"), expect(dead_code, reason = "only judged on a cluster of etcd"))]
    ForgetsKeepAlives,
    /// Times to live are longer than was asked.
    #[cfg_attr(not(feature = "etcd"), expect(dead_code, reason = "only judged on a cluster of etcd"))]
    KeepsWhatWasLeft,
}

/// A store that breaks one rule.
#[derive(Debug)]
pub(crate) struct Broken {
    inner: Arc<dyn Storage>,
    rule: Rule,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    commits: u64,
    reads: u64,
    old: Option<Snapshot>,
}

impl Broken {
    pub(crate) fn new(inner: Arc<dyn Storage>, rule: Rule) -> Self {
        Self { inner, rule, seen: Mutex::default() }
    }

    /// Every third read is answered from what was the newest three reads ago.
    fn stale(&self, key: &Key, at: ReadAt) -> Option<Got> {
        let mut seen = self.seen.lock().unwrap();
        seen.reads += 1;
        if self.rule != Rule::ReadsStale || at != ReadAt::Latest || !seen.reads.is_multiple_of(3) {
            return None;
        }
        let newest = self.inner.snapshot()?;
        let old = seen.old.replace(newest)?;
        Some(Got { kv: old.get(key).cloned(), revision: old.revision() })
    }

    /// Every fifth commit is told to be at the revision before its own.
    fn reused(&self, outcome: TxnOutcome) -> TxnOutcome {
        let mut seen = self.seen.lock().unwrap();
        match outcome {
            TxnOutcome::Committed { revision, previous } if self.rule == Rule::ReusesRevisions => {
                seen.commits += 1;
                let back = u64::from(seen.commits.is_multiple_of(5));
                TxnOutcome::Committed { revision: Revision::new(revision.get() - back), previous }
            }
            outcome => outcome,
        }
    }

    fn at(&self, at: ReadAt) -> ReadAt {
        if self.rule == Rule::ReadsOnlyTheNewest { ReadAt::Latest } else { at }
    }
}

#[async_trait]
impl Storage for Broken {
    async fn get(&self, key: &Key, at: ReadAt) -> StorageResult<Got> {
        if let Some(got) = self.stale(key, at) {
            return Ok(got);
        }
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
        let again = (self.rule == Rule::TakesUnknownForRefused).then(|| txn.clone());
        let mut outcome = self.inner.txn(txn).await;
        while let (Err(StorageError::Unknown { .. }), Some(txn)) = (&outcome, &again) {
            outcome = self.inner.txn(txn.clone()).await;
        }
        if matches!(outcome, Err(StorageError::Unknown { .. })) && self.rule == Rule::TakesUnknownForDone {
            let revision = self.inner.current().await?;
            return Ok(TxnOutcome::Committed { revision, previous: Vec::new() });
        }
        outcome.map(|outcome| self.reused(outcome))
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
        let op = match (self.rule, op) {
            (Rule::ForgetsKeepAlives, TtlOp::KeepAlive(id)) => TtlOp::Inspect(id),
            (Rule::KeepsWhatWasLeft, TtlOp::Grant(length)) => TtlOp::Grant(length * 30),
            (_, op) => op,
        };
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

    async fn closed(&self) {
        self.inner.closed().await;
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
            Rule::TellsWrongPreviousValues => batch.events = batch.events.iter().map(confused).collect(),
            _ => {}
        }
        self.owed.push_back(Ok(WatchItem::Batch(batch)));
    }
}

/// Tells the value now as the value before.
fn confused(event: &Event) -> Event {
    match event {
        Event::Put { kv, previous: Some(_) } => Event::Put { kv: kv.clone(), previous: Some(kv.clone()) },
        event => event.clone(),
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
