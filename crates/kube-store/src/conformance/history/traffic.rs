//! Seeded clients that do everything a store can do, at once.

use super::recorder::{Recorded, Recorder};
use super::witness::{Alive, Witness, drain};
use crate::conformance::Advance;
use crate::storage::{
    Compare, Continue, Key, KeyRange, ListOptions, Op, ReadAt, Revision, Storage, StorageError, TtlId, TtlOp,
    Txn, TxnOutcome, WatchFrom, WatchOptions, WatchStream,
};
use futures::FutureExt;
use futures::future::BoxFuture;
use kube_core::env::{Env, Rng};
use std::fmt;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

/// How much traffic, and of what kind.
#[derive(Clone)]
pub struct TrafficOptions {
    /// How many clients.
    pub clients: usize,
    /// Steps of each client.
    pub steps: usize,
    /// How many keys they share.
    pub keys: usize,
    /// Moves the clock of the store on; without it there are no times to live.
    pub advance: Option<Arc<Advance>>,
    /// How clients of a store in another process go on; without it they end with their steps, or when the store fails.
    pub until: Option<Until>,
}

/// Lets clients go on, whatever they meet, until they are told to stop. Then they read what their watches still owe.
#[derive(Clone, Debug)]
pub struct Until {
    /// Where the history begins: there may be others' before.
    pub from: Revision,
    /// Set when it is enough.
    pub done: Arc<AtomicBool>,
    /// The clock of the pauses.
    pub env: Env,
    /// How long each client rests after a step.
    pub pause: Duration,
    /// Whether anybody compacts: of several traffics on one store only one may.
    pub compacts: bool,
}

impl Default for TrafficOptions {
    fn default() -> Self {
        Self { clients: 4, steps: 500, keys: 24, advance: None, until: None }
    }
}

impl TrafficOptions {
    fn clock(&self) -> Option<&Env> {
        self.until.as_ref().map(|until| &until.env)
    }
}

impl fmt::Debug for TrafficOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { clients, steps, keys, .. } = self;
        write!(f, "TrafficOptions {{ clients: {clients}, steps: {steps}, keys: {keys} }}")
    }
}

/// Clients of one store, also across openings. The same seed asks the same questions; how they interleave is up to
/// whoever runs the clients.
#[derive(Debug)]
pub struct Traffic {
    recorder: Arc<Recorder>,
    options: TrafficOptions,
    seed: u64,
    rounds: u64,
    /// How far the watch of everything has come.
    witnessed: Arc<Mutex<Revision>>,
}

impl Traffic {
    /// Traffic on a store that begins empty.
    pub fn new(recorder: &Arc<Recorder>, seed: u64, options: TrafficOptions) -> Self {
        let from = options.until.as_ref().map_or(Revision::ZERO, |until| until.from);
        let witnessed = Arc::new(Mutex::new(from));
        Self { recorder: recorder.clone(), options, seed, rounds: 0, witnessed }
    }

    /// One round of clients: run them side by side. Each ends when its steps are done, or when the store fails. Then
    /// comes [`Traffic::finish`].
    pub fn round(&mut self, storage: &Arc<dyn Storage>) -> Vec<BoxFuture<'static, ()>> {
        self.rounds += 1;
        let client = |number: usize| {
            let client = Client {
                storage: Recorded::new(storage.clone(), &self.recorder),
                rng: Rng::forked(self.seed, &format!("round {} client {number}", self.rounds)),
                name: format!("{}.{}.{number}", self.seed, self.rounds),
                options: self.options.clone(),
                written: 0,
                head: self.witnessed(),
                page: None,
                leases: Vec::new(),
                watches: Vec::new(),
                witness: (number == 0).then(|| Witness::new(&self.witnessed)),
            };
            client.run().boxed()
        };
        (0..self.options.clients.max(1)).map(client).collect()
    }
}

impl Traffic {
    /// How far the watch of everything has come.
    pub fn witnessed(&self) -> Revision {
        *self.witnessed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the watch of everything come to the end, once all clients of a round have come to theirs. A store that
    /// failed has none.
    pub async fn finish(&self, storage: &Arc<dyn Storage>) {
        let storage = Recorded::new(storage.clone(), &self.recorder);
        let mut witness = Witness::new(&self.witnessed);
        let Ok(head) = storage.current().await else { return };
        if witness.open(&storage).await.is_ok()
            && let Some(stream) = &mut witness.stream
        {
            // What ends it early is in the history.
            drop(drain(stream, head, self.options.clock()).await);
        }
    }
}

struct Client {
    storage: Recorded,
    rng: Rng,
    name: String,
    options: TrafficOptions,
    written: usize,
    /// The newest revision it heard of.
    head: Revision,
    page: Option<(KeyRange, Continue)>,
    leases: Vec<TtlId>,
    watches: Vec<WatchStream>,
    witness: Option<Witness>,
}

impl Client {
    async fn run(mut self) {
        // What ends a client early is in the history.
        drop(self.steps().await);
    }

