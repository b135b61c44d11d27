//! Batches: what is decided, journaled and answered together.

use super::super::committer::Committer;
use super::super::history::{History, Retention};
use super::super::queue::{Answer, Queue, Request};
use super::super::{Horizon, Journal, MvccOptions, MvccStorage, Record, Recovered, Snapshot};
use super::{put, revision};
use crate::storage::{
    Compare, Event, Key, KeyRange, Op, ReadAt, Revision, Storage, StorageError, StorageResult, TtlId, Txn,
    TxnOutcome, WatchFrom, WatchItem, WatchOptions,
};
use futures::channel::oneshot;
use futures::{FutureExt, StreamExt};
use std::sync::{Arc, Mutex};
use std::time::Duration;

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
