//! A store whose committer is busy, and watches that stall.

use super::super::{MvccOptions, MvccStorage, NoJournal};
use super::put;
use crate::storage::{
    KeyRange, ReadAt, Revision, Storage, StorageError, Txn, TxnOutcome, WatchFrom, WatchOptions, WatchStream,
};
use futures::{FutureExt, StreamExt};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};

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
