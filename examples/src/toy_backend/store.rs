//! The toy: every state, kept whole.

use super::watch::ToyWatch;
use futures::future::BoxFuture;
use kube_store::storage::mvcc::Snapshot;
use kube_store::storage::{
    Compare, Event, Got, Key, KeyRange, KeyValue, Limits, ListOptions, Op, Page, ReadAt, Revision, Storage,
    StorageError, StorageResult, StorageStatus, TtlInfo, TtlOp, Txn, TxnOutcome, WatchFrom, WatchOptions,
    WatchStream,
};
use kube_store::storage::{Continue, WatchItem};
use std::collections::BTreeMap;
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

/// A state: keys and values.
pub(super) type Rows = BTreeMap<Key, Arc<KeyValue>>;

/// A store that keeps every state of every revision.
#[derive(Clone, Debug)]
pub struct Toy(Arc<Mutex<Inner>>);

#[derive(Debug)]
pub(super) struct Inner {
    /// The state at every revision, and what changed to get there.
    states: Vec<(Arc<Rows>, Arc<[Event]>)>,
    compacted: Revision,
    pub(super) closed: bool,
    /// Whoever waits for a change.
    pub(super) wakers: Vec<Waker>,
    /// How far each open watch has come.
    pub(super) positions: BTreeMap<u64, Revision>,
    opened: u64,
}

impl Default for Toy {
    fn default() -> Self {
        Self::new()
    }
}

impl Toy {
    /// An empty store.
    pub fn new() -> Self {
        let inner = Inner {
            states: vec![(Arc::default(), Arc::new([]))],
            compacted: Revision::ZERO,
            closed: false,
            wakers: Vec::new(),
            positions: BTreeMap::new(),
            opened: 0,
        };
        Self(Arc::new(Mutex::new(inner)))
    }

    pub(super) fn inner(&self) -> MutexGuard<'_, Inner> {
        // A panic elsewhere leaves the store as it was: a revision is pushed as a whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes all watches, who may look at once: the lock is let go before.
    fn wake(&self) {
        let wakers = std::mem::take(&mut self.inner().wakers);
        wakers.into_iter().for_each(Waker::wake);
    }

    fn open(&self) -> StorageResult<MutexGuard<'_, Inner>> {
        let inner = self.inner();
        if inner.closed { Err(StorageError::Closed) } else { Ok(inner) }
    }
}

impl Inner {
    pub(super) fn head(&self) -> Revision {
        Revision::new(u64::try_from(self.states.len()).unwrap_or(u64::MAX) - 1)
    }

    pub(super) fn compacted(&self) -> Revision {
        self.compacted
    }

    fn at(&self, revision: Revision) -> &(Arc<Rows>, Arc<[Event]>) {
        // Only revisions up to the newest are asked for.
        &self.states[usize::try_from(revision.get()).unwrap_or(usize::MAX)]
    }

    pub(super) fn rows(&self, revision: Revision) -> &Arc<Rows> {
        &self.at(revision).0
    }

    pub(super) fn changes(&self, revision: Revision) -> &Arc<[Event]> {
        &self.at(revision).1
    }

    /// The revision that a read shows.
    fn shown(&self, at: ReadAt) -> StorageResult<Revision> {
        let head = self.head();
        match at {
            ReadAt::AtLeast(asked) if asked > head => Err(StorageError::Future { asked, head }),
            ReadAt::Latest | ReadAt::Any | ReadAt::AtLeast(_) => Ok(head),
            ReadAt::Exactly(asked) => self.held(asked, None).map(|()| asked),
        }
    }

    pub(super) fn held(&self, asked: Revision, next: Option<Continue>) -> StorageResult<()> {
        let (head, compacted) = (self.head(), self.compacted);
        match asked {
            _ if asked > head => Err(StorageError::Future { asked, head }),
            _ if asked < compacted => Err(StorageError::Expired { asked, compacted, next }),
            _ => Ok(()),
        }
    }

