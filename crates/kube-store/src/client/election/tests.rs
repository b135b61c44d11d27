//! The rules, step by step, and any number of electors with wrong clocks and lost answers.

use super::{Action, ElectionConfig, Elector, Input, Record};
use crate::storage::Revision;
use jiff::Timestamp;
use kube_core::env::{Mono, Rng};
use proptest::prelude::{Strategy, any, prop, prop_oneof, proptest};
use proptest::{prop_assert, prop_assert_eq};
use std::time::Duration;

fn config(identity: &str) -> ElectionConfig {
    ElectionConfig::new("test", identity)
}

fn at(seconds: u64) -> Mono {
    Mono::from_nanos(seconds * 1_000_000_000)
}

fn step(elector: &mut Elector, seconds: u64, input: Input) -> Action {
    elector.step(at(seconds), Timestamp::UNIX_EPOCH, input, &mut Rng::new(1))
}

fn version(n: u64) -> Revision {
    Revision::new(n)
}

fn record(holder: &str) -> Record {
    Record {
        holder: holder.into(),
        duration: Duration::from_secs(15),
        acquired: Timestamp::UNIX_EPOCH,
        renewed: Timestamp::UNIX_EPOCH,
        transitions: 3,
    }
}

/// One that leads since second 0 with the token 2.
fn leader() -> Elector {
    let mut elector = Elector::new(config("me"));
    assert_eq!(step(&mut elector, 0, Input::Due), Action::Read);
    assert!(matches!(step(&mut elector, 0, Input::Seen(None)), Action::Write { over: None, .. }));
    assert_eq!(step(&mut elector, 0, Input::Written(version(1))), Action::Fence { over: version(1) });
    assert_eq!(elector.leads(at(0)), None, "nobody leads without a fence");
    assert_eq!(step(&mut elector, 0, Input::Written(version(2))), Action::Sleep(at(2)));
    assert_eq!(elector.leads(at(0)), Some(version(2)));
    elector
}

#[test]
fn a_leader_renews_every_retry_period_and_keeps_its_token() {
    let mut elector = leader();
    for n in 1..20 {
        let Action::Write { over, .. } = step(&mut elector, 2 * n, Input::Due) else { panic!("it renews") };
        assert_eq!(over, Some(version(if n == 1 { 1 } else { n + 1 })));
        assert_eq!(step(&mut elector, 2 * n, Input::Written(version(n + 2))), Action::Sleep(at(2 * n + 2)));
        assert_eq!(elector.leads(at(2 * n + 1)), Some(version(2)));
    }
}

#[test]
fn a_leader_that_cannot_renew_stops_before_others_begin() {
    let mut elector = leader();
    for seconds in [2, 4, 6, 8] {
        assert!(matches!(step(&mut elector, seconds, Input::Due), Action::Write { .. }));
        assert!(matches!(step(&mut elector, seconds, Input::Failed), Action::Sleep(_)));
        assert!(elector.leads(at(seconds)).is_some());
    }
    assert_eq!(elector.leads(at(10)), None, "also when nobody asks it");
    assert!(matches!(step(&mut elector, 10, Input::Due), Action::Sleep(_)));
    assert!(elector.follows());
}

/// Whatever the answer is: others may have begun when it comes.
#[test]
fn a_renewal_that_is_answered_too_late_is_none() {
    let mut elector = leader();
    assert!(matches!(step(&mut elector, 9, Input::Due), Action::Write { .. }));
    assert!(matches!(step(&mut elector, 11, Input::Written(version(9))), Action::Sleep(_)));
    assert_eq!(elector.leads(at(11)), None);
}

/// The time of a renewal is when it was sent: the store may have had it from then on.
#[test]
fn a_renewal_counts_from_when_it_was_sent() {
    let mut elector = leader();
    assert!(matches!(step(&mut elector, 2, Input::Due), Action::Write { .. }));
    step(&mut elector, 9, Input::Written(version(3)));
    assert_eq!((elector.leads(at(11)), elector.leads(at(12))), (Some(version(2)), None));
}

#[test]
fn a_follower_waits_for_a_record_that_does_not_change() {
    let mut elector = Elector::new(config("me"));
    let held = || Input::Seen(Some((record("other"), version(5))));
    for seconds in [100, 103, 106, 109, 112, 114] {
        assert_eq!(step(&mut elector, seconds, Input::Due), Action::Read);
        let Action::Sleep(until) = step(&mut elector, seconds, held()) else { panic!("it waits") };
        let wait = until.since(at(seconds)).as_secs_f64();
        assert!((2.0..4.4).contains(&wait), "{wait}");
        assert_eq!(elector.holder(), Some("other"));
    }
    step(&mut elector, 115, Input::Due);
    let Action::Write { record: mine, over } = step(&mut elector, 115, held()) else { panic!("it takes") };
    assert_eq!((over, mine.transitions, &*mine.holder), (Some(version(5)), 4, "me"));
}

