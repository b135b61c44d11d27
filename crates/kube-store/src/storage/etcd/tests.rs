//! The pure parts: what responses mean, what errors mean, how transactions are written.

use super::encode::{Answer, Request, decode, encode};
use super::failure::Failure;
use super::log::{Log, Next};
use super::space::{Bounds, Space};
use super::tracker::{Response, Step, Tracker, tells_progress};
use crate::storage::{
    Batch, Compare, Event, Key, KeyRange, KeyValue, Op, Revision, StorageError, TtlId, Txn, TxnOutcome,
};
use proptest::prelude::{any, prop, proptest};
use proptest::{prop_assert, prop_assert_eq};
use std::sync::Arc;

fn at(n: u64) -> Revision {
    Revision::new(n)
}

fn kv(key: &str, n: u64) -> Arc<KeyValue> {
    Arc::new(KeyValue {
        key: key.into(),
        value: "v".into(),
        create_revision: at(n),
        mod_revision: at(n),
        version: 1,
        ttl: None,
    })
}

fn put(key: &str, n: u64) -> (Revision, Option<Event>) {
    (at(n), Some(Event::Put { kv: kv(key, n), previous: None }))
}

fn events(events: Vec<(Revision, Option<Event>)>) -> Response {
    let revision = events.last().map_or(0, |(at, _)| i64::try_from(at.get()).unwrap());
    Response { cluster: 1, revision, events, ..Response::default() }
}

