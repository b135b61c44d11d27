//! Chains, log, committer: what the public contract cannot see.

use super::chain::Chain;
use super::committer::Committer;
use super::history::{History, Retention};
use super::log::{Changes, Log};
use super::queue::{Answer, Queue, Request};
use super::{Horizon, Journal, MvccOptions, MvccStorage, NoJournal, Record, Recovered, Snapshot};
use crate::storage::{
    Compare, Event, Key, KeyRange, KeyValue, Op, ReadAt, Revision, Storage, StorageError, StorageResult,
    TtlId, Txn, TxnOutcome, WatchFrom, WatchItem, WatchOptions, WatchStream,
};
use futures::channel::oneshot;
use futures::{FutureExt, StreamExt};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

fn kv(revision: u64) -> Arc<KeyValue> {
    let at = Revision::new(revision);
    Arc::new(KeyValue {
        key: "/k".into(),
        value: revision.to_string().into(),
        create_revision: at,
        mod_revision: at,
        version: 1,
        ttl: None,
    })
}

fn revision(kv: Option<&Arc<KeyValue>>) -> Option<u64> {
    kv.map(|kv| kv.mod_revision.get())
}

/// Puts at odd revisions, deletes at multiples of four.
fn chain(through: u64) -> Chain {
    let chain = Chain::new(Revision::new(1), Some(kv(1)));
    for at in 2..=through {
        if at % 2 == 1 {
            chain.push(Revision::new(at), Some(kv(at)));
        } else if at % 4 == 0 {
            chain.push(Revision::new(at), None);
        }
    }
    chain
}

/// What the chain above shows at `at`.
fn shown(at: u64) -> Option<u64> {
    match at % 4 {
        0 => None,
        2 => Some(at - 1),
        _ => Some(at),
    }
}

#[test]
fn a_chain_shows_every_revision() {
    let chain = chain(1000);
    assert_eq!(revision(chain.at(Revision::ZERO)), None);
    for at in 1..=1000 {
        assert_eq!(revision(chain.at(Revision::new(at))), shown(at), "at {at}");
        assert_eq!(chain.is_live(Revision::new(at)), shown(at).is_some(), "at {at}");
    }
}

#[test]
fn a_pruned_chain_shows_the_rest_and_holds_no_more() {
    let whole = chain(100);
    for oldest in 1..=100 {
        let Some(pruned) = whole.pruned(Revision::new(oldest)) else {
            assert_eq!((oldest, shown(oldest)), (100, None), "only a deleted key leaves nothing");
            continue;
        };
        for at in oldest..=100 {
            assert_eq!(revision(pruned.at(Revision::new(at))), shown(at), "at {at}, pruned to {oldest}");
        }
        let above = (oldest + 1..=100).filter(|at| at % 2 == 1 || at % 4 == 0).count();
        assert_eq!(pruned.len(), above + usize::from(shown(oldest).is_some()), "pruned to {oldest}");
    }
}

#[test]
fn a_long_chain_is_freed_without_recursion() {
    let chain = Chain::new(Revision::new(1), None);
    let mut watched = Vec::new();
    for at in 2..200_000 {
        let value = kv(at);
        if at % 1000 == 0 {
            watched.push(Arc::downgrade(&value));
        }
        chain.push(Revision::new(at), Some(value));
    }
    drop(chain);
    assert!(watched.iter().all(|value| value.upgrade().is_none()));
}

fn changes(at: u64) -> Changes {
    Arc::new([Event::Put { kv: kv(at), previous: None }])
}

fn scanned(log: &Log, after: u64, through: u64) -> Vec<u64> {
    log.scan(Revision::new(after), Revision::new(through)).map(|(revision, _)| revision.get()).collect()
}

#[test]
fn a_log_is_scanned_from_anywhere_and_over_gaps() {
    let mut log = Log::default();
    let held: Vec<u64> = (1..=300).chain(900..=1100).chain([5000]).collect();
    for at in &held {
        log.push(Revision::new(*at), changes(*at));
    }
    for after in [0, 1, 255, 256, 257, 299, 300, 301, 899, 900, 1023, 1100, 4999, 5000, 9000] {
        for through in [0, 300, 512, 1024, 4999, 5000, 9000] {
            let wanted: Vec<u64> = held.iter().copied().filter(|at| *at > after && *at <= through).collect();
            assert_eq!(scanned(&log, after, through), wanted, "({after}, {through}]");
        }
    }
}

