//! Times to live: whoever keeps one alive has it, whoever lets go of it loses it.

use bytes::Bytes;
use kube_core::env::{Env, Mono};
use kube_store::storage::{Key, Op, ReadAt, Storage, StorageError, TtlId, TtlOp, Txn, TxnOutcome};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The length of those that are kept alive, and how often.
const KEPT: Duration = Duration::from_secs(2);
const EVERY: Duration = Duration::from_millis(400);

/// The length of those that nobody keeps.
const LEFT: Duration = Duration::from_secs(2);

/// How late one may end: etcd looks twice a second, and each new leader gives all of them their full length again.
const LATE: Duration = Duration::from_secs(15);

/// What became of the times to live of one holder.
#[derive(Clone, Debug, Default)]
pub(crate) struct Leases {
    /// How often one was kept alive.
    pub(crate) kept: usize,
    /// How often one was lost because nothing could be kept alive for its length.
    pub(crate) lost: usize,
    /// How many were let go, and ended.
    pub(crate) ended: usize,
    /// What ended before its time, which its etcd may be known for.
    pub(crate) early: Vec<Early>,
    /// What should not have been.
    pub(crate) wrong: Vec<String>,
}

/// One that ended before its time.
#[derive(Clone, Debug)]
pub(crate) struct Early {
    pub(crate) what: String,
    /// When it was last kept alive, and when it was seen to be gone.
    between: (Mono, Mono),
}

impl Early {
    /// Whether one of the leaders which went on at `resumed` may have ended it: it asks to within half a second.
    pub(crate) fn is_by_deposed(&self, resumed: &[Mono]) -> bool {
        let (alive, gone) = self.between;
        resumed.iter().any(|at| *at <= gone && alive <= *at + Duration::from_secs(1))
    }
}

/// Keeps one alive and lets others go until it is told to stop, then waits for the end of these.
pub(crate) async fn hold(storage: Arc<dyn Storage>, name: String, env: Env, done: Arc<AtomicBool>) -> Leases {
    let mut holder = Holder { storage, name, env, written: 0, left: Vec::new(), told: Leases::default() };
    while !done.load(Ordering::SeqCst) {
        holder.keep(&done).await;
    }
    holder.await_ends().await;
    holder.told
}

struct Holder {
    storage: Arc<dyn Storage>,
    name: String,
    env: Env,
    written: usize,
    /// Keys whose time to live nobody keeps, and since when.
    left: Vec<(Key, Mono)>,
    told: Leases,
}

impl Holder {
    /// Grants one and writes a key that hangs on it; `None` where that did not come about.
    async fn begin(&mut self, what: &str, length: Duration) -> Option<(TtlId, Key, Mono)> {
        let sent = self.env.now();
        let id = self.storage.ttl(TtlOp::Grant(length)).await.ok()?.id;
        self.written += 1;
        let key = Key::new(format!("/leases/{}/{what}-{}", self.name, self.written));
        let value = Bytes::from(format!("{}-{}", self.name, self.written));
        let put = Op::Put { key: key.clone(), value, ttl: Some(id) };
        match self.storage.txn(Txn::of(vec![put])).await {
            Ok(TxnOutcome::Committed { .. }) => Some((id, key, sent)),
            _ => None,
        }
    }

    /// Keeps one alive for as long as that can be done.
    async fn keep(&mut self, done: &AtomicBool) {
        self.leave().await;
        let Some((id, key, mut alive)) = self.begin("kept", KEPT).await else {
            return self.env.sleep(EVERY).await;
        };
        while !done.load(Ordering::SeqCst) {
            self.env.sleep(EVERY).await;
            let sent = self.env.now();
            match self.storage.ttl(TtlOp::KeepAlive(id)).await {
                // It may have ended before it was kept, and its end be on its way: etcd answers, and ends it.
                Ok(_) if self.env.now().since(alive) >= KEPT => {
                    self.told.lost += 1;
                    self.left.push((key, sent));
                    return;
                }
                Ok(_) => {
                    alive = sent;
                    self.told.kept += 1;
                }
                Err(StorageError::NotFound { .. }) => {
                    self.gone_at(&key, alive, KEPT);
                    self.told.lost += 1;
                    return;
                }
                // Nobody knows whether it was.
                Err(_) => {}
            }
            if self.is_absent(&key).await {
                self.gone_at(&key, alive, KEPT);
                self.told.lost += 1;
                return;
            }
        }
        // Its end is waited for as well.
        self.left.push((key, alive));
    }

    /// It is gone: it must have had its length since `alive`.
    fn gone_at(&mut self, key: &Key, alive: Mono, length: Duration) {
        let gone = self.env.now();
        let lived = gone.since(alive);
        if lived < length {
            let what = format!("{key} ended after {lived:?} of {length:?}");
            self.told.early.push(Early { what, between: (alive, gone) });
        }
    }

    async fn is_absent(&self, key: &Key) -> bool {
        self.storage.get(key, ReadAt::Latest).await.is_ok_and(|got| got.kv.is_none())
    }

    /// Begins one that nobody keeps.
    async fn leave(&mut self) {
        let Some((_, key, since)) = self.begin("left", LEFT).await else { return };
        if self.is_absent(&key).await {
            self.gone_at(&key, since, LEFT);
        }
        self.left.push((key, self.env.now()));
    }

    async fn await_ends(&mut self) {
        for (key, since) in std::mem::take(&mut self.left) {
            let asked = self.env.now();
            while !self.is_absent(&key).await {
                if self.env.now().since(asked) > LATE {
                    let lived = self.env.now().since(since);
                    self.told.wrong.push(format!("{key} is still there after {lived:?}"));
                    return;
                }
                self.env.sleep(Duration::from_millis(100)).await;
            }
            self.told.ended += 1;
        }
    }
}