fn told(step: Step) -> (Vec<(u64, Vec<String>)>, u64) {
    match step {
        Step::Deliver(batches, through) => {
            let line = |batch: &Batch| {
                (batch.revision.get(), batch.events.iter().map(|event| event.key().to_string()).collect())
            };
            (batches.iter().map(line).collect(), through.get())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_comes_twice_is_dropped_and_what_comes_together_stays_together() {
    let mut tracker = Tracker::new(at(5), false);
    assert_eq!(tracker.start(), at(5), "from there on, so that a compaction in between is told");
    let seen = told(tracker.step(events(vec![put("/z", 5), put("/b", 6), put("/a", 6), put("/c", 8)])));
    assert_eq!(seen, (vec![(6, vec!["/a".into(), "/b".into()]), (8, vec!["/c".into()])], 8));
    let again = told(tracker.step(events(vec![put("/b", 6), put("/c", 8), put("/d", 9)])));
    assert_eq!(again, (vec![(9, vec!["/d".into()])], 9));
    assert_eq!(tracker.start(), at(9));
}

#[test]
fn an_event_of_nobody_proves_its_revision() {
    let mut tracker = Tracker::new(at(5), false);
    assert_eq!(told(tracker.step(events(vec![(at(7), None)]))), (vec![], 7));
}

/// etcd-io/etcd#15220: the progress was told before the events before it.
#[test]
fn progress_is_believed_only_where_it_is_true() {
    let progress = || Response { cluster: 1, revision: 50, ..Response::default() };
    assert_eq!(told(Tracker::new(at(5), false).step(progress())), (vec![], 5));
    assert_eq!(told(Tracker::new(at(5), true).step(progress())), (vec![], 50));
    let created = Response { created: true, ..progress() };
    assert_eq!(told(Tracker::new(at(5), true).step(created)), (vec![], 5), "that is no progress");
    for (version, told) in [
        ("3.4.23", false),
        ("3.4.25", true),
        ("3.5.1", false),
        ("3.5.7", false),
        ("3.5.8", true),
        ("3.5.13", true),
        ("3.6.0-rc.1", true),
        ("3.7.2", true),
        ("3.3.27", false),
        ("?", false),
    ] {
        assert_eq!(tells_progress(version), told, "{version}");
    }
}

#[test]
fn compaction_and_another_cluster_end_the_history() {
    let mut tracker = Tracker::new(at(5), false);
    let compacted = Response { cluster: 1, canceled: true, compacted: 40, ..Response::default() };
    assert!(matches!(tracker.step(compacted), Step::Expired(to) if to == at(40)));
    tracker.restart(at(60));
    assert_eq!(tracker.start(), at(60));
    assert_eq!(told(tracker.step(events(vec![put("/a", 61)]))).1, 61);
    let restored = Response { cluster: 2, ..events(vec![put("/a", 62)]) };
    assert!(matches!(tracker.step(restored), Step::Expired(to) if to > at(61)));
}

#[test]
fn what_is_cancelled_or_out_of_order_is_asked_for_again() {
    let mut tracker = Tracker::new(at(5), false);
    let leaderless =
        Response { cluster: 1, canceled: true, reason: "no leader".into(), ..Response::default() };
    assert!(matches!(tracker.step(leaderless), Step::Again(reason) if reason == "no leader"));
    assert!(matches!(tracker.step(events(vec![put("/a", 9), put("/a", 8)])), Step::Again(_)));
    assert_eq!(tracker.start(), at(5), "nothing of it was told");
}

proptest! {
    /// However the stream is cut and begun again at an older place, everything is told once and in order.
    #[test]
    fn cuts_do_not_show(
        revisions in prop::collection::vec(1_usize..4, 1..40),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..6), 0..10),
    ) {
        let all: Vec<_> = revisions.iter().enumerate()
            .map(|(n, keys)| (0..*keys).map(|key| put(&format!("/{key}"), n as u64 + 1)).collect::<Vec<_>>())
            .collect();
        let mut cuts: Vec<(usize, usize)> = cuts.iter().map(|(at, back)| (at.index(all.len()), *back)).collect();
        cuts.sort_unstable();
        cuts.push((all.len(), 0));
        let (mut tracker, mut seen, mut from) = (Tracker::new(at(0), false), Vec::new(), 0);
        for (to, back) in cuts {
            let (batches, _) = told(tracker.step(events(all[from.min(to)..to].concat())));
            seen.extend(batches);
            from = to.saturating_sub(back);
            prop_assert!(tracker.start().get() <= to.max(1) as u64);
        }
        let wanted: Vec<_> = revisions.iter().enumerate()
            .map(|(n, keys)| (n as u64 + 1, (0..*keys).map(|key| format!("/{key}")).collect::<Vec<_>>()))
            .collect();
        prop_assert_eq!(seen, wanted);
    }
}

fn batch(n: u64, keys: &[&str]) -> Batch {
    let events = keys.iter().map(|key| Event::Put { kv: kv(key, n), previous: None }).collect();
    Batch { revision: at(n), events }
}

#[test]
fn a_reader_gets_its_range_and_learns_of_the_rest() {
    let mut log = Log::new(at(10), 100);
    drop(log.add(vec![batch(11, &["/a/1", "/b/1"]), batch(12, &["/b/2"])], at(13)));
    let range = KeyRange::prefix("/a/");
    let Next::Changes(first) = log.next(&range, at(10), true) else { panic!("a change") };
    assert_eq!((first.revision, first.events.len()), (at(11), 1));
    assert!(matches!(log.next(&range, at(11), true), Next::Nothing(through) if through == at(13)));
    assert!(matches!(log.next(&range, at(9), true), Next::Gone), "that is not here");
}

#[test]
fn a_log_forgets_the_oldest_and_says_so() {
    let mut log = Log::new(at(0), 3);
    for n in 1..=5 {
        drop(log.add(vec![batch(n, &["/a"])], at(n)));
    }
    let all = KeyRange::all();
    assert!(matches!(log.next(&all, at(1), true), Next::Gone));
    assert!(matches!(log.next(&all, at(2), true), Next::Changes(batch) if batch.revision == at(3)));
    assert!(!log.has(at(1)) && log.has(at(2)));
}

#[test]
fn what_was_compacted_is_not_read_any_more_and_what_missed_nothing_goes_on() {
    let mut log = Log::new(at(0), 100);
    drop(log.add(vec![batch(1, &["/a"]), batch(2, &["/b"]), batch(3, &["/a"])], at(3)));
    drop(log.compact(at(2)));
    let next = |prefix: &str, from| log.next(&KeyRange::prefix(prefix), at(from), true);
    assert!(
        matches!(next("/a", 0), Next::Ended(StorageError::Expired { compacted, .. }) if compacted == at(2))
    );
    assert!(matches!(next("/b", 0), Next::Ended(StorageError::Expired { .. })));
    assert!(matches!(next("/a", 1), Next::Changes(batch) if batch.revision == at(3)));
    assert!(matches!(next("/c", 0), Next::Nothing(_)));
    drop(log.restart(at(9), at(7)));
    let next = |from| log.next(&KeyRange::all(), at(from), true);
    assert!(matches!(next(5), Next::Ended(StorageError::Expired { .. })));
    assert!(matches!(next(8), Next::Gone));
    assert!(matches!(next(9), Next::Nothing(_)));
}

/// Only what certainly never reached etcd is not unknown.
#[test]
fn errors_tell_whether_a_write_may_have_been_applied() {
    let unknown = |code, message| {
        matches!(Failure::status(code, message).of_write("a write"), StorageError::Unknown { .. })
    };
    for (code, message) in [
        (14, "etcdserver: request timed out"),
        (14, "etcdserver: leader changed"),
        (14, "etcdserver: no leader"),
        (14, "transport error"),
        (4, "deadline exceeded"),
        (1, "cancelled"),
        (2, "h2 protocol error"),
        (13, "internal"),
    ] {
        assert!(unknown(code, message), "{code} {message}");
    }
    for (code, message, is) in [
        (11, "etcdserver: mvcc: required revision has been compacted", Failure::Compacted),
        (11, "etcdserver: mvcc: required revision is a future revision", Failure::Future),
        (5, "etcdserver: requested lease not found", Failure::NoLease),
        (8, "etcdserver: mvcc: database space exceeded", Failure::NoSpace),
        (8, "etcdserver: too many requests", Failure::Busy),
        (3, "etcdserver: request is too large", Failure::TooLarge),
        (3, "etcdserver: too many operations in txn request", Failure::TooLarge),
        (7, "etcdserver: permission denied", Failure::Refused("etcdserver: permission denied".into())),
    ] {
        assert_eq!(Failure::status(code, message), is);
        assert!(!unknown(code, message));
    }
    assert!(!matches!(Failure::NotSent("refused".into()).of_write("a write"), StorageError::Unknown { .. }));
}

#[test]
fn keys_stand_behind_their_prefix() {
    let space = Space::new("p/");
    assert_eq!(space.key(&"/a".into()).unwrap(), b"p//a");
    assert_eq!(space.strip(b"p//a"), Some(Key::from("/a")));
    assert_eq!(
        (space.strip(b"q//a"), space.strip(&space.tick()), space.strip(b"p/\xff")),
        (None, None, None)
    );
    for bad in ["", "\0x"] {
        assert!(matches!(space.key(&bad.into()), Err(StorageError::Invalid { .. })), "{bad:?}");
    }
    let bounds = |start: &[u8], end: &[u8]| Some(Bounds { start: start.to_vec(), end: end.to_vec() });
    assert_eq!(space.bounds(&KeyRange::prefix("/a"), ""), bounds(b"p//a", b"p//b"));
    assert_eq!(space.bounds(&KeyRange::prefix("/a"), "/a5"), bounds(b"p//a5", b"p//b"));
    assert_eq!(space.bounds(&KeyRange::prefix("/a"), "/z"), None);
    assert_eq!(space.bounds(&KeyRange::all(), ""), bounds(b"p/\x01", b"p0"), "behind our own notes");
    assert_eq!(Space::new("").bounds(&KeyRange::all(), ""), bounds(b"\x01", b"\0"), "zero: no end");
    assert_eq!(space.bounds(&KeyRange::between("/c", Some("/b".into())), ""), None);
}

#[test]
fn a_failure_names_the_first_condition_that_does_not_hold() {
    let (space, range) = (Space::new(""), KeyRange::prefix("/in/"));
    let txn = Txn::put("/x", "1")
        .when(Compare::Exists { key: "/a".into() })
        .when(Compare::RangeUnchanged { range, revision: at(9) })
        .when(Compare::Unchanged { key: "/b".into(), revision: at(4) })
        .when(Compare::Absent { key: "/c".into() });
    let stood = vec![vec![("/in/1".into(), at(3))]];
    assert!(encode(&space, &txn, &stood).is_ok());
    let judged = |found: [Vec<Arc<KeyValue>>; 4]| {
        let answer = Answer { revision: at(20), result: Err(found.into()) };
        match decode(&txn, &stood, answer).unwrap() {
            TxnOutcome::Failed { compare, current, revision } => {
                (compare, current.map(|kv| kv.mod_revision.get()), revision.get())
            }
            done @ TxnOutcome::Committed { .. } => panic!("{done:?}"),
        }
    };
    let a = || vec![kv("/a", 1)];
    let in_range = || vec![kv("/in/1", 3)];
    assert_eq!(judged([vec![], in_range(), vec![kv("/b", 4)], vec![]]), (0, None, 20));
    assert_eq!(judged([a(), vec![], vec![kv("/b", 4)], vec![]]), (1, None, 20), "a deletion");
    assert_eq!(judged([a(), vec![kv("/in/1", 12)], vec![kv("/b", 4)], vec![]]), (1, None, 20), "a change");
    assert_eq!(judged([a(), in_range(), vec![kv("/b", 5)], vec![]]), (2, Some(5), 20));
    assert_eq!(judged([a(), in_range(), vec![], vec![]]), (2, None, 20));
    assert_eq!(judged([a(), in_range(), vec![kv("/b", 4)], vec![kv("/c", 7)]]), (3, Some(7), 20));
}

/// A range of more keys than etcd compares is refused; it is not half checked.
#[test]
fn a_range_too_large_to_check_is_refused() {
    let range = KeyRange::prefix("/in/");
    let txn = Txn::put("/x", "1").when(Compare::RangeUnchanged { range, revision: at(9) });
    let stood = |n: u64| vec![(0..n).map(|n| (format!("/in/{n}").into(), at(3))).collect()];
    assert!(encode(&Space::new(""), &txn, &stood(127)).is_ok());
    assert!(matches!(encode(&Space::new(""), &txn, &stood(128)), Err(StorageError::Invalid { .. })));
}

#[test]
fn one_write_without_a_condition_is_no_transaction_to_etcd() {
    let request = |txn: &Txn| Request::of(&Space::new("p/"), txn, &[]);
    let (put, delete) = (Txn::put("/a", "1"), Txn::delete("/a"));
    let Ok(Request::Put { key, value, options }) = request(&put) else { panic!("{:?}", request(&put)) };
    assert_eq!((&*key, &*value), (&b"p//a"[..], &b"1"[..]));
    let asked = format!("{options:?}");
    assert!(asked.contains("prev_kv: true") && asked.contains("lease: 0,"), "{asked}");
    let op = Op::Put { key: "/a".into(), value: "1".into(), ttl: Some(TtlId(7)) };
    let Ok(Request::Put { options, .. }) = request(&Txn::of(vec![op])) else { panic!("a put") };
    assert!(format!("{options:?}").contains("lease: 7,"), "{options:?}");
    assert!(matches!(request(&delete), Ok(Request::Delete { .. })));
    let if_there = |txn: Txn| txn.when(Compare::Exists { key: "/a".into() });
    assert!(matches!(request(&if_there(put.clone())), Ok(Request::Txn(_))));
    assert!(matches!(request(&if_there(delete)), Ok(Request::Txn(_))));
    let both = Txn::of(put.ops.into_iter().chain([Op::Delete { key: "/b".into() }]).collect());
    assert!(matches!(request(&both), Ok(Request::Txn(_))));
    for key in ["", "\0tick"] {
        assert!(matches!(request(&Txn::put(key, "1")), Err(StorageError::Invalid { .. })));
        assert!(matches!(request(&Txn::delete(key)), Err(StorageError::Invalid { .. })));
    }
}
