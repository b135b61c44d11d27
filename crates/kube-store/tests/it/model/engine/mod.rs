//! A store and the model of it, side by side.

mod leases;

use crate::backend::Backend;
use crate::model::naive::{Model, Resolved, bytes, resolved, row};
use crate::model::program::{At, Condition, From, KEYS, PREFIXES, Step, Write};
use crate::model::watched::{Owes, Watched};
use crate::stage::Stage;
use futures::{FutureExt, StreamExt};
use kube_store::storage::mvcc::Snapshot;
use kube_store::storage::{
    Continue, KeyRange, ListOptions, Op, ReadAt, Revision, Storage, StorageError, TtlId, Txn, TxnOutcome,
    WatchFrom, WatchOptions, WatchStream,
};
use std::sync::Arc;

pub(crate) struct Pair<'a> {
    stage: Stage,
    backend: &'a dyn Backend,
    storage: Arc<dyn Storage>,
    model: Model,
    /// Tell how far a remote store has come with its watches, those without the values before and those with them.
    progress: Vec<WatchStream>,
    watches: Vec<Watched>,
    snapshots: Vec<(Snapshot, u64)>,
    page: Option<(&'static str, Continue)>,
    /// Every lease that was ever granted.
    ids: Vec<u64>,
}

fn kind(error: &StorageError) -> &'static str {
    match error {
        StorageError::Expired { .. } => "expired",
        StorageError::Future { .. } => "future",
        StorageError::Invalid { .. } => "invalid",
        StorageError::NotFound { .. } => "not found",
        other => panic!("{other}"),
    }
}

impl<'a> Pair<'a> {
    pub(crate) fn new(backend: &'a dyn Backend) -> Self {
        let stage = Stage::new();
        let storage = backend.open(&stage.env).expect("a new medium opens");
        let (mut model, mut progress) = (Model::new(), Vec::new());
        if backend.is_remote() {
            let status = storage.status();
            model = Model::remote(status.head.get(), status.compacted.get());
            for previous in [false, true] {
                let options = WatchOptions { from: WatchFrom::Now, previous, bookmarks: true };
                let watch = stage.run(storage.watch(&KeyRange::all(), &options));
                progress.push(watch.expect("a store answers").expect("a watch opens"));
            }
        }
        Self {
            stage,
            backend,
            storage,
            model,
            progress,
            watches: Vec::new(),
            snapshots: Vec::new(),
            page: None,
            ids: Vec::new(),
        }
    }

    fn now<T>(&self, future: impl Future<Output = T>) -> T {
        self.stage.run(future).expect("a store answers")
    }

    /// Waits until everything that was written can be told.
    fn settle(&mut self) {
        for stream in &mut self.progress {
            while stream.position().get() < self.model.head() {
                match self.stage.run(stream.next()) {
                    Some(Some(Ok(_))) => {}
                    other => panic!("the watches do not come to {}: {other:?}", self.model.head()),
                }
            }
        }
    }

    /// What a remote store cannot be asked: see [`Backend::is_remote`](crate::backend::Backend::is_remote).
    fn is_beyond(&self, step: &Step) -> bool {
        let local = matches!(
            step,
            Step::Forget(_) | Step::Fail { .. } | Step::Hold | Step::Look { .. } | Step::Advance(_)
        );
        local && self.backend.is_remote()
    }