    async fn steps(&mut self) -> Alive {
        if let Some(until) = self.options.until.clone() {
            self.persist(&until).await;
            return self.drain().await;
        }
        if let Some(witness) = &mut self.witness {
            witness.open(&self.storage).await?;
        }
        for _ in 0..self.options.steps {
            self.step().await?;
            self.poll();
            pause().await;
        }
        self.drain().await
    }

    /// Goes on, whatever comes.
    async fn persist(&mut self, until: &Until) {
        while !until.done.load(Ordering::SeqCst) {
            if let Some(witness) = self.witness.as_mut().filter(|witness| witness.stream.is_none()) {
                drop(witness.open(&self.storage).await);
            }
            drop(self.step().await);
            self.poll();
            until.env.sleep(until.pause).await;
        }
    }

    /// Reads what the watches owe.
    async fn drain(&mut self) -> Alive {
        let (head, clock) = (self.storage.current().await?, self.options.clock());
        if let Some(stream) = self.witness.as_mut().and_then(|witness| witness.stream.as_mut()) {
            drain(stream, head, clock).await?;
        }
        for mut stream in std::mem::take(&mut self.watches) {
            // One that fell behind compaction ends; that is in the history.
            drop(drain(&mut stream, head, clock).await);
        }
        Ok(())
    }

    async fn step(&mut self) -> Alive {
        let done = match self.rng.below(100) {
            0..30 => self.change().await,
            30..38 => self.create().await,
            38..46 => self.delete().await,
            46..52 => self.many().await,
            52..55 => self.forget(),
            55..58 => self.guarded().await,
            58..74 => self.get().await,
            74..84 => self.list().await,
            84..88 => self.storage.current().await.map(|head| self.head = head),
            88..94 => self.watch().await,
            94..97 => self.ttl().await,
            _ => self.compact().await,
        };
        match done {
            Err(error @ (StorageError::Unknown { .. } | StorageError::Closed)) => Err(error),
            // Refusals are answers as well.
            _ => Ok(()),
        }
    }

    fn key(&mut self) -> Key {
        let n = self.rng.below(self.options.keys);
        Key::new(format!("/{}/{}", n % 3, n))
    }

    fn range(&mut self) -> KeyRange {
        match self.rng.below(6) {
            0 => KeyRange::all(),
            1 => KeyRange::one(&self.key()),
            n => KeyRange::prefix(format!("/{}/", n % 3)),
        }
    }

    /// A put whose value nobody else writes.
    fn put(&mut self, key: Key, ttl: Option<TtlId>) -> Op {
        self.written += 1;
        Op::Put { key, value: format!("{}-{}", self.name, self.written).into(), ttl }
    }

    async fn txn(&mut self, txn: Txn) -> Alive {
        match self.storage.txn(txn).await? {
            TxnOutcome::Committed { revision, .. } | TxnOutcome::Failed { revision, .. } => {
                self.head = revision;
            }
        }
        Ok(())
    }

    /// Reads a value and replaces it, if it is still the same then.
    async fn change(&mut self) -> Alive {
        let key = self.key();
        let kv = self.storage.get(&key, ReadAt::Latest).await?.kv;
        if self.rng.chance(0.2) {
            pause().await;
        }
        let compare = match kv {
            Some(kv) => Compare::Unchanged { key: key.clone(), revision: kv.mod_revision },
            None => Compare::Absent { key: key.clone() },
        };
        let op = self.put(key, None);
        self.txn(Txn::of(vec![op]).when(compare)).await
    }

    async fn create(&mut self) -> Alive {
        let key = self.key();
        let ttl = self.lease();
        let op = self.put(key.clone(), ttl);
        self.txn(Txn::of(vec![op]).when(Compare::Absent { key })).await
    }

    async fn delete(&mut self) -> Alive {
        let key = self.key();
        let txn = Txn::delete(key.clone());
        let conditional = self.rng.chance(0.5);
        self.txn(if conditional { txn.when(Compare::Exists { key }) } else { txn }).await
    }

    /// Some keys at once; the same key twice is refused.
    async fn many(&mut self) -> Alive {
        let ops = (0..2 + self.rng.below(4)).map(|_| {
            let key = self.key();
            if self.rng.chance(0.3) { Op::Delete { key } } else { self.put(key, None) }
        });
        let txn = Txn::of(ops.collect());
        self.txn(txn).await
    }