#[test]
fn a_pruned_log_keeps_no_value_below() {
    let mut log = Log::default();
    let values: Vec<Arc<KeyValue>> = (1..=600).map(kv).collect();
    for value in &values {
        let put = Event::Put { kv: value.clone(), previous: None };
        log.push(value.mod_revision, Arc::new([put]));
    }
    log.prune(Revision::new(300));
    assert_eq!(log.segments(), 2);
    for value in &values {
        assert_eq!(Arc::strong_count(value) > 1, value.mod_revision.get() > 300, "{}", value.mod_revision);
    }
    log.push(Revision::new(601), changes(601));
    assert_eq!(scanned(&log, 300, 601), (301..=601).collect::<Vec<_>>());
    log.prune(Revision::new(601));
    assert_eq!(scanned(&log, 0, 601), Vec::<u64>::new());
}

/// A journal in memory that can be told to fail.
#[derive(Clone, Debug, Default)]
struct Tape(Arc<Mutex<Reel>>);

#[derive(Debug, Default)]
struct Reel {
    rows: Vec<Recovered>,
    records: Vec<Record>,
    batches: Vec<usize>,
    compacted: Revision,
    broken: bool,
}

impl Journal for Tape {
    fn recover(&mut self, sink: &mut dyn FnMut(Recovered)) -> StorageResult<Horizon> {
        let reel = self.0.lock().unwrap();
        reel.rows.iter().cloned().for_each(&mut *sink);
        reel.records.iter().cloned().map(Recovered::Record).for_each(sink);
        Ok(Horizon { compacted: reel.compacted, used: reel.compacted, incarnation: 7 })
    }

    fn append(&mut self, batch: &[Record]) -> StorageResult<()> {
        let mut reel = self.0.lock().unwrap();
        if reel.broken {
            return Err(StorageError::Medium { what: "broken".into() });
        }
        reel.batches.push(batch.len());
        reel.records.extend_from_slice(batch);
        Ok(())
    }

    fn compact(&mut self, revision: Revision, live: &Snapshot) -> StorageResult<()> {
        let mut reel = self.0.lock().unwrap();
        reel.rows = live.range(&KeyRange::all()).cloned().map(Recovered::Row).collect();
        reel.records.retain(|record| matches!(record, Record::Write { revision: at, .. } if *at > revision));
        reel.compacted = revision;
        Ok(())
    }
}

type Waiting = oneshot::Receiver<StorageResult<Answer>>;

fn answer(waiting: Waiting) -> StorageResult<Answer> {
    waiting.now_or_never().expect("the step answers").expect("the committer lives")
}

fn committed(waiting: Waiting) -> u64 {
    match answer(waiting) {
        Ok(Answer::Txn(TxnOutcome::Committed { revision, .. })) => revision.get(),
        other => panic!("{other:?}"),
    }
}

fn committer(limit: usize) -> (Committer<Tape>, Arc<Queue>, Tape) {
    let (tape, queue) = (Tape::default(), Arc::new(Queue::new(limit)));
    let committer = Committer::recover(tape.clone(), queue.clone(), keep()).unwrap();
    (committer, queue, tape)
}

fn keep() -> Retention {
    Retention::new(History::ALL, None)
}

fn run(committer: &mut Committer<Tape>) -> usize {
    let mut steps = 0;
    while let Some(effects) = committer.step() {
        effects.replies.into_iter().for_each(|(reply, answer)| drop(reply.send(answer)));
        steps += 1;
    }
    steps
}

#[test]
fn a_full_queue_says_so_and_takes_again() {
    let (mut committer, queue, _) = committer(2);
    let waiting: Vec<Waiting> =
        (0..2).map(|_| queue.submit(Request::Txn(Txn::put("/a", "1"))).unwrap()).collect();
    let refused = queue.submit(Request::Txn(Txn::put("/a", "2")));
    assert!(matches!(refused, Err(StorageError::Busy { limit: 2 })));
    assert_eq!(run(&mut committer), 1);
    assert_eq!(waiting.into_iter().map(committed).collect::<Vec<_>>(), [1, 2]);
    drop(queue.submit(Request::Txn(Txn::put("/a", "3"))).unwrap());
    assert_eq!(run(&mut committer), 1);
    assert_eq!(committer.state().head, Revision::new(3), "an answer nobody awaits changes nothing");
}

