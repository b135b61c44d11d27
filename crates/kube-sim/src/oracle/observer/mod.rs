//! Sees every commit and asks the oracles.

use super::known::Sight;
use super::{Change, Commit, Oracle, State, Stored, Verdict};
use crate::trace::Trace;
use kube_core::env::{Env, Mono};
use kube_store::storage::{Key, KeyRange, KeyValue, Op, Revision, TxnOutcome};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

mod reopened;
mod storage;

use reopened::Doubt;
pub(crate) use storage::{Health, ObservedStorage};

/// The author of what no component writes.
pub(crate) const SCENARIO: &str = "scenario";

/// Commits kept for the report of a failure.
const KEPT: usize = 30;

/// What did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The oracle's name.
    pub oracle: String,
    /// What it said.
    pub what: String,
    /// When.
    pub at: Duration,
    /// The last commits before, the newest last.
    pub commits: Vec<String>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {:.3?}: {}", self.oracle, self.at, self.what)
    }
}

pub(crate) struct Observer {
    env: Env,
    inner: Mutex<Inner>,
    /// Who is running: an index into the authors.
    current: AtomicUsize,
    tripped: Notify,
}

struct Inner {
    state: State,
    oracles: Vec<Box<dyn Oracle>>,
    authors: Vec<Arc<str>>,
    /// What each author was told, in their order.
    sights: Vec<Sight>,
    trace: Trace,
    commits: u64,
    /// Commits that tell of life (Leases) do not count.
    last_busy: Mono,
    silent: bool,
    recent: VecDeque<Commit>,
    by_author: BTreeMap<Arc<str>, u64>,
    history: BTreeMap<Revision, Vec<Key>>,
    /// Transactions of which nobody knows whether they are stored.
    doubts: Vec<Doubt>,
    violation: Option<Violation>,
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observer").field("commits", &self.inner().commits).finish_non_exhaustive()
    }
}

impl Observer {
    /// `authors`: who may write, the scenario first.
    pub(crate) fn new(env: Env, authors: Vec<Arc<str>>, oracles: Vec<Box<dyn Oracle>>) -> Self {
        let inner = Inner {
            state: State::new(env.wall()),
            oracles,
            sights: authors.iter().map(|_| Sight::default()).collect(),
            authors,
            trace: Trace::new(),
            commits: 0,
            last_busy: Mono::default(),
            silent: false,
            recent: VecDeque::new(),
            by_author: BTreeMap::new(),
            history: BTreeMap::new(),
            doubts: Vec::new(),
            violation: None,
        };
        Self { env, inner: Mutex::new(inner), current: AtomicUsize::new(0), tripped: Notify::new() }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // A panic inside an oracle ends the run; what was seen before can still be told.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on `author` runs; gives who ran before.
    pub(crate) fn enter(&self, author: usize) -> usize {
        self.current.swap(author, Ordering::Relaxed)
    }

    /// `author` begins a life, in which it was told nothing yet.
    pub(crate) fn begin_life(&self, author: usize, life: u64) {
        self.with_sight(author, |sight, _| sight.begin_life(life));
        self.tell_life(author, true);
    }

    /// `author` ends a life.
    pub(crate) fn end_life(&self, author: usize) {
        self.tell_life(author, false);
    }

    fn tell_life(&self, author: usize, up: bool) {
        let now = self.env.now();
        let mut inner = self.inner();
        let Inner { oracles, authors, .. } = &mut *inner;
        if let Some(name) = authors.get(author) {
            for oracle in oracles {
                oracle.lives(name, up, now);
            }
        }
    }

    /// A watch has told `author` everything of a kind, by its [name](super::name_of), up to `revision`.
    pub(crate) fn tell(&self, author: usize, kind: &Arc<str>, revision: Revision) {
        self.with_sight(author, |sight, now| sight.tell(kind, revision, now));
    }

    /// `author` acts until the guard is dropped.
    pub(crate) fn act(self: &Arc<Self>, author: usize, life: u64) -> Acting {
        self.with_sight(author, Sight::ask);
        Acting { observer: self.clone(), author, life }
    }

    fn with_sight(&self, author: usize, change: impl FnOnce(&mut Sight, Mono)) {
        let now = self.env.now();
        if let Some(sight) = self.inner().sights.get_mut(author) {
            change(sight, now);
        }
    }

    /// Looks at the state.
    pub(crate) fn with_state<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        let mut inner = self.inner();
        inner.state.tell_time(self.env.now(), self.env.wall());
        look(&inner.state)
    }

    /// When something was last written that is no sign of life.
    pub(crate) fn last_busy(&self) -> Mono {
        self.inner().last_busy
    }

    pub(crate) fn commits(&self) -> u64 {
        self.inner().commits
    }

    pub(crate) fn by_author(&self) -> BTreeMap<Arc<str>, u64> {
        self.inner().by_author.clone()
    }

    /// A hash over all that was committed.
    pub(crate) fn hash(&self) -> u64 {
        self.inner().trace.hash()
    }

    /// From now on every write that is no sign of life is a violation.
    pub(crate) fn expect_silence(&self) {
        self.inner().silent = true;
    }

    pub(crate) fn violation(&self) -> Option<Violation> {
        self.inner().violation.clone()
    }

    /// Resolves once there is a violation.
    pub(crate) async fn violated(&self) {
        loop {
            let tripped = self.tripped.notified();
            if self.inner().violation.is_some() {
                return;
            }
            tripped.await;
        }
    }

    /// Asks every oracle whether the run may rest as it is.
    pub(crate) fn at_rest(&self) -> Result<(), (String, String)> {
        let mut inner = self.inner();
        inner.state.tell_time(self.env.now(), self.env.wall());
        let Inner { oracles, state, .. } = &mut *inner;
        for oracle in oracles {
            oracle.at_rest(state).map_err(|what| (oracle.name().to_owned(), what))?;
        }
        Ok(())
    }