    pub(crate) fn run(&mut self, step: &Step) {
        if self.is_beyond(step) {
            return;
        }
        match step {
            Step::Txn { compares, ops, quiet } => self.txn(compares, ops, *quiet),
            Step::Forget(ops) => self.forget(ops),
            Step::Fail { ops, after } => self.fail(ops, *after),
            Step::Compact(back) => self.compact(*back),
            Step::Get { key, at } => self.get(KEYS[*key], *at),
            Step::List { prefix, at, limit } => self.list(PREFIXES[*prefix], *at, *limit),
            Step::NextPage(limit) => self.next_page(*limit),
            Step::Hold => self.hold(),
            Step::Look { snapshot, prefix } => self.look(*snapshot, PREFIXES[*prefix]),
            Step::Watch { prefix, from, previous, bookmarks } => {
                self.watch(PREFIXES[*prefix], *from, *previous, *bookmarks);
            }
            Step::Poll { watch, times } => {
                if let Some(at) = watch.checked_rem(self.watches.len()) {
                    for _ in 0..*times {
                        self.watches[at].poll(&self.model);
                    }
                }
            }
            Step::Unwatch(watch) => {
                if let Some(at) = watch.checked_rem(self.watches.len()) {
                    self.watches.swap_remove(at);
                }
            }
            Step::Grant(seconds) => self.grant(*seconds),
            Step::KeepAlive(lease) => self.keep_alive(*lease),
            Step::Revoke(lease) => self.revoke(*lease),
            Step::Inspect(lease) => self.inspect(*lease),
            Step::Advance(seconds) => self.advance(*seconds),
            Step::Current => assert_eq!(self.now(self.storage.current()).unwrap().get(), self.model.head()),
            Step::Reopen => self.reopen(None),
        }
        self.settle();
        self.figures();
    }

    /// Reads what is left, and closes the store.
    pub(crate) fn finish(mut self) {
        for watch in &mut self.watches {
            while watch.poll(&self.model) {}
        }
        if self.backend.is_durable() {
            self.reopen(None);
            self.figures();
        }
    }

    fn figures(&self) {
        let (status, rows) = (self.storage.status(), self.model.newest());
        assert_eq!((status.head.get(), status.compacted.get()), (self.model.head(), self.model.compacted));
        let bytes: usize = rows.iter().map(|(key, row)| key.len() + bytes(row.value).len()).sum();
        if self.backend.is_remote() {
            return;
        }
        assert_eq!((status.keys, status.bytes), (rows.len(), bytes as u64));
        assert!(status.watchers <= self.watches.len());
    }

    fn ops(&self, ops: &[Write]) -> (Vec<Resolved>, Vec<Op>) {
        let resolved = resolved(ops, &self.ids);
        let op = |(key, value, lease): &Resolved| match value {
            Some(value) => Op::Put { key: KEYS[*key].into(), value: bytes(*value), ttl: lease.map(TtlId) },
            None => Op::Delete { key: KEYS[*key].into() },
        };
        let ops = resolved.iter().map(op).collect();
        (resolved, ops)
    }