#[test]
fn one_batch_sees_its_own_writes_and_is_appended_once() {
    let (mut committer, queue, tape) = committer(16);
    let create = || Txn::put("/a", "1").when(Compare::Absent { key: "/a".into() });
    let first = queue.submit(Request::Txn(create())).unwrap();
    let second = queue.submit(Request::Txn(create())).unwrap();
    let unchanged = Compare::Unchanged { key: "/a".into(), revision: Revision::new(1) };
    let third = queue.submit(Request::Txn(Txn::put("/a", "2").when(unchanged))).unwrap();
    assert_eq!(run(&mut committer), 1);
    assert_eq!(committed(first), 1);
    assert!(matches!(answer(second), Ok(Answer::Txn(TxnOutcome::Failed { compare: 0, .. }))));
    assert_eq!(committed(third), 2);
    assert_eq!(tape.0.lock().unwrap().batches, [2]);
}

#[test]
fn a_condition_on_a_range_sees_the_writes_before_it_in_the_batch() {
    let (mut committer, queue, _) = committer(16);
    let quiet = |prefix: &str| {
        let range = KeyRange::prefix(prefix);
        Txn::put(format!("{prefix}new"), "1")
            .when(Compare::RangeUnchanged { range, revision: Revision::ZERO })
    };
    let submit = |txn| queue.submit(Request::Txn(txn)).unwrap();
    let [first, again, other] = [submit(quiet("/a/")), submit(quiet("/a/")), submit(quiet("/b/"))];
    assert_eq!(run(&mut committer), 1);
    assert_eq!(committed(first), 1);
    assert!(matches!(answer(again), Ok(Answer::Txn(TxnOutcome::Failed { compare: 0, .. }))));
    assert_eq!(committed(other), 2);
}

#[test]
fn a_compaction_is_a_step_of_its_own() {
    let (mut committer, queue, _) = committer(16);
    let first = queue.submit(Request::Txn(Txn::put("/a", "1"))).unwrap();
    let compaction = queue.submit(Request::Compact(Revision::new(1))).unwrap();
    let second = queue.submit(Request::Txn(Txn::put("/a", "2"))).unwrap();
    assert_eq!(run(&mut committer), 3);
    assert_eq!((committed(first), committed(second)), (1, 2));
    assert!(matches!(answer(compaction), Ok(Answer::Compacted)));
    assert_eq!(committer.state().compacted, Revision::new(1));
}

#[test]
fn a_failed_append_shows_nothing_and_stops_the_writes() {
    let tape = Tape::default();
    let storage = MvccStorage::over(tape.clone(), MvccOptions::default()).unwrap();
    put(&storage, "/a", "1");
    let options = WatchOptions { from: WatchFrom::Now, previous: false, bookmarks: true };
    let mut stream = storage.watch(&KeyRange::all(), &options).now_or_never().unwrap().unwrap();
    tape.0.lock().unwrap().broken = true;
    let failed = storage.txn(Txn::put("/a", "2")).now_or_never().unwrap();
    assert!(matches!(failed, Err(StorageError::Unknown { .. })), "{failed:?}");
    let later = storage.txn(Txn::put("/b", "1")).now_or_never().unwrap();
    assert!(matches!(later, Err(StorageError::Closed)), "{later:?}");
    let got = storage.get(&"/a".into(), ReadAt::Latest).now_or_never().unwrap().unwrap();
    assert_eq!((got.revision, revision(got.kv.as_ref())), (Revision::new(1), Some(1)));
    assert!(matches!(stream.next().now_or_never(), Some(Some(Err(StorageError::Closed)))));
}

