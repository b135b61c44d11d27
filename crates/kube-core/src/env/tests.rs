//! Streams of random numbers, ids, and the manual clock.

use super::{Clock, Env, IdSource, ManualClock, Rng, SeededIds};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

#[test]
fn streams_of_different_names_do_not_shift_each_other() {
    let (env, _) = Env::manual(7);
    let expected: Vec<u64> = {
        let mut rng = env.rng("scheduler");
        (0..5).map(|_| rng.next_u64()).collect()
    };
    let mut other = env.rng("queue");
    other.next_u64();
    let mut again = env.rng("scheduler");
    assert_eq!((0..5).map(|_| again.next_u64()).collect::<Vec<_>>(), expected);
    assert_ne!(other.next_u64(), expected[1]);
}

#[test]
fn below_stays_below_and_reaches_everything() {
    let mut rng = Rng::new(1);
    let seen: BTreeSet<usize> = (0..500).map(|_| rng.below(10)).collect();
    assert_eq!(seen, (0..10).collect());
    assert_eq!(rng.below(0), 0);
}

#[test]
fn between_keeps_to_its_ends() {
    let mut rng = Rng::new(2);
    let (low, high) = (Duration::from_nanos(5), Duration::from_nanos(8));
    let seen: BTreeSet<u128> = (0..200).map(|_| rng.between(low, high).as_nanos()).collect();
    assert_eq!(seen, (5..=8).collect());
}

#[test]
fn uids_are_version_4_and_do_not_repeat() {
    let ids = SeededIds::new(3);
    let uids: BTreeSet<String> = (0..1000).map(|_| ids.uid().to_string()).collect();
    assert_eq!(uids.len(), 1000);
    for uid in &uids {
        let bytes = uid.as_bytes();
        assert_eq!((bytes.len(), bytes[14]), (36, b'4'), "{uid}");
        assert!(b"89ab".contains(&bytes[19]), "{uid}");
    }
}

#[test]
fn suffixes_have_five_characters_of_the_alphabet() {
    let ids = SeededIds::new(3);
    for _ in 0..100 {
        let suffix = ids.suffix();
        assert_eq!(suffix.len(), 5);
        assert!(suffix.bytes().all(|b| b"bcdfghjklmnpqrstvwxz2456789".contains(&b)), "{suffix}");
    }
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_sleeper_wakes_when_its_moment_comes() {
    let clock = ManualClock::new(Timestamp::UNIX_EPOCH);
    let flag = Arc::new(Flag(AtomicBool::new(false)));
    let waker = Waker::from(flag.clone());
    let mut sleep = clock.sleep_until(clock.now() + Duration::from_secs(2));
    assert_eq!(sleep.as_mut().poll(&mut Context::from_waker(&waker)), Poll::Pending);
    clock.advance(Duration::from_secs(1));
    assert!(!flag.0.load(Ordering::Relaxed));
    clock.advance(Duration::from_secs(1));
    assert!(flag.0.load(Ordering::Relaxed));
    assert_eq!(sleep.as_mut().poll(&mut Context::from_waker(&waker)), Poll::Ready(()));
    assert_eq!(clock.wall().as_second(), 2);
}
