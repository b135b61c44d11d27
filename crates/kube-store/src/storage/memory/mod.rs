//! The engine without a journal.

use super::mvcc::{MvccOptions, MvccStorage, NoJournal, Snapshot};
use super::{
    Got, Key, KeyRange, Limits, ListOptions, Op, Page, ReadAt, Revision, Storage, StorageResult,
    StorageStatus, TtlInfo, TtlOp, Txn, TxnOutcome, WatchOptions, WatchStream,
};
use bytes::Bytes;
use kube_core::env::{BoxFuture, Env};
use std::collections::BTreeMap;

/// A store in memory: everything is lost with the process.
///
/// ```
/// # use kube_store::storage::{MemoryStorage, ReadAt, Storage, Txn};
/// # async fn example() -> Result<(), kube_store::storage::StorageError> {
/// let storage = MemoryStorage::new();
/// storage.txn(Txn::put("/greeting", "hello")).await?;
/// let got = storage.get(&"/greeting".into(), ReadAt::Latest).await?;
/// assert_eq!(got.kv.map(|kv| kv.value.clone()).as_deref(), Some(&b"hello"[..]));
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct MemoryStorage(MvccStorage<NoJournal>);

/// How a store in memory behaves.
#[derive(Clone, Debug)]
pub struct MemoryOptions {
    /// How large a request may be.
    pub limits: Limits,
    /// How many requests may wait for the committer, at least 1; more are [`StorageError::Busy`](super::StorageError::Busy).
    pub queue: usize,
    /// Where the clock and the task of times to live come from; without it there are none.
    pub env: Option<Env>,
    /// Names the history of this store: give a store that takes another's place another number.
    pub incarnation: u64,
    /// What is there at the beginning, at revision 1. Limits do not apply to it.
    pub initial: BTreeMap<Key, Bytes>,
}

impl Default for MemoryOptions {
    fn default() -> Self {
        let MvccOptions { limits, queue, env } = MvccOptions::default();
        Self { limits, queue, env, incarnation: 1, initial: BTreeMap::new() }
    }
}

impl Default for MemoryStorage {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryStorage {
    /// An empty store without limits and without times to live.
    pub fn new() -> Self {
        Self::with_options(MemoryOptions::default())
    }

    /// An empty store without limits, whose times to live end by the clock of `env`.
    pub fn with_env(env: &Env) -> Self {
        Self::with_options(MemoryOptions { env: Some(env.clone()), ..MemoryOptions::default() })
    }

    /// A store of these options.
    #[expect(clippy::missing_panics_doc, reason = "there is nothing to recover that could fail")]
    pub fn with_options(options: MemoryOptions) -> Self {
        let MemoryOptions { limits, queue, env, incarnation, initial } = options;
        let opened = MvccStorage::with_options(NoJournal { incarnation }, MvccOptions { limits, queue, env });
        #[expect(clippy::expect_used, reason = "there is nothing to recover that could fail")]
        let storage = opened.expect("a store without a journal opens");
        let put = |(key, value)| Op::Put { key, value, ttl: None };
        storage.seed(initial.into_iter().map(put).collect());
        Self(storage)
    }
}

// Written out instead of by `async_trait`, so that a call is boxed once and not twice.
impl Storage for MemoryStorage {
    fn get<'a, 'b, 'f>(&'a self, key: &'b Key, at: ReadAt) -> BoxFuture<'f, StorageResult<Got>>
    where
        'a: 'f,
        'b: 'f,
        Self: 'f,
    {
        self.0.get(key, at)
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
        self.0.list(range, options)
    }

    fn txn<'a, 'f>(&'a self, txn: Txn) -> BoxFuture<'f, StorageResult<TxnOutcome>>
    where
        'a: 'f,
        Self: 'f,
    {
        self.0.txn(txn)
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
        self.0.watch(range, options)
    }

    fn ttl<'a, 'f>(&'a self, op: TtlOp) -> BoxFuture<'f, StorageResult<TtlInfo>>
    where
        'a: 'f,
        Self: 'f,
    {
        self.0.ttl(op)
    }

    fn current<'a, 'f>(&'a self) -> BoxFuture<'f, StorageResult<Revision>>
    where
        'a: 'f,
        Self: 'f,
    {
        self.0.current()
    }

    fn compact<'a, 'f>(&'a self, revision: Revision) -> BoxFuture<'f, StorageResult<()>>
    where
        'a: 'f,
        Self: 'f,
    {
        self.0.compact(revision)
    }

    fn limits(&self) -> Limits {
        self.0.limits()
    }

    fn snapshot(&self) -> Option<Snapshot> {
        self.0.snapshot()
    }

    fn status(&self) -> StorageStatus {
        self.0.status()
    }

    fn close(&self) {
        self.0.close();
    }
}
