//! A store that notes what happens to it.

use super::call::{Action, Call, History, WatchLog};
use super::stream::RecordedWatch;
use crate::storage::mvcc::Snapshot;
use crate::storage::{
    Got, Key, KeyRange, Limits, ListOptions, Page, ReadAt, Revision, Storage, StorageResult, StorageStatus,
    TtlInfo, TtlOp, Txn, TxnOutcome, WatchOptions, WatchStream,
};
use async_trait::async_trait;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Collects what happens to one store, also across openings.
#[derive(Debug, Default)]
pub struct Recorder {
    clock: AtomicU64,
    history: Mutex<History>,
}

impl Recorder {
    /// An empty one.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// The history so far; recording goes on with an empty one.
    pub fn take(&self) -> History {
        std::mem::take(&mut *self.history())
    }

    /// How many calls were recorded, watches' deliveries included.
    pub fn operations(&self) -> usize {
        let history = self.history();
        history.calls.len() + history.watches.iter().map(|watch| 1 + watch.items.len()).sum::<usize>()
    }

    /// Notes that the store was opened again, and what it shows as its newest revision.
    pub fn opened(&self, head: Revision) {
        self.note(Action::Opened { head });
    }

    /// The next tick.
    pub(super) fn tick(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }

    pub(super) fn watched(&self, watch: WatchLog) {
        self.history().watches.push(watch);
    }

    fn note(&self, action: Action) {
        let begin = self.tick();
        let end = Some(self.tick());
        self.history().calls.push(Call { begin, end, action });
    }

    fn history(&self) -> MutexGuard<'_, History> {
        // Every section is a push.
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A store whose calls are recorded.
#[derive(Debug)]
pub struct Recorded {
    inner: Arc<dyn Storage>,
    recorder: Arc<Recorder>,
}

impl Recorded {
    /// Records what happens to `inner` through this handle.
    pub fn new(inner: Arc<dyn Storage>, recorder: &Arc<Recorder>) -> Self {
        Self { inner, recorder: recorder.clone() }
    }

    fn begin(&self, action: Action) -> Pending<'_> {
        Pending { recorder: &self.recorder, begin: self.recorder.tick(), action: Some(action) }
    }
}

/// A call under way. Dropped before its answer it is noted without one.
struct Pending<'a> {
    recorder: &'a Recorder,
    begin: u64,
    action: Option<Action>,
}

impl Pending<'_> {
    fn end(mut self, answer: impl FnOnce(&mut Action)) {
        if let Some(mut action) = self.action.take() {
            answer(&mut action);
            let end = Some(self.recorder.tick());
            self.recorder.history().calls.push(Call { begin: self.begin, end, action });
        }
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if let Some(action) = self.action.take() {
            self.recorder.history().calls.push(Call { begin: self.begin, end: None, action });
        }
    }
}

/// Notes the answer of a call, and gives it back.
macro_rules! answered {
    ($pending:expr, $variant:ident, $answer:expr) => {{
        let answer = $answer;
        let noted = answer.clone();
        $pending.end(|action| {
            if let Action::$variant { result, .. } = action {
                *result = Some(noted);
            }
        });
        answer
    }};
}

#[async_trait]
impl Storage for Recorded {
    async fn get(&self, key: &Key, at: ReadAt) -> StorageResult<Got> {
        let pending = self.begin(Action::Get { key: key.clone(), at, result: None });
        answered!(pending, Get, self.inner.get(key, at).await)
    }

    async fn list(&self, range: &KeyRange, options: &ListOptions) -> StorageResult<Page> {
        let asked = Action::List { range: range.clone(), options: options.clone(), result: None };
        let pending = self.begin(asked);
        answered!(pending, List, self.inner.list(range, options).await)
    }

    async fn txn(&self, mut txn: Txn) -> StorageResult<TxnOutcome> {
        // The values before are judged, whether whoever writes asks for them or not.
        txn.quiet = false;
        let pending = self.begin(Action::Txn { txn: txn.clone(), result: None });
        answered!(pending, Txn, self.inner.txn(txn).await)
    }

    async fn watch(&self, range: &KeyRange, options: &WatchOptions) -> StorageResult<WatchStream> {
        let begin = self.recorder.tick();
        let answer = self.inner.watch(range, options).await;
        let opened = self.recorder.tick();
        let (range, options) = (range.clone(), *options);
        let log =
            WatchLog { begin, opened, range, options, refused: None, items: Vec::new(), position: None };
        match answer {
            Ok(stream) => {
                let source = RecordedWatch::new(stream, self.recorder.clone(), log);
                Ok(WatchStream::new(Box::new(source)))
            }
            Err(error) => {
                self.recorder.watched(WatchLog { refused: Some(error.clone()), ..log });
                Err(error)
            }
        }
    }

    async fn ttl(&self, op: TtlOp) -> StorageResult<TtlInfo> {
        let pending = self.begin(Action::Ttl { op, result: None });
        answered!(pending, Ttl, self.inner.ttl(op).await)
    }

    async fn current(&self) -> StorageResult<Revision> {
        let pending = self.begin(Action::Current { result: None });
        answered!(pending, Current, self.inner.current().await)
    }

    async fn compact(&self, revision: Revision) -> StorageResult<()> {
        let pending = self.begin(Action::Compact { revision, result: None });
        answered!(pending, Compact, self.inner.compact(revision).await)
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
        self.recorder.note(Action::Close);
        self.inner.close();
    }

    async fn closed(&self) {
        self.inner.closed().await;
    }
}
