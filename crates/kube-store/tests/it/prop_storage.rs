//! Random programs against a naive model: every state and every change of all revisions, kept whole.

use bytes::Bytes;
use futures::FutureExt;
use kube_store::storage::{
    Compare, Event, Key, KeyRange, ListOptions, MemoryStorage, Op, ReadAt, Revision, Storage, StorageError,
    Txn, TxnOutcome, WatchFrom, WatchItem, WatchOptions, WatchStream,
};
use proptest::prelude::{Just, Strategy, any, prop, prop_oneof, proptest};
use proptest::test_runner::Config;
use std::collections::BTreeMap;
use std::ops::Range;

const KEYS: [&str; 6] = ["/a", "/a/1", "/a/2", "/b", "/b/1", "/c"];
const PREFIXES: [&str; 5] = ["", "/a", "/a/", "/b/1", "/none"];

/// One step of a program. Revisions are told as a distance back from the newest, so that most are held.
#[derive(Clone, Debug)]
enum Step {
    Txn { compares: Vec<Condition>, ops: Vec<(usize, Option<u8>)> },
    Compact(u64),
    Get { key: usize, back: u64 },
    List { prefix: usize, back: u64, limit: usize },
    Watch { prefix: usize, from: Option<u64>, previous: bool },
    Poll { watch: usize, times: usize },
}

#[derive(Clone, Debug)]
enum Condition {
    Unchanged { key: usize, right: bool },
    Absent(usize),
    Exists(usize),
    Range { prefix: usize, back: u64 },
}