#[test]
fn what_was_journaled_is_recovered() {
    let tape = Tape::default();
    let storage = MvccStorage::over(tape.clone(), MvccOptions::default()).unwrap();
    put(&storage, "/a", "1");
    put(&storage, "/gone", "1");
    put(&storage, "/a", "2");
    storage.compact(Revision::new(2)).now_or_never().unwrap().unwrap();
    storage.txn(Txn::delete("/gone")).now_or_never().unwrap().unwrap();
    let again = MvccStorage::over(tape, MvccOptions::default()).unwrap();
    let (before, after) = (storage.status(), again.status());
    assert_eq!(before.incarnation, 7);
    assert_eq!(before, after);
    let get = |key: &str, at| again.get(&Key::from(key), ReadAt::Exactly(Revision::new(at))).now_or_never();
    assert_eq!(revision(get("/a", 4).unwrap().unwrap().kv.as_ref()), Some(3));
    assert_eq!(revision(get("/a", 2).unwrap().unwrap().kv.as_ref()), Some(1));
    assert_eq!(revision(get("/gone", 3).unwrap().unwrap().kv.as_ref()), Some(2));
    assert!(matches!(get("/a", 1).unwrap(), Err(StorageError::Expired { .. })));
    let options = WatchOptions { from: WatchFrom::After(Revision::new(2)), previous: true, bookmarks: false };
    let mut stream = again.watch(&KeyRange::all(), &options).now_or_never().unwrap().unwrap();
    let told: Vec<_> = std::iter::from_fn(|| stream.try_next()).map(|item| previous(item.unwrap())).collect();
    assert_eq!(told, [(3, Some(1)), (4, Some(2))]);
}

/// Revision of a batch of one event, and that of the value before.
fn previous(item: WatchItem) -> (u64, Option<u64>) {
    let WatchItem::Batch(batch) = item else { panic!("{item:?}") };
    let (Event::Put { previous, .. } | Event::Delete { previous, .. }) = &batch.events[0];
    (batch.revision.get(), revision(previous.as_ref()))
}

#[test]
fn a_lease_and_its_end_are_journaled_together() {
    let (mut committer, queue, tape) = committer(16);
    let granted = queue.submit(Request::Grant(Duration::from_secs(1))).unwrap();
    run(&mut committer);
    let Ok(Answer::Granted(id)) = answer(granted) else { panic!("a grant is answered") };
    let attached = Op::Put { key: "/a".into(), value: "1".into(), ttl: Some(id) };
    drop(queue.submit(Request::Txn(Txn::of(vec![attached]))).unwrap());
    run(&mut committer);
    assert!(committer.state().lease(id).unwrap().keys.contains(&Key::from("/a")));
    let revoked = queue.submit(Request::Revoke(id)).unwrap();
    run(&mut committer);
    assert!(matches!(answer(revoked), Ok(Answer::Revoked(keys, _)) if keys == ["/a".into()]));
    assert_eq!(tape.0.lock().unwrap().batches, [1, 1, 2]);
    let again = Committer::recover(tape, Arc::new(Queue::new(1)), keep()).unwrap();
    assert!(again.state().lease(TtlId(1)).is_err());
    assert_eq!(again.state().keys, 0);
}

#[test]
fn a_busy_committer_is_waited_for_and_commits_for_others() {
    let storage = MvccStorage::over(NoJournal::default(), MvccOptions::default()).unwrap();
    let held = storage.0.driver.hold();
    let mut waits = storage.txn(Txn::put("/a", "1"));
    assert!((&mut waits).now_or_never().is_none());
    drop(storage.txn(Txn::put("/b", "1")).now_or_never());
    assert_eq!(storage.status().queued, 2);
    drop(held);
    put(&storage, "/c", "1");
    assert!(
        matches!(waits.now_or_never(), Some(Ok(TxnOutcome::Committed { revision, .. })) if revision.get() == 1)
    );
    assert_eq!(
        (storage.status().head, storage.status().keys),
        (Revision::new(3), 3),
        "a dropped write is applied"
    );
}

#[test]
fn closing_ends_what_waits_for_the_committer() {
    let options = MvccOptions { queue: 1, ..MvccOptions::default() };
    let storage = MvccStorage::over(NoJournal::default(), options).unwrap();
    let held = storage.0.driver.hold();
    let mut waits = storage.txn(Txn::put("/a", "1"));
    assert!((&mut waits).now_or_never().is_none());
    let refused = storage.txn(Txn::put("/a", "2")).now_or_never().unwrap();
    assert!(matches!(refused, Err(StorageError::Busy { limit: 1 })), "{refused:?}");
    drop(held);
    storage.close();
    assert!(matches!(waits.now_or_never(), Some(Err(StorageError::Closed))));
}