    fn page(&self, range: &KeyRange, options: &ListOptions) -> StorageResult<Page> {
        let from = options.continue_from.as_ref();
        let revision = match from {
            Some(from) if from.revision == Revision::ZERO => self.head(),
            Some(from) => {
                self.held(from.revision, Some(from.at_newest()))?;
                from.revision
            }
            None => self.shown(options.at)?,
        };
        let start = from.map_or("", |from| &from.start);
        let within = |key: &Key| range.contains(key) && key.as_str() >= start;
        let mut items: Vec<Arc<KeyValue>> =
            self.rows(revision).iter().filter(|(key, _)| within(key)).map(|(_, kv)| kv.clone()).collect();
        let count = if options.limit == 0 { items.len() } else { options.limit.min(items.len()) };
        let rest = items.split_off(count);
        let next = rest.first().map(|first| Continue { revision, start: first.key.as_str().into() });
        Ok(Page { items, revision, remaining: u64::try_from(rest.len()).unwrap_or(u64::MAX), next })
    }

    fn holds(&self, compare: &Compare) -> StorageResult<bool> {
        let now = self.rows(self.head());
        Ok(match compare {
            Compare::Unchanged { key, revision } => {
                now.get(key).is_some_and(|kv| kv.mod_revision == *revision)
            }
            Compare::Absent { key } => !now.contains_key(key),
            Compare::Exists { key } => now.contains_key(key),
            Compare::RangeUnchanged { range, revision } => {
                self.held(*revision, None)?;
                let later = (revision.get() + 1..=self.head().get()).map(Revision::new);
                !later.flat_map(|at| self.changes(at).iter()).any(|event| range.contains(event.key()))
            }
            other => return Err(StorageError::Invalid { reason: format!("{other:?} is not known") }),
        })
    }

    fn txn(&mut self, txn: Txn) -> StorageResult<TxnOutcome> {
        let mut keys: Vec<&Key> = txn.ops.iter().map(Op::key).collect();
        keys.sort_unstable();
        if keys.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(StorageError::Invalid { reason: "a key is written twice".to_owned() });
        }
        for (at, compare) in txn.compares.iter().enumerate() {
            if !self.holds(compare)? {
                let current = match compare {
                    Compare::Unchanged { key, .. } | Compare::Absent { key } | Compare::Exists { key } => {
                        self.rows(self.head()).get(key).cloned()
                    }
                    _ => None,
                };
                return Ok(TxnOutcome::Failed { revision: self.head(), compare: at, current });
            }
        }
        self.write(txn.ops)
    }

    fn write(&mut self, ops: Vec<Op>) -> StorageResult<TxnOutcome> {
        let revision = self.head().next();
        let mut rows = Rows::clone(self.rows(self.head()));
        let (mut previous, mut events) = (Vec::new(), Vec::new());
        for op in ops {
            let before = rows.remove(op.key());
            match op {
                Op::Put { key, value, ttl: None } => {
                    let create_revision = before.as_ref().map_or(revision, |kv| kv.create_revision);
                    let version = before.as_ref().map_or(1, |kv| kv.version + 1);
                    let kv =
                        KeyValue { key, value, create_revision, mod_revision: revision, version, ttl: None };
                    let kv = Arc::new(kv);
                    rows.insert(kv.key.clone(), kv.clone());
                    events.push(Event::Put { kv, previous: before.clone() });
                }
                Op::Delete { key } if before.is_some() => {
                    events.push(Event::Delete { key, previous: before.clone() });
                }
                Op::Delete { .. } => {}
                other => {
                    return Err(StorageError::NotFound {
                        what: format!("the time to live of {}", other.key()),
                    });
                }
            }
            previous.push(before);
        }
        if events.is_empty() {
            return Ok(TxnOutcome::Committed { revision: self.head(), previous });
        }
        events.sort_by(|a, b| a.key().cmp(b.key()));
        self.states.push((Arc::new(rows), events.into()));
        Ok(TxnOutcome::Committed { revision, previous })
    }

    fn compact(&mut self, revision: Revision) -> StorageResult<()> {
        let head = self.head();
        if revision > head {
            return Err(StorageError::Future { asked: revision, head });
        }
        self.compacted = self.compacted.max(revision);
        Ok(())
    }
}