fn condition() -> impl Strategy<Value = Condition> {
    let key = 0..KEYS.len();
    prop_oneof![
        3 => (key.clone(), prop::bool::weighted(0.8)).prop_map(|(key, right)| Condition::Unchanged { key, right }),
        1 => key.clone().prop_map(Condition::Absent),
        1 => key.prop_map(Condition::Exists),
        1 => (0..PREFIXES.len(), 0..6_u64).prop_map(|(prefix, back)| Condition::Range { prefix, back }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let write = (0..KEYS.len(), prop::option::weighted(0.7, any::<u8>()));
    let ops = prop::collection::vec(write, 0..4);
    let compares = prop::collection::vec(condition(), 0..2);
    let from = prop_oneof![Just(None), (0..8_u64).prop_map(Some)];
    prop_oneof![
        8 => (compares, ops).prop_map(|(compares, ops)| Step::Txn { compares, ops }),
        1 => (0..6_u64).prop_map(Step::Compact),
        2 => (0..KEYS.len(), 0..12_u64).prop_map(|(key, back)| Step::Get { key, back }),
        2 => (0..PREFIXES.len(), 0..12_u64, 0..4_usize)
            .prop_map(|(prefix, back, limit)| Step::List { prefix, back, limit }),
        2 => (0..PREFIXES.len(), from, any::<bool>())
            .prop_map(|(prefix, from, previous)| Step::Watch { prefix, from, previous }),
        4 => (0..6_usize, 1..5_usize).prop_map(|(watch, times)| Step::Poll { watch, times }),
    ]
}

/// Value, create revision, mod revision, version.
type Row = (u8, u64, u64, u64);
type Rows = BTreeMap<&'static str, Row>;
/// Key, value now, value before.
type Change = (&'static str, Option<u8>, Option<u8>);

#[derive(Debug)]
struct Model {
    /// The state at every revision.
    states: Vec<Rows>,
    /// The changes of every revision.
    changes: Vec<Vec<Change>>,
    compacted: u64,
}

/// A watch and what the model knows of it.
struct Watched {
    stream: WatchStream,
    prefix: &'static str,
    previous: bool,
    /// Delivered up to here; `None` when everything was.
    position: Option<u64>,
    ended: bool,
}

impl Model {
    fn head(&self) -> u64 {
        self.states.len() as u64 - 1
    }

    fn rows(&self, at: u64) -> &Rows {
        &self.states[usize::try_from(at).unwrap()]
    }

    /// Whether a read at `at` must be refused.
    fn judge(&self, at: u64) -> Result<(), &'static str> {
        match at {
            _ if at > self.head() => Err("future"),
            _ if at < self.compacted => Err("expired"),
            _ => Ok(()),
        }
    }

    fn matching(&self, prefix: &str, revisions: Range<u64>) -> impl Iterator<Item = (u64, Vec<Change>)> {
        revisions.filter_map(move |at| {
            let all = self.changes.get(usize::try_from(at).unwrap())?;
            let mine: Vec<Change> = all.iter().filter(|(key, ..)| key.starts_with(prefix)).copied().collect();
            (!mine.is_empty()).then_some((at, mine))
        })
    }

    fn holds(&self, condition: &Condition) -> Result<bool, &'static str> {
        let now = self.rows(self.head());
        Ok(match condition {
            Condition::Unchanged { key, right } => *right && now.contains_key(KEYS[*key]),
            Condition::Absent(key) => !now.contains_key(KEYS[*key]),
            Condition::Exists(key) => now.contains_key(KEYS[*key]),
            Condition::Range { prefix, back } => {
                let from = self.head().saturating_sub(*back);
                self.judge(from)?;
                self.matching(PREFIXES[*prefix], from + 1..self.head() + 1).next().is_none()
            }
        })
    }

    fn compare(&self, condition: &Condition) -> Compare {
        match condition {
            Condition::Unchanged { key, right } => {
                let at = self.rows(self.head()).get(KEYS[*key]).map_or(0, |row| row.2);
                let revision = Revision::new(if *right { at } else { at + 1 });
                Compare::Unchanged { key: KEYS[*key].into(), revision }
            }
            Condition::Absent(key) => Compare::Absent { key: KEYS[*key].into() },
            Condition::Exists(key) => Compare::Exists { key: KEYS[*key].into() },
            Condition::Range { prefix, back } => Compare::RangeUnchanged {
                range: KeyRange::prefix(PREFIXES[*prefix]),
                revision: Revision::new(self.head().saturating_sub(*back)),
            },
        }
    }

    /// Commits the writes; tells whether they made a revision.
    fn write(&mut self, ops: &[(usize, Option<u8>)]) -> bool {
        let revision = self.head() + 1;
        let mut rows = self.rows(self.head()).clone();
        let mut changes = Vec::new();
        for (key, value) in ops {
            let key = KEYS[*key];
            let old = rows.remove(key);
            if let Some(value) = value {
                let (created, version) = old.map_or((revision, 1), |row| (row.1, row.3 + 1));
                rows.insert(key, (*value, created, revision, version));
            }
            if value.is_some() || old.is_some() {
                changes.push((key, *value, old.map(|row| row.0)));
            }
        }
        changes.sort_by_key(|(key, ..)| *key);
        let effect = !changes.is_empty();
        if effect {
            self.states.push(rows);
            self.changes.push(changes);
        }
        effect
    }
}

/// A store and the model of it.
struct Pair {
    storage: MemoryStorage,
    model: Model,
    watches: Vec<Watched>,
}

fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("a store that nobody else uses answers at once")
}

fn kind(error: &StorageError) -> &'static str {
    match error {
        StorageError::Expired { .. } => "expired",
        StorageError::Future { .. } => "future",
        StorageError::Invalid { .. } => "invalid",
        other => panic!("{other}"),
    }
}

fn row(kv: &kube_store::storage::KeyValue) -> Row {
    (kv.value[0], kv.create_revision.get(), kv.mod_revision.get(), kv.version)
}

impl Pair {
    fn new() -> Self {
        let model = Model { states: vec![Rows::new()], changes: vec![Vec::new()], compacted: 0 };
        Self { storage: MemoryStorage::new(), model, watches: Vec::new() }
    }

