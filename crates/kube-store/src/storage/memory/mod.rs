//! The engine without a journal.

use super::mvcc::{Drive, History, MvccOptions, MvccStorage, NoJournal};
use super::{Key, Limits, Op};
use bytes::Bytes;
use kube_core::env::Env;
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
pub type MemoryStorage = MvccStorage<NoJournal>;

/// How a store in memory behaves.
#[derive(Clone, Debug)]
pub struct MemoryOptions {
    /// How large a request may be.
    pub limits: Limits,
    /// How many requests may wait for the committer, at least 1; more are [`StorageError::Busy`](super::StorageError::Busy).
    pub queue: usize,
    /// Where the clock and the task of times to live come from; without it there are none.
    pub env: Option<Env>,
    /// How much history is kept: everything, unless set otherwise.
    pub history: History,
    /// Names the history of this store: give a store that takes another's place another number.
    pub incarnation: u64,
    /// What is there at the beginning, at revision 1. Limits do not apply to it.
    pub initial: BTreeMap<Key, Bytes>,
}

impl Default for MemoryOptions {
    fn default() -> Self {
        let MvccOptions { limits, queue, env, .. } = MvccOptions::default();
        Self { limits, queue, env, history: History::ALL, incarnation: 1, initial: BTreeMap::new() }
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
        let MemoryOptions { limits, queue, env, history, incarnation, initial } = options;
        let options = MvccOptions { limits, queue, env, history, drive: Drive::Callers };
        let opened = Self::over(NoJournal { incarnation }, options);
        #[expect(clippy::expect_used, reason = "there is nothing to recover that could fail")]
        let storage = opened.expect("a store without a journal opens");
        let put = |(key, value)| Op::Put { key, value, ttl: None };
        storage.seed(initial.into_iter().map(put).collect());
        storage
    }
}