/// What the record says of time is another clock's, which may stand still: only that it was written counts.
#[test]
fn a_record_that_changes_is_respected_anew() {
    let mut elector = Elector::new(config("me"));
    for n in 0..10 {
        step(&mut elector, 10 * n, Input::Due);
        let seen = Input::Seen(Some((record("other"), version(n))));
        assert!(matches!(step(&mut elector, 10 * n, seen), Action::Sleep(_)), "{n}");
    }
}

#[test]
fn what_nobody_holds_is_taken_at_once() {
    let mut elector = Elector::new(config("me"));
    step(&mut elector, 0, Input::Due);
    let free = Record { duration: Duration::from_secs(1), ..record("") };
    assert!(matches!(step(&mut elector, 0, Input::Seen(Some((free, version(5))))), Action::Write { .. }));
}

/// The lease says that we lead, and somebody else may have won since: without a fence we do not.
#[test]
fn a_fence_that_is_refused_is_not_led_with() {
    let mut elector = Elector::new(config("me"));
    step(&mut elector, 0, Input::Due);
    step(&mut elector, 0, Input::Seen(None));
    step(&mut elector, 0, Input::Written(version(1)));
    assert!(matches!(step(&mut elector, 0, Input::Refused), Action::Sleep(_)));
    assert_eq!(elector.leads(at(0)), None);
}

/// A write whose answer was lost was applied: the next one is refused, and reading tells why.
#[test]
fn a_leader_finds_its_own_lost_write() {
    let mut elector = leader();
    step(&mut elector, 2, Input::Due);
    step(&mut elector, 3, Input::Failed);
    step(&mut elector, 5, Input::Due);
    assert_eq!(step(&mut elector, 5, Input::Refused), Action::Read);
    let seen = Input::Seen(Some((record("me"), version(7))));
    assert!(
        matches!(step(&mut elector, 5, seen), Action::Write { over: Some(over), .. } if over == version(7))
    );
    step(&mut elector, 5, Input::Written(version(8)));
    assert_eq!(elector.leads(at(6)), Some(version(2)));
}

#[test]
fn a_leader_that_finds_another_follows() {
    let mut elector = leader();
    step(&mut elector, 2, Input::Due);
    step(&mut elector, 2, Input::Refused);
    assert!(matches!(
        step(&mut elector, 2, Input::Seen(Some((record("other"), version(7))))),
        Action::Sleep(_)
    ));
    assert_eq!((elector.leads(at(2)), elector.holder()), (None, Some("other")));
}

#[test]
fn stopping_gives_up_what_was_won() {
    let mut elector = leader();
    let Action::Write { record, over } = step(&mut elector, 1, Input::Stop) else { panic!("it releases") };
    assert_eq!((&*record.holder, record.duration, over), ("", Duration::from_secs(1), Some(version(1))));
    assert_eq!(elector.leads(at(1)), None);
    assert_eq!(step(&mut elector, 1, Input::Written(version(3))), Action::Stopped);
    assert_eq!(step(&mut Elector::new(config("me")), 1, Input::Stop), Action::Stopped);
}

/// The last renewal was applied and its answer lost: what it made is given up, and nobody has to wait for it.
#[test]
fn stopping_gives_up_a_renewal_that_was_not_answered() {
    let mut elector = leader();
    step(&mut elector, 2, Input::Due);
    step(&mut elector, 3, Input::Failed);
    assert!(
        matches!(step(&mut elector, 4, Input::Stop), Action::Write { over: Some(over), .. } if over == version(1))
    );
    assert_eq!(step(&mut elector, 4, Input::Refused), Action::Read);
    let seen = Input::Seen(Some((record("me"), version(7))));
    let Action::Write { record: free, over } = step(&mut elector, 4, seen) else { panic!("it releases") };
    assert_eq!((&*free.holder, over), ("", Some(version(7))));
    assert_eq!(step(&mut elector, 4, Input::Written(version(8))), Action::Stopped);
}

#[test]
fn stopping_leaves_alone_what_another_holds() {
    let mut elector = leader();
    step(&mut elector, 4, Input::Stop);
    assert_eq!(step(&mut elector, 4, Input::Refused), Action::Read);
    let seen = Input::Seen(Some((record("other"), version(7))));
    assert_eq!(step(&mut elector, 4, seen), Action::Stopped);
}

/// A watch tells of a renewal when it happens: its time counts from then, and an old event is no news.
#[test]
fn a_record_counts_from_when_a_watch_told_of_it() {
    let mut elector = Elector::new(config("me"));
    let held = |n| Input::Seen(Some((record("other"), version(n))));
    step(&mut elector, 0, Input::Due);
    step(&mut elector, 0, held(5));
    elector.notice(&record("other"), version(6), at(1));
    elector.notice(&record("other"), version(5), at(3));
    step(&mut elector, 4, Input::Due);
    assert!(matches!(step(&mut elector, 4, held(6)), Action::Sleep(_)));
    step(&mut elector, 15, Input::Due);
    assert!(matches!(step(&mut elector, 15, held(6)), Action::Sleep(_)));
    step(&mut elector, 16, Input::Due);
    assert!(matches!(step(&mut elector, 16, held(6)), Action::Write { .. }));
}