    /// Why the writes are refused, whatever the state.
    fn refusal(&self, ops: &[Resolved]) -> Option<&'static str> {
        let twice = ops.iter().enumerate().any(|(at, (key, ..))| ops[..at].iter().any(|(k, ..)| k == key));
        let known = |lease: &u64| self.model.leases.contains_key(lease);
        match (twice, ops.iter().filter_map(|(_, _, lease)| lease.as_ref()).all(known)) {
            (true, _) => Some("invalid"),
            (false, false) => Some("not found"),
            (false, true) => None,
        }
    }

    fn txn(&mut self, conditions: &[Condition], ops: &[Write], quiet: bool) {
        let compares = conditions.iter().map(|condition| self.model.compare(condition)).collect();
        let (writes, ops) = self.ops(ops);
        let outcome = self.now(self.storage.txn(Txn { compares, ops, quiet }));
        let refusal = self.refusal(&writes);
        if refusal == Some("invalid") {
            assert_eq!(outcome.map(drop).map_err(|error| kind(&error)), Err("invalid"));
            return;
        }
        let failed = conditions.iter().map(|condition| self.model.holds(condition)).enumerate().find_map(
            |(at, holds)| match holds {
                Ok(true) => None,
                Ok(false) => Some(Ok(at)),
                Err(kind) => Some(Err(kind)),
            },
        );
        match (outcome, failed.or_else(|| refusal.map(Err))) {
            (Ok(TxnOutcome::Committed { revision, previous }), None) => {
                let before = self.model.write(&writes);
                assert_eq!(revision.get(), self.model.head());
                assert_eq!(previous.len(), before.len());
                for (kv, before) in previous.iter().zip(before).filter(|(kv, _)| !quiet || kv.is_some()) {
                    assert_eq!(kv.as_deref().map(row), before, "what stood there before {revision}");
                }
            }
            (Ok(TxnOutcome::Failed { revision, compare, current }), Some(Ok(at))) => {
                assert_eq!((revision.get(), compare), (self.model.head(), at));
                assert_eq!(current.as_deref().map(row), self.model.stands(&conditions[at]));
            }
            (Err(error), Some(Err(wanted))) => assert_eq!(kind(&error), wanted),
            (outcome, failed) => panic!("{outcome:?}, where the model has {failed:?}"),
        }
    }

    /// The write happens whole or not at all; whoever asks next comes after it.
    fn forget(&mut self, ops: &[Write]) {
        let (writes, ops) = self.ops(ops);
        drop(self.storage.txn(Txn::of(ops)).now_or_never());
        drop(self.now(self.storage.txn(Txn::default())));
        if self.refusal(&writes).is_none() && self.storage.status().head.get() > self.model.head() {
            self.model.write(&writes);
        }
    }

    /// The medium fails during a write. What comes of it shows when the store is opened again.
    fn fail(&mut self, ops: &[Write], after: usize) {
        let (writes, ops) = self.ops(ops);
        let writes_nothing = {
            let mut model = self.model.clone();
            model.write(&writes);
            model.head() == self.model.head()
        };
        if writes_nothing || self.refusal(&writes).is_some() || !self.backend.fail_after(after) {
            return;
        }
        match self.now(self.storage.txn(Txn::of(ops))) {
            Err(StorageError::Unknown { .. }) => {}
            // It was faster than the failure.
            Ok(TxnOutcome::Committed { .. }) => {
                self.model.write(&writes);
                return self.backend.recover();
            }
            outcome => panic!("the medium failed: {outcome:?}"),
        }
        let later = self.now(self.storage.txn(Txn::put("/a", "1")));
        assert!(matches!(later, Err(StorageError::Closed)), "after the medium failed: {later:?}");
        self.reopen(Some(&writes));
    }

    fn reopen(&mut self, unknown: Option<&[Resolved]>) {
        if !self.backend.is_durable() {
            return;
        }
        self.storage.close();
        for watch in std::mem::take(&mut self.watches) {
            watch.finish(&self.model);
        }
        let incarnation = self.storage.status().incarnation;
        // The medium is free once nothing holds the store.
        self.storage = Arc::new(kube_store::storage::MemoryStorage::new());
        self.storage = self.backend.open(&self.stage.env).expect("the medium opens again");
        let status = self.storage.status();
        assert_eq!(status.incarnation, incarnation, "it is the same history");
        if let Some(writes) = unknown.filter(|_| status.head.get() > self.model.head()) {
            self.model.write(writes);
        }
        self.model.reopened(status.head.get());
        for at in self.model.compacted..=self.model.head() {
            let all = KeyRange::all();
            let options = ListOptions { at: ReadAt::Exactly(Revision::new(at)), ..ListOptions::default() };
            let page = self.now(self.storage.list(&all, &options)).expect("history is there again");
            let seen: Vec<_> = page.items.iter().map(|kv| (kv.key.to_string(), row(kv))).collect();
            assert_eq!(seen, self.model.listed("", at), "revision {at} after it was opened again");
        }
    }

    fn compact(&mut self, back: u64) {
        let to = self.model.back(back);
        self.now(self.storage.compact(Revision::new(to))).unwrap();
        self.model.compacted = self.model.compacted.max(to);
    }

    fn get(&self, key: &'static str, at: At) {
        let asked = self.model.asked(at);
        let got = self.now(self.storage.get(&key.into(), asked));
        let seen =
            got.map(|got| (got.revision.get(), got.kv.as_deref().map(row))).map_err(|error| kind(&error));
        let wanted = self.model.shown(asked).map(|at| (at, self.model.rows(at).get(key).copied()));
        assert_eq!(seen, wanted, "{key} at {asked:?}");
    }

    /// All pages of a list, or the first alone: the rest is for later.
    fn list(&mut self, prefix: &'static str, at: At, limit: usize) {
        let asked = self.model.asked(at);
        let options = ListOptions { at: asked, limit, continue_from: None };
        let page = match self.now(self.storage.list(&KeyRange::prefix(prefix), &options)) {
            Ok(page) => page,
            Err(error) => return assert_eq!(self.model.shown(asked), Err(kind(&error))),
        };
        let shown = self.model.shown(asked).expect("the model shows it as well");
        assert_eq!(page.revision.get(), shown);
        let wanted = self.model.listed(prefix, shown);
        let count = if limit == 0 { wanted.len() } else { limit.min(wanted.len()) };
        let seen: Vec<_> = page.items.iter().map(|kv| (kv.key.to_string(), row(kv))).collect();
        assert_eq!((&seen[..], page.remaining), (&wanted[..count], (wanted.len() - count) as u64));
        assert_eq!(page.next.is_some(), count < wanted.len());
        self.page = page.next.map(|next| (prefix, next));
    }

    fn next_page(&mut self, limit: usize) {
        let Some((prefix, from)) = self.page.take() else { return };
        let (at, start) = (from.revision.get(), from.start.to_string());
        let options = ListOptions { at: ReadAt::Latest, limit, continue_from: Some(from) };
        let page = match self.now(self.storage.list(&KeyRange::prefix(prefix), &options)) {
            Ok(page) => page,
            Err(error) => return assert_eq!(self.model.judge(at), Err(kind(&error))),
        };
        assert_eq!(self.model.judge(at), Ok(()));
        let rest = self.model.listed(prefix, at).into_iter().filter(|(key, _)| **key >= *start);
        let wanted: Vec<_> = rest.collect();
        let count = if limit == 0 { wanted.len() } else { limit.min(wanted.len()) };
        let seen: Vec<_> = page.items.iter().map(|kv| (kv.key.to_string(), row(kv))).collect();
        assert_eq!((&seen[..], page.revision.get()), (&wanted[..count], at));
        self.page = page.next.map(|next| (prefix, next));
    }

    fn hold(&mut self) {
        let snapshot = self.storage.snapshot().expect("an embedded store has snapshots");
        assert_eq!(snapshot.revision().get(), self.model.head());
        self.snapshots.truncate(2);
        self.snapshots.insert(0, (snapshot, self.model.head()));
    }

    fn look(&self, number: usize, prefix: &str) {
        let Some((snapshot, at)) = number.checked_rem(self.snapshots.len()).map(|at| &self.snapshots[at])
        else {
            return;
        };
        let range = KeyRange::prefix(prefix);
        let seen: Vec<_> = snapshot.range(&range).map(|kv| (kv.key.to_string(), row(kv))).collect();
        let wanted = self.model.listed(prefix, *at);
        assert_eq!((snapshot.count(&range), &seen), (wanted.len(), &wanted), "a snapshot of {at}");
        for key in KEYS {
            let seen = snapshot.get(&key.into()).map(|kv| row(kv));
            assert_eq!(seen, self.model.rows(*at).get(key).copied(), "{key} in a snapshot of {at}");
        }
    }

    fn watch(&mut self, prefix: &'static str, from: From, previous: bool, bookmarks: bool) {
        let head = self.model.head();
        let (from, told) = match from {
            From::Now => (WatchFrom::Now, head),
            From::Initial => (WatchFrom::Initial, head),
            From::After(back) => {
                let after = self.model.back(back);
                (WatchFrom::After(Revision::new(after)), after)
            }
        };
        let options = WatchOptions { from, previous, bookmarks };
        match self.now(self.storage.watch(&KeyRange::prefix(prefix), &options)) {
            Ok(stream) => {
                assert_eq!(self.model.judge(told), Ok(()));
                let owes = if from == WatchFrom::Initial { Owes::State } else { Owes::Nothing };
                let mut watch = Watched { stream, prefix, previous, bookmarks, owes, told, ended: false };
                if self.backend.is_remote() && owes == Owes::State {
                    // It was read when the watch was opened, and not when it is looked at.
                    watch.poll(&self.model);
                }
                self.watches.push(watch);
            }
            Err(error) => assert_eq!(self.model.judge(told), Err(kind(&error))),
        }
    }
}
