//! The queue against a naive model, and its limits by hand.

use super::{Add, Cause, Causes, FAIRNESS, Finish, INITIAL_PRIORITY, Lease, RetryLimits, WorkQueue};
use kube_core::env::Mono;
use proptest::prelude::{Just, Strategy, prop_oneof, proptest};
use std::time::Duration;

fn at(millis: u64) -> Mono {
    Mono::default() + Duration::from_millis(millis)
}

fn add() -> Add {
    Add::now(Cause::Asked("test"))
}

fn pop(queue: &mut WorkQueue<u8>, millis: u64) -> Lease<u8> {
    queue.pop(at(millis)).expect("a key is due")
}

#[test]
fn an_add_while_running_leads_to_one_later_run() {
    let mut queue = WorkQueue::new(RetryLimits::default());
    queue.add(1, add(), at(0));
    let lease = pop(&mut queue, 0);
    queue.add(1, add(), at(0));
    queue.add(1, add(), at(0));
    assert!(queue.pop(at(0)).is_none(), "one worker per key");
    queue.done(lease, Finish::Done, at(1));
    let lease = pop(&mut queue, 1);
    queue.done(lease, Finish::Done, at(1));
    assert!(queue.pop(at(1)).is_none());
    assert!(queue.keys.is_empty(), "nothing is kept of a key that is done");
}

#[test]
fn failures_wait_longer_each_time_and_success_forgets_them() {
    let mut queue = WorkQueue::new(RetryLimits::default());
    queue.add(1, add(), at(0));
    let mut now = 0;
    for (failure, delay) in [5, 10, 20, 40, 80].into_iter().enumerate() {
        let lease = pop(&mut queue, now);
        assert_eq!(lease.attempt as usize, failure);
        queue.done(lease, Finish::Retry(Duration::ZERO), at(now));
        assert!(queue.pop(at(now + delay - 1)).is_none());
        now += delay;
    }
    let lease = pop(&mut queue, now);
    queue.done(lease, Finish::Again(Duration::from_secs(1)), at(now));
    assert_eq!(pop(&mut queue, now + 1000).attempt, 0);
}

#[test]
fn the_backoff_stops_at_its_cap() {
    let limits = RetryLimits::default();
    assert_eq!(limits.backoff(17), Duration::from_millis(5 << 17));
    assert_eq!(limits.backoff(18), Duration::from_secs(1000));
    assert_eq!(limits.backoff(u32::MAX), Duration::from_secs(1000));
}

#[test]
fn the_bucket_spreads_what_exceeds_the_burst() {
    let mut queue = WorkQueue::new(RetryLimits::default());
    for key in 0..103_u8 {
        queue.add(key, add(), at(0));
    }
    for _ in 0..103 {
        let lease = pop(&mut queue, 0);
        queue.done(lease, Finish::Retry(Duration::ZERO), at(0));
    }
    let due = |queue: &mut WorkQueue<u8>, now| std::iter::from_fn(|| queue.pop(at(now))).count();
    assert_eq!(due(&mut queue, 5), 100);
    assert_eq!(due(&mut queue, 99), 0);
    assert_eq!(due(&mut queue, 100), 1);
    assert_eq!(due(&mut queue, 300), 2);
}

#[test]
fn fresh_events_overtake_the_initial_list_and_raise_what_they_repeat() {
    let mut queue = WorkQueue::new(RetryLimits::default());
    for key in [1, 2, 3] {
        queue.add(key, add().priority(INITIAL_PRIORITY), at(0));
    }
    queue.add(4, add(), at(0));
    queue.add(3, add(), at(0));
    let order: Vec<u8> = std::iter::from_fn(|| queue.pop(at(0))).map(|lease| lease.key).collect();
    assert_eq!(order, [3, 4, 1, 2]);
}

#[test]
fn a_stream_of_urgent_keys_does_not_starve_the_others() {
    let mut queue = WorkQueue::new(RetryLimits::default());
    queue.add(0, add().priority(INITIAL_PRIORITY), at(0));
    for round in 1..=FAIRNESS {
        let urgent = u8::try_from(round).expect("a small number");
        queue.add(urgent, add(), at(0));
        let lease = pop(&mut queue, 0);
        assert_eq!(lease.key == 0, round == FAIRNESS, "round {round}");
        queue.done(lease, Finish::Done, at(0));
    }
}