#[test]
fn parameters_leave_room_for_one_another() {
    assert_eq!(config("me").check(), Ok(()));
    let field = |change: fn(&mut ElectionConfig)| {
        let mut config = config("me");
        change(&mut config);
        config.check().map_err(|error| error.field)
    };
    assert_eq!(field(|c| c.identity.clear()), Err("identity"));
    assert_eq!(field(|c| c.name.clear()), Err("name"));
    assert_eq!(field(|c| c.lease_duration = Duration::from_secs(10)), Err("lease_duration"));
    assert_eq!(field(|c| c.lease_duration = Duration::from_millis(15_500)), Err("lease_duration"));
    assert_eq!(field(|c| c.renew_deadline = Duration::from_millis(2400)), Err("renew_deadline"));
    assert_eq!(field(|c| c.retry_period = Duration::ZERO), Err("retry_period"));
}

/// A store of one lease and its fence, whose answers may be lost.
#[derive(Debug, Default)]
struct World {
    revision: u64,
    lease: Option<(Record, Revision)>,
    fence: Option<Revision>,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Answered,
    /// Done, and the answer is lost.
    Lost,
    /// Not done.
    Dropped,
}

impl World {
    fn call(&mut self, action: &Action, fate: Fate) -> Input {
        if matches!(fate, Fate::Dropped) {
            return Input::Failed;
        }
        let input = match action {
            Action::Read => Input::Seen(self.lease.clone()),
            Action::Write { record, over } => {
                if self.lease.as_ref().map(|(_, at)| *at) == *over {
                    self.revision += 1;
                    self.lease = Some((record.clone(), version(self.revision)));
                    Input::Written(version(self.revision))
                } else {
                    Input::Refused
                }
            }
            Action::Fence { over } => {
                if self.lease.as_ref().map(|(_, at)| *at) == Some(*over) {
                    self.revision += 1;
                    self.fence = Some(version(self.revision));
                    Input::Written(version(self.revision))
                } else {
                    Input::Refused
                }
            }
            Action::Sleep(_) | Action::Stopped => Input::Due,
        };
        if matches!(fate, Fate::Lost) { Input::Failed } else { input }
    }
}

/// One that stands, and its clock in thousandths of the true speed.
struct One {
    elector: Elector,
    rate: u64,
    due: u64,
    action: Action,
    rng: Rng,
}

impl One {
    fn now(&self, true_millis: u64) -> Mono {
        Mono::from_nanos(true_millis * self.rate * 1000)
    }

    /// True time at which its clock shows `moment`.
    fn when(&self, moment: Mono) -> u64 {
        moment.nanos().div_ceil(self.rate * 1000)
    }
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        8 => prop::strategy::Just(Fate::Answered),
        1 => prop::strategy::Just(Fate::Lost),
        1 => prop::strategy::Just(Fate::Dropped),
    ]
}

proptest! {
    /// Clocks of 80 % to 120 % of the true speed (15 s to 10 s leaves room for a ratio of 1.5), calls that take up to
    /// 4 s and lose their answers: nobody leads beside another, and whoever leads holds the fence.
    #[test]
    fn one_leads_at_a_time(
        rates in prop::collection::vec(800_u64..1200, 2..4),
        script in prop::collection::vec((fate(), 0_u64..4000), 50..400),
        seed in any::<u64>(),
    ) {
        let mut world = World::default();
        let mut all: Vec<One> = rates.iter().enumerate().map(|(n, rate)| One {
            elector: Elector::new(config(&format!("elector {n}"))),
            rate: *rate,
            due: 0,
            action: Action::Sleep(Mono::default()),
            rng: Rng::forked(seed, &n.to_string()),
        }).collect();
        for (fate, latency) in script {
            let Some(next) = (0..all.len()).min_by_key(|n| all[*n].due) else { unreachable!() };
            let now = all[next].due;
            let one = &mut all[next];
            let local = one.now(now);
            // The call happens at the end of its time: the worst case for whoever sent it.
            let input = world.call(&one.action, fate);
            one.action = one.elector.step(local, Timestamp::UNIX_EPOCH, input, &mut one.rng);
            one.due = match one.action {
                Action::Sleep(until) => one.when(until).max(now),
                _ => now + latency,
            };
            let leaders: Vec<Revision> = all.iter().filter_map(|one| one.elector.leads(one.now(now))).collect();
            prop_assert!(leaders.len() <= 1, "{leaders:?} at {now} ms");
            if let Some(token) = leaders.first() {
                prop_assert_eq!(Some(*token), world.fence, "who leads holds the fence");
            }
        }
    }
}