// Without `async_trait`: nothing here waits, so every answer is a value that is ready.
impl Storage for Toy {
    fn get<'a, 'b, 'f>(&'a self, key: &'b Key, at: ReadAt) -> BoxFuture<'f, StorageResult<Got>>
    where
        'a: 'f,
        'b: 'f,
        Self: 'f,
    {
        let got = self.open().and_then(|inner| {
            let revision = inner.shown(at)?;
            Ok(Got { kv: inner.rows(revision).get(key).cloned(), revision })
        });
        Box::pin(ready(got))
    }

    fn list<'a, 'b, 'c, 'f>(
        &'a self,
        range: &'b KeyRange,
        options: &'c ListOptions,
    ) -> BoxFuture<'f, StorageResult<Page>>
    where
        'a: 'f,
        'b: 'f,
        'c: 'f,
        Self: 'f,
    {
        Box::pin(ready(self.open().and_then(|inner| inner.page(range, options))))
    }

    fn txn<'a, 'f>(&'a self, txn: Txn) -> BoxFuture<'f, StorageResult<TxnOutcome>>
    where
        'a: 'f,
        Self: 'f,
    {
        // A write that nobody polls leaves no trace.
        Box::pin(async move {
            let outcome = self.open()?.txn(txn);
            self.wake();
            outcome
        })
    }

    fn watch<'a, 'b, 'c, 'f>(
        &'a self,
        range: &'b KeyRange,
        options: &'c WatchOptions,
    ) -> BoxFuture<'f, StorageResult<WatchStream>>
    where
        'a: 'f,
        'b: 'f,
        'c: 'f,
        Self: 'f,
    {
        let opened = self.open().and_then(|mut inner| {
            let from = if let WatchFrom::After(revision) = options.from { revision } else { inner.head() };
            inner.held(from, None)?;
            inner.opened += 1;
            let id = inner.opened;
            inner.positions.insert(id, from);
            Ok((id, from))
        });
        let stream = opened.map(|(id, from)| {
            WatchStream::new(Box::new(ToyWatch::new(self.clone(), id, from, range, options)))
        });
        Box::pin(ready(stream))
    }

    fn ttl<'a, 'f>(&'a self, _op: TtlOp) -> BoxFuture<'f, StorageResult<TtlInfo>>
    where
        'a: 'f,
        Self: 'f,
    {
        Box::pin(ready(Err(StorageError::Invalid { reason: "the toy has no clock".to_owned() })))
    }

    fn current<'a, 'f>(&'a self) -> BoxFuture<'f, StorageResult<Revision>>
    where
        'a: 'f,
        Self: 'f,
    {
        Box::pin(ready(self.open().map(|inner| inner.head())))
    }

    fn compact<'a, 'f>(&'a self, revision: Revision) -> BoxFuture<'f, StorageResult<()>>
    where
        'a: 'f,
        Self: 'f,
    {
        Box::pin(ready(self.open().and_then(|mut inner| inner.compact(revision))))
    }

    fn limits(&self) -> Limits {
        Limits::NONE
    }

    fn snapshot(&self) -> Option<Snapshot> {
        None
    }

    fn status(&self) -> StorageStatus {
        let inner = self.inner();
        let (head, rows) = (inner.head(), inner.rows(inner.head()));
        let bytes: usize = rows.iter().map(|(key, kv)| key.as_str().len() + kv.value.len()).sum();
        let behind = inner.positions.values().map(|position| head.get() - position.get()).max();
        let mut status = StorageStatus::default();
        (status.head, status.compacted, status.keys) = (head, inner.compacted, rows.len());
        status.bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        (status.watchers, status.watch_lag) = (inner.positions.len(), behind.unwrap_or(0));
        status
    }

    fn close(&self) {
        self.inner().closed = true;
        self.wake();
    }
}

/// The state as a watch begins with it.
pub(super) fn initial(rows: &Rows, range: &KeyRange, revision: Revision) -> WatchItem {
    let mine = rows.iter().filter(|(key, _)| range.contains(key));
    let events = mine.map(|(_, kv)| Event::Put { kv: kv.clone(), previous: None }).collect();
    WatchItem::Batch(kube_store::storage::Batch { revision, events })
}