    fn run(&mut self, step: &Step) {
        match step {
            Step::Txn { compares, ops } => self.txn(compares, ops),
            Step::Compact(back) => {
                let to = self.model.head().saturating_sub(*back);
                now(self.storage.compact(Revision::new(to))).unwrap();
                self.model.compacted = self.model.compacted.max(to);
            }
            Step::Get { key, back } => {
                let at = self.model.head().saturating_sub(*back);
                let got = now(self.storage.get(&KEYS[*key].into(), ReadAt::Exactly(Revision::new(at))));
                let seen = got.map(|got| got.kv.map(|kv| row(&kv))).map_err(|error| kind(&error));
                let wanted = self.model.judge(at).map(|()| self.model.rows(at).get(KEYS[*key]).copied());
                assert_eq!(seen, wanted);
            }
            Step::List { prefix, back, limit } => self.list(PREFIXES[*prefix], *back, *limit),
            Step::Watch { prefix, from, previous } => self.watch(PREFIXES[*prefix], *from, *previous),
            Step::Poll { watch, times } => {
                if let Some(at) = watch.checked_rem(self.watches.len()) {
                    (0..*times).for_each(|_| self.poll(at));
                }
            }
        }
        let (status, rows) = (self.storage.status(), self.model.rows(self.model.head()));
        assert_eq!((status.head.get(), status.compacted.get()), (self.model.head(), self.model.compacted));
        let bytes: usize = rows.keys().map(|key| key.len() + 1).sum();
        assert_eq!((status.keys, status.bytes), (rows.len(), bytes as u64));
    }