#[test]
fn a_stalled_watch_keeps_nothing_in_memory() {
    let storage = MvccStorage::over(NoJournal::default(), MvccOptions::default()).unwrap();
    let options = WatchOptions { from: WatchFrom::Now, previous: true, bookmarks: false };
    let mut stream = storage.watch(&KeyRange::all(), &options).now_or_never().unwrap().unwrap();
    put(&storage, "/a", "0");
    assert!(stream.try_next().is_some());
    put(&storage, "/a", "1");
    let held = storage.get(&"/a".into(), ReadAt::Latest).now_or_never().unwrap().unwrap().kv.unwrap();
    put(&storage, "/a", "2");
    assert_eq!(storage.status().watch_lag, 2);
    assert!(Arc::strong_count(&held) > 1);
    storage.compact(Revision::new(3)).now_or_never().unwrap().unwrap();
    // The newest change still tells the value before it.
    assert!(Arc::strong_count(&held) <= 2);
    put(&storage, "/a", "3");
    storage.compact(Revision::new(4)).now_or_never().unwrap().unwrap();
    assert_eq!(Arc::strong_count(&held), 1);
    assert!(matches!(stream.try_next(), Some(Err(StorageError::Expired { .. }))));
}

#[test]
fn watches_are_counted_until_dropped() {
    let storage = MvccStorage::over(NoJournal::default(), MvccOptions::default()).unwrap();
    let options = WatchOptions { from: WatchFrom::Now, previous: false, bookmarks: false };
    let open =
        |prefix: &str| storage.watch(&KeyRange::prefix(prefix), &options).now_or_never().unwrap().unwrap();
    let (mut one, two) = (open("/a"), open("/b"));
    assert_eq!((storage.status().watchers, storage.status().watch_lag), (2, 0));
    put(&storage, "/a", "1");
    put(&storage, "/c", "1");
    assert_eq!(
        (storage.status().watch_lag, one.position(), two.position()),
        (2, Revision::ZERO, Revision::new(2))
    );
    assert!(one.try_next().is_some() && one.try_next().is_none());
    assert_eq!((storage.status().watch_lag, one.position()), (0, Revision::new(2)));
    drop((one, two));
    assert_eq!(storage.status().watchers, 0);
}

fn put<J: Journal>(storage: &MvccStorage<J>, key: &str, value: &'static str) {
    storage.txn(Txn::put(key, value)).now_or_never().expect("nobody else commits").unwrap();
}

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_batch_of_many_revisions_wakes_a_watch_once_and_a_stalled_one_nobody() {
    let storage = MvccStorage::over(NoJournal::default(), MvccOptions::default()).unwrap();
    let options = WatchOptions { from: WatchFrom::Now, previous: false, bookmarks: false };
    let open = || storage.watch(&KeyRange::prefix("/a/"), &options).now_or_never().unwrap().unwrap();
    let (mut reads, mut stalled) = (open(), open());
    let counts: [Arc<Count>; 2] = Default::default();
    let poll = |stream: &mut WatchStream, count: &Arc<Count>| {
        let waker = Waker::from(count.clone());
        stream.poll_next_unpin(&mut Context::from_waker(&waker)).is_ready()
    };
    assert!(!poll(&mut reads, &counts[0]) && !poll(&mut stalled, &counts[1]));
    for batch in 1..=1000 {
        let held = storage.0.driver.hold();
        for n in 0..3 {
            drop(storage.txn(Txn::put(format!("/a/{n}"), "1")).now_or_never());
        }
        drop(held);
        put(&storage, "/b", "1");
        assert_eq!(counts[0].0.load(Ordering::SeqCst), batch, "three revisions, one wake");
        for _ in 0..3 {
            assert!(poll(&mut reads, &counts[0]));
        }
        assert!(!poll(&mut reads, &counts[0]));
    }
    assert_eq!(counts[1].0.load(Ordering::SeqCst), 1, "who does not read is not woken again");
    assert_eq!(std::iter::from_fn(|| stalled.try_next()).count(), 3000, "and has lost nothing");
}