    /// Asks for a write and does not wait for the answer.
    #[expect(clippy::unnecessary_wraps, reason = "it is one step among others")]
    fn forget(&mut self) -> Alive {
        let key = self.key();
        let op = self.put(key, None);
        drop(self.storage.txn(Txn::of(vec![op])).now_or_never());
        Ok(())
    }

    /// Writes only while a range stays as it was.
    async fn guarded(&mut self) -> Alive {
        let (range, key) = (self.range(), self.key());
        let revision = self.storage.list(&range, &ListOptions::default()).await?.revision;
        let op = self.put(key, None);
        self.txn(Txn::of(vec![op]).when(Compare::RangeUnchanged { range, revision })).await
    }

    fn at(&mut self) -> ReadAt {
        let back = u64::try_from(self.rng.below(40)).unwrap_or(0);
        let past = Revision::new(self.head.get().saturating_sub(back));
        match self.rng.below(8) {
            0..4 => ReadAt::Latest,
            4 => ReadAt::Any,
            5 => ReadAt::AtLeast(past),
            6 => ReadAt::Exactly(Revision::new(past.get() + u64::try_from(self.rng.below(3)).unwrap_or(0))),
            _ => ReadAt::Exactly(past),
        }
    }

    async fn get(&mut self) -> Alive {
        let (key, at) = (self.key(), self.at());
        self.storage.get(&key, at).await.map(drop)
    }

    /// The next page of the last list, or a new one.
    async fn list(&mut self) -> Alive {
        let (range, continue_from) = match self.page.take() {
            Some((range, from)) => (range, Some(from)),
            None => (self.range(), None),
        };
        let options = ListOptions { at: self.at(), limit: self.rng.below(5), continue_from };
        let page = self.storage.list(&range, &options).await?;
        self.page = page.next.map(|next| (range, next));
        Ok(())
    }

    async fn watch(&mut self) -> Alive {
        if self.watches.len() >= 4 {
            let at = self.rng.below(self.watches.len());
            drop(self.watches.swap_remove(at));
        }
        let back = u64::try_from(self.rng.below(30)).unwrap_or(0);
        let from = match self.rng.below(3) {
            0 => WatchFrom::Now,
            1 => WatchFrom::Initial,
            _ => WatchFrom::After(Revision::new(self.head.get().saturating_sub(back))),
        };
        let options = WatchOptions { from, previous: self.rng.chance(0.5), bookmarks: self.rng.chance(0.5) };
        let range = self.range();
        self.watches.push(self.storage.watch(&range, &options).await?);
        Ok(())
    }

    /// A time to live to hang a new key on, now and then.
    fn lease(&mut self) -> Option<TtlId> {
        if self.rng.chance(0.5) { self.leases.last().copied() } else { None }
    }

    async fn ttl(&mut self) -> Alive {
        let Some(advance) = self.options.advance.clone() else { return Ok(()) };
        match (self.rng.below(5), self.leases.first().copied()) {
            (0, Some(id)) => {
                self.leases.remove(0);
                drop(self.storage.ttl(TtlOp::Revoke(id)).await?);
            }
            (1, Some(id)) => drop(self.storage.ttl(TtlOp::KeepAlive(id)).await?),
            (2, _) => advance(Duration::from_secs(1)),
            _ => {
                let seconds = u64::try_from(1 + self.rng.below(20)).unwrap_or(1);
                let info = self.storage.ttl(TtlOp::Grant(Duration::from_secs(seconds))).await?;
                self.leases.push(info.id);
            }
        }
        Ok(())
    }

    /// Forgets what the watch of everything has had, or less.
    async fn compact(&mut self) -> Alive {
        let Some(witness) = &self.witness else { return Ok(()) };
        if self.options.until.as_ref().is_some_and(|until| !until.compacts) {
            return Ok(());
        }
        let back = u64::try_from(self.rng.below(60)).unwrap_or(0);
        let to = Revision::new(witness.position().get().saturating_sub(back));
        self.storage.compact(to).await
    }

    /// Reads what the watches have at hand, some of it.
    fn poll(&mut self) {
        if let Some(witness) = &mut self.witness {
            witness.poll();
        }
        let most = self.rng.below(4);
        if let Some(at) = self.rng.below(self.watches.len() + 1).checked_sub(1) {
            for _ in 0..most {
                match self.watches[at].try_next() {
                    Some(Ok(_)) => {}
                    Some(Err(_)) => {
                        drop(self.watches.swap_remove(at));
                        return;
                    }
                    None => return,
                }
            }
        }
    }
}

/// Lets others run.
async fn pause() {
    let mut paused = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut paused, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