    fn txn(&mut self, conditions: &[Condition], ops: &[(usize, Option<u8>)]) {
        let compares = conditions.iter().map(|condition| self.model.compare(condition)).collect();
        let op = |(key, value): &(usize, Option<u8>)| match value {
            Some(value) => Op::Put { key: KEYS[*key].into(), value: Bytes::from(vec![*value]), ttl: None },
            None => Op::Delete { key: KEYS[*key].into() },
        };
        let outcome = now(self.storage.txn(Txn { compares, ops: ops.iter().map(op).collect() }));
        let twice =
            ops.iter().enumerate().any(|(at, (key, _))| ops[..at].iter().any(|(other, _)| other == key));
        if twice {
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
        match (outcome, failed) {
            (Ok(TxnOutcome::Committed { revision, .. }), None) => {
                if self.model.write(ops) {
                    self.unpark();
                }
                assert_eq!(revision.get(), self.model.head());
            }
            (Ok(TxnOutcome::Failed { revision, compare, .. }), Some(Ok(at))) => {
                assert_eq!((revision.get(), compare), (self.model.head(), at));
            }
            (Err(error), Some(Err(wanted))) => assert_eq!(kind(&error), wanted),
            (outcome, failed) => panic!("{outcome:?}, where the model has {failed:?}"),
        }
    }

    /// The newest revision touches some of the watches that had everything.
    fn unpark(&mut self) {
        let head = self.model.head();
        for watch in self.watches.iter_mut().filter(|watch| watch.position.is_none()) {
            if self.model.matching(watch.prefix, head..head + 1).next().is_some() {
                watch.position = Some(head - 1);
            }
        }
    }

    fn list(&self, prefix: &'static str, back: u64, limit: usize) {
        let at = self.model.head().saturating_sub(back);
        let mut options = ListOptions { at: ReadAt::Exactly(Revision::new(at)), limit, continue_from: None };
        let mut seen = Vec::new();
        loop {
            let page = match now(self.storage.list(&KeyRange::prefix(prefix), &options)) {
                Ok(page) => page,
                Err(error) => return assert_eq!(self.model.judge(at), Err(kind(&error))),
            };
            assert!(limit == 0 || page.items.len() <= limit);
            seen.extend(page.items.iter().map(|kv| (kv.key.to_string(), row(kv))));
            let all = self.model.rows(at).keys().filter(|key| key.starts_with(prefix)).count();
            assert_eq!(page.remaining, (all - seen.len()) as u64);
            match page.next {
                Some(next) => options.continue_from = Some(next),
                None => break,
            }
        }
        let mine = self.model.rows(at).iter().filter(|(key, _)| key.starts_with(prefix));
        let wanted: Vec<_> = mine.map(|(key, row)| ((*key).to_owned(), *row)).collect();
        assert_eq!(seen, wanted);
        let snapshot = self.storage.snapshot().unwrap().at(Revision::new(at)).unwrap();
        assert_eq!(snapshot.count(&KeyRange::prefix(prefix)), wanted.len());
    }

    fn watch(&mut self, prefix: &'static str, from: Option<u64>, previous: bool) {
        let head = self.model.head();
        let after = head.saturating_sub(from.unwrap_or(0));
        let from = from.map_or(WatchFrom::Now, |_| WatchFrom::After(Revision::new(after)));
        let options = WatchOptions { from, previous, bookmarks: false };
        match now(self.storage.watch(&KeyRange::prefix(prefix), &options)) {
            Ok(stream) => {
                assert_eq!(self.model.judge(after), Ok(()));
                let position = (after < head).then_some(after);
                self.watches.push(Watched { stream, prefix, previous, position, ended: false });
            }
            Err(error) => assert_eq!(self.model.judge(after), Err(kind(&error))),
        }
    }

    /// Takes one delivery of watch number `at`.
    fn poll(&mut self, at: usize) {
        let watch = &mut self.watches[at];
        let seen = watch.stream.try_next().map(|item| item.map_err(|error| kind(&error)).map(told));
        let head = self.model.head();
        let wanted = match watch.position {
            _ if watch.ended => None,
            None => None,
            Some(position) if position < self.model.compacted => {
                watch.ended = true;
                Some(Err("expired"))
            }
            Some(position) => {
                let next = self.model.matching(watch.prefix, position + 1..head + 1).next();
                watch.position = next.as_ref().map(|(at, _)| *at);
                next.map(|(at, changes)| {
                    let shown =
                        |(key, value, old): Change| (key.to_owned(), value, old.filter(|_| watch.previous));
                    Ok((at, changes.into_iter().map(shown).collect()))
                })
            }
        };
        assert_eq!(seen, wanted, "watch {at} of {:?}", watch.prefix);
        if !watch.ended {
            assert_eq!(watch.stream.position().get(), watch.position.unwrap_or(head));
        }
    }
}

/// Key, value now, value before: as a watch told it.
type Told = (String, Option<u8>, Option<u8>);

/// Revision and changes of a batch.
fn told(item: WatchItem) -> (u64, Vec<Told>) {
    let WatchItem::Batch(batch) = item else { panic!("a bookmark that was not asked for") };
    let change = |event: &Event| {
        let (Event::Put { previous, .. } | Event::Delete { previous, .. }) = event;
        let value = if let Event::Put { kv, .. } = event { Some(kv.value[0]) } else { None };
        (event.key().to_string(), value, previous.as_ref().map(|kv| kv.value[0]))
    };
    (batch.revision.get(), batch.events.iter().map(change).collect())
}

proptest! {
    #![proptest_config(Config { cases: 300, failure_persistence: None, ..Config::default() })]

    #[test]
    fn memory_is_its_model(program in prop::collection::vec(step(), 1..120)) {
        let mut pair = Pair::new();
        for step in &program {
            pair.run(step);
        }
        for at in 0..pair.watches.len() {
            (0..=program.len()).for_each(|_| pair.poll(at));
        }
    }
}

#[test]
fn a_key_orders_like_its_text() {
    let mut keys: Vec<Key> = KEYS.iter().rev().map(|key| Key::from(*key)).collect();
    keys.sort();
    assert_eq!(keys.iter().map(Key::as_str).collect::<Vec<_>>(), KEYS);
}