#[test]
fn keys_of_many_priorities_come_highest_first_and_leave_nothing() {
    let mut queue = WorkQueue::new(RetryLimits::default());
    // Between two of them each is raised once, and lies where it was no more.
    for key in 0..100_u8 {
        queue.add(key, add().priority(i32::from(key)), at(0));
        queue.add(key, add().priority(i32::from(key) + 100 * i32::from(key % 2)), at(0));
    }
    let mut leases: Vec<_> = std::iter::from_fn(|| queue.pop(at(0))).collect();
    assert_eq!((leases.len(), queue.len()), (100, 0));
    // Every sixteenth is the one that came first.
    let fair = |n: &usize| n % usize::try_from(FAIRNESS).expect("a small number") == 15;
    let order: Vec<i32> =
        (0..).zip(&leases).filter(|(n, _)| !fair(n)).map(|(_, lease)| lease.priority).collect();
    assert!(order.is_sorted_by(|a, b| a >= b), "{order:?}");
    assert_eq!((leases[0].key, leases[15].key), (99, 0));
    for lease in leases.drain(..) {
        queue.done(lease, Finish::Done, at(0));
    }
    assert!(queue.keys.is_empty() && queue.pop(at(0)).is_none());
}

#[test]
fn a_key_that_is_to_run_again_and_was_added_meanwhile_lies_there_once() {
    for finish in [Finish::Again(Duration::ZERO), Finish::Again(Duration::from_millis(5)), Finish::Done] {
        let mut queue = WorkQueue::new(RetryLimits::default());
        queue.add(1, add(), at(0));
        let lease = pop(&mut queue, 0);
        queue.add(1, add().after(Duration::from_millis(1)), at(0));
        queue.done(lease, finish, at(0));
        assert_eq!(queue.len() + queue.delayed(), 1, "{finish:?}");
        let lease = pop(&mut queue, 1);
        queue.done(lease, Finish::Done, at(1));
        assert!(queue.pop(at(10)).is_none() && queue.keys.is_empty(), "{finish:?}");
    }
}

#[test]
fn a_key_that_waited_comes_before_those_that_were_added_later() {
    let mut queue = WorkQueue::new(RetryLimits::default());
    queue.add(1, add().after(Duration::from_millis(10)), at(0));
    queue.add(2, add().after(Duration::from_millis(5)), at(0));
    queue.add(3, add(), at(0));
    queue.add(4, add(), at(0));
    queue.add(2, add(), at(1));
    let order: Vec<u8> = std::iter::from_fn(|| queue.pop(at(20))).map(|lease| lease.key).collect();
    assert_eq!(order, [1, 2, 3, 4]);
}

#[test]
fn causes_are_merged_and_bounded() {
    let mut causes = Causes::of(Cause::Failed);
    causes.merge(Causes::of(Cause::Failed));
    assert_eq!(causes.len(), 1);
    for why in ["a", "b", "c", "d", "e", "f", "g", "h", "i"] {
        causes.merge(Causes::of(Cause::Asked(why)));
    }
    assert_eq!((causes.len(), causes.more()), (8, 2));
    assert!(causes.to_string().ends_with("; g; and 2 more"));
}

#[test]
fn shutting_down_drains_what_is_due_and_forgets_the_rest() {
    let mut queue = WorkQueue::new(RetryLimits::default());
    queue.add(1, add(), at(0));
    queue.add(2, add(), at(0));
    queue.add(3, add().after(Duration::from_secs(1)), at(0));
    let first = pop(&mut queue, 0);
    queue.shut_down();
    queue.add(4, add(), at(0));
    let second = pop(&mut queue, 2000);
    assert!(queue.pop(at(2000)).is_none());
    assert!(!queue.is_drained());
    queue.done(first, Finish::Retry(Duration::ZERO), at(2000));
    queue.done(second, Finish::Done, at(2000));
    assert!(queue.is_drained() && queue.keys.is_empty());
}