    /// Notes the first violation.
    pub(crate) fn violate(&self, oracle: &str, what: String) {
        let now = self.env.now();
        self.inner().violate(oracle, what, now);
        self.tripped.notify_waiters();
    }

    /// Takes note of a transaction that was committed.
    fn committed(&self, ops: &[Op], outcome: &TxnOutcome) {
        let TxnOutcome::Committed { revision, previous } = outcome else { return };
        let author = self.current.load(Ordering::Relaxed);
        let (now, wall) = (self.env.now(), self.env.wall());
        let mut inner = self.inner();
        let verdict = inner.commit((*revision, author), ops, previous, (now, wall));
        if let Err((oracle, what)) = verdict {
            inner.violate(&oracle, what, now);
            drop(inner);
            self.tripped.notify_waiters();
        }
    }

    /// Whether a watch of `range` may step from one revision to another having been told of `keys`, which are those of
    /// the revision `end`.
    fn may_deliver(
        &self,
        range: &KeyRange,
        (before, after): (Revision, Revision),
        end: Option<Revision>,
        keys: &[&Key],
    ) -> Verdict {
        let inner = self.inner();
        if after <= before {
            return Err(format!("a watch delivered revision {after} after {before}"));
        }
        let due = |revision| {
            let keys = inner.history.get(revision).into_iter().flatten();
            keys.filter(|key| range.contains(key))
        };
        for revision in inner.history.range(before.next()..after).map(|(revision, _)| revision) {
            if let Some(key) = due(revision).next() {
                return Err(format!("a watch skipped {key} at revision {revision}"));
            }
        }
        match end.iter().flat_map(due).find(|key| !keys.contains(key)) {
            Some(missing) => Err(format!("a watch delivered revision {after} without {missing}")),
            None => Ok(()),
        }
    }
}

/// One request of an author, until it is answered or given up.
#[derive(Debug)]
pub(crate) struct Acting {
    observer: Arc<Observer>,
    author: usize,
    life: u64,
}

impl Drop for Acting {
    fn drop(&mut self) {
        self.observer.with_sight(self.author, |sight, now| sight.answer(self.life, now));
    }
}

impl Inner {
    fn violate(&mut self, oracle: &str, what: String, now: Mono) {
        if self.violation.is_none() {
            let at = Duration::from_nanos(now.nanos());
            let commits = self.recent.iter().map(Commit::to_string).collect();
            self.violation = Some(Violation { oracle: oracle.to_owned(), what, at, commits });
        }
    }

    fn commit(
        &mut self,
        (revision, author): (Revision, usize),
        ops: &[Op],
        previous: &[Option<Arc<KeyValue>>],
        (now, wall): (Mono, jiff::Timestamp),
    ) -> Result<(), (String, String)> {
        let changes = self.apply(revision, ops, previous);
        if changes.is_empty() {
            return Ok(());
        }
        let last = self.state.revision();
        self.state.advance(revision.max(last), now, wall);
        if revision <= last {
            return Err(("revisions".to_owned(), format!("a commit got revision {revision} after {last}")));
        }
        self.history.insert(revision, changes.iter().map(|change| change.key.clone()).collect());
        let known = self.sights.get(author).map(Sight::base).unwrap_or_default();
        let author = self.authors.get(author).cloned().unwrap_or_else(|| SCENARIO.into());
        let commit = Commit { revision, author, at: now, changes, known };
        self.commits += 1;
        *self.by_author.entry(commit.author.clone()).or_default() += 1;
        if self.violation.is_some() {
            return Ok(());
        }
        if commit.changes.iter().all(Change::is_lease) {
            return self.ask(&commit);
        }
        self.last_busy = now;
        let judged = if self.silent {
            Err(("silence".to_owned(), format!("{commit} although everything is at rest")))
        } else {
            self.ask(&commit)
        };
        if self.recent.len() == KEPT {
            self.recent.pop_front();
        }
        self.recent.push_back(commit);
        judged
    }

    fn ask(&mut self, commit: &Commit) -> Result<(), (String, String)> {
        for oracle in &mut self.oracles {
            oracle.after(commit, &self.state).map_err(|what| (oracle.name().to_owned(), what))?;
        }
        Ok(())
    }

    fn apply(&mut self, revision: Revision, ops: &[Op], previous: &[Option<Arc<KeyValue>>]) -> Vec<Change> {
        let mut changes = Vec::with_capacity(ops.len());
        for (op, previous) in ops.iter().zip(previous) {
            let key = op.key().clone();
            let known = self.state.stored(&key).cloned();
            let before = known.or_else(|| previous.clone().map(|kv| Arc::new(Stored::new(kv))));
            let after = match op {
                Op::Put { value, ttl, .. } => {
                    self.trace.mix(key.as_str().as_bytes());
                    self.trace.mix(value);
                    let kv = KeyValue {
                        key: key.clone(),
                        value: value.clone(),
                        create_revision: previous.as_ref().map_or(revision, |kv| kv.create_revision),
                        mod_revision: revision,
                        version: previous.as_ref().map_or(1, |kv| kv.version + 1),
                        ttl: *ttl,
                    };
                    let stored = Arc::new(Stored::new(Arc::new(kv)));
                    self.state.put(stored.clone());
                    Some(stored)
                }
                Op::Delete { .. } if before.is_none() => continue,
                _ => {
                    self.trace.mix(key.as_str().as_bytes());
                    self.state.remove(&key);
                    None
                }
            };
            changes.push(Change { key, before, after });
        }
        changes
    }
}