#[derive(Clone, Debug)]
enum Step {
    Add { key: u8, priority: i32, delay: u64 },
    Pop,
    Done { which: usize, finish: Finish },
    Pass(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let finish = prop_oneof![
        Just(Finish::Done),
        (0..30_u64).prop_map(|ms| Finish::Again(Duration::from_millis(ms))),
        (0..30_u64).prop_map(|ms| Finish::Retry(Duration::from_millis(ms))),
    ];
    let step =
        prop_oneof![
            (0..6_u8, -1..2_i32, prop_oneof![Just(0), 0..20_u64])
                .prop_map(|(key, priority, delay)| Step::Add { key, priority, delay }),
            Just(Step::Pop),
            (0..8_usize, finish).prop_map(|(which, finish)| Step::Done { which, finish }),
            (0..40_u64).prop_map(Step::Pass),
        ];
    proptest::collection::vec(step, 0..200)
}

/// One list of everything, searched from end to end.
#[derive(Default)]
struct Model {
    queued: Vec<(u8, u64, i32)>,
    running: Vec<u8>,
    failures: [u32; 6],
    runs: u64,
}

impl Model {
    fn add(&mut self, key: u8, priority: i32, due: u64) {
        match self.queued.iter_mut().find(|entry| entry.0 == key) {
            Some(entry) => *entry = (key, entry.1.min(due), entry.2.max(priority)),
            None => self.queued.push((key, due, priority)),
        }
    }

    fn pop(&mut self, now: u64) -> Option<u8> {
        let due = |entry: &&(u8, u64, i32)| entry.1 <= now && !self.running.contains(&entry.0);
        let priority = self.queued.iter().filter(due).map(|entry| entry.2).max()?;
        let any = self.runs % FAIRNESS == FAIRNESS - 1;
        let position = self
            .queued
            .iter()
            .position(|entry| due(&entry) && (any || entry.2 == priority))
            .expect("it was found");
        self.runs += 1;
        let (key, ..) = self.queued.remove(position);
        self.running.push(key);
        Some(key)
    }

    fn done(&mut self, key: u8, priority: i32, finish: Finish, now: u64) {
        self.running.retain(|other| *other != key);
        let failures = &mut self.failures[usize::from(key)];
        match finish {
            Finish::Done => *failures = 0,
            Finish::Again(delay) => {
                *failures = 0;
                self.add(key, priority, now + millis(delay));
            }
            Finish::Retry(least) => {
                let backoff = 5 * 2_u64.pow((*failures).min(10));
                *failures += 1;
                self.add(key, priority, now + millis(least).max(backoff));
            }
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).expect("a short time")
}

proptest! {
    #[test]
    fn behaves_as_the_model(steps in steps()) {
        let limits = RetryLimits { burst: u32::MAX, cap: Duration::from_millis(5 * 1024), ..RetryLimits::default() };
        let mut queue = WorkQueue::new(RetryLimits { interval: Duration::ZERO, ..limits });
        let mut model = Model::default();
        let mut leases: Vec<Lease<u8>> = Vec::new();
        let mut now = 0;
        for step in steps {
            match step {
                Step::Add { key, priority, delay } => {
                    let how = add().priority(priority).after(Duration::from_millis(delay));
                    queue.add(key, how, at(now));
                    model.add(key, priority, now + delay);
                }
                Step::Pop => {
                    let lease = queue.pop(at(now));
                    assert_eq!(lease.as_ref().map(|lease| lease.key), model.pop(now));
                    if let Some(lease) = lease {
                        assert!(leases.iter().all(|other| other.key != lease.key), "two workers on one key");
                        assert_eq!(lease.attempt, model.failures[usize::from(lease.key)]);
                        leases.push(lease);
                    }
                }
                Step::Done { which, finish } if which < leases.len() => {
                    let lease = leases.remove(which);
                    model.done(lease.key, lease.priority, finish, now);
                    queue.done(lease, finish, at(now));
                }
                Step::Done { .. } => {}
                Step::Pass(time) => now += time,
            }
            assert_eq!(queue.running(), model.running.len());
        }
        // Whatever was added and is not running comes out in the end.
        for lease in leases {
            model.done(lease.key, lease.priority, Finish::Done, now);
            queue.done(lease, Finish::Done, at(now));
        }
        let end = now + 1_000_000;
        while let Some(key) = model.pop(end) {
            assert_eq!(queue.pop(at(end)).map(|lease| lease.key), Some(key));
        }
        assert!(queue.pop(at(end)).is_none());
    }
}
