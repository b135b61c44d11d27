//! The faults that are in force at a moment.

use super::{Fault, Moment, Plan, What};
use kube_core::env::{Env, Mono, Rng};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A plan at work: whoever may be hit asks here.
#[derive(Debug)]
pub(crate) struct Weather {
    env: Env,
    faults: Vec<Active>,
    healed: AtomicBool,
}

#[derive(Debug)]
struct Active {
    /// Its number in the plan.
    number: usize,
    fault: Fault,
    rng: Mutex<Rng>,
    /// A fault that happens once has happened.
    spent: AtomicBool,
    /// How often it had an effect.
    strikes: AtomicU64,
}

impl Active {
    fn draw<T>(&self, draw: impl FnOnce(&mut Rng) -> T) -> T {
        draw(&mut self.rng.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn spend(&self) -> bool {
        let first = !self.spent.swap(true, Ordering::Relaxed);
        first && self.note(true)
    }

    /// Counts an effect, if there was one.
    fn note(&self, struck: bool) -> bool {
        self.strikes.fetch_add(u64::from(struck), Ordering::Relaxed);
        struck
    }
}

impl Weather {
    /// The weather of `plan`. `env` has the true time.
    pub(crate) fn new(env: Env, plan: &Plan) -> Self {
        let active = |(number, fault): &(usize, Fault)| Active {
            number: *number,
            fault: fault.clone(),
            rng: Mutex::new(Rng::new(fault.salt)),
            spent: AtomicBool::new(false),
            strikes: AtomicU64::new(0),
        };
        Self { env, faults: plan.faults.iter().map(active).collect(), healed: AtomicBool::new(false) }
    }

    /// Each fault by its number in the plan, and how often it had an effect.
    pub(crate) fn strikes(&self) -> Vec<(usize, u64)> {
        self.faults.iter().map(|active| (active.number, active.strikes.load(Ordering::Relaxed))).collect()
    }

    /// The fault of that number had an effect that nobody had to ask for.
    pub(crate) fn struck(&self, number: usize) {
        self.faults.iter().filter(|active| active.number == number).for_each(|active| {
            active.note(true);
        });
    }

    /// From now on nothing goes wrong any more.
    pub(crate) fn heal(&self) {
        self.healed.store(true, Ordering::Relaxed);
    }

    fn of<'a>(&'a self, process: &'a str) -> impl Iterator<Item = &'a Active> {
        let now = self.env.now();
        let faults = if self.healed.load(Ordering::Relaxed) { &[][..] } else { &self.faults };
        faults.iter().filter(move |active| active.fault.is_open(now) && active.fault.hits(process))
    }

    /// Faults that are bound to a count, whatever the time.
    fn counted<'a>(&'a self, process: &'a str) -> impl Iterator<Item = &'a Active> {
        let faults = if self.healed.load(Ordering::Relaxed) { &[][..] } else { &self.faults };
        faults.iter().filter(move |active| active.fault.hits(process))
    }

    fn strike(&self, process: &str, rate: impl Fn(What) -> Option<f64>) -> bool {
        let mut struck = false;
        for active in self.of(process) {
            if let Some(rate) = rate(active.fault.what) {
                struck |= active.note(active.draw(|rng| rng.chance(rate)));
            }
        }
        struck
    }

    fn longest(&self, process: &str, length: impl Fn(What) -> Option<Duration>) -> Duration {
        let mut longest = Duration::ZERO;
        for active in self.of(process) {
            if let Some(up_to) = length(active.fault.what) {
                let drawn = active.draw(|rng| rng.between(Duration::ZERO, up_to));
                active.note(!drawn.is_zero());
                longest = longest.max(drawn);
            }
        }
        longest
    }

    /// How much longer an operation of the store takes.
    pub(crate) fn latency(&self) -> Duration {
        self.longest("", |what| if let What::Latency(up_to) = what { Some(up_to) } else { None })
    }

    /// How much later an event arrives.
    pub(crate) fn delay(&self, process: &str) -> Duration {
        self.longest(process, |what| if let What::Delay(up_to) = what { Some(up_to) } else { None })
    }

    pub(crate) fn cuts(&self, process: &str) -> bool {
        self.is_apart(process) || self.breaks(process)
    }

    pub(crate) fn conflicts(&self, process: &str) -> bool {
        self.strike(process, |what| if let What::Conflict(rate) = what { Some(rate) } else { None })
    }

    pub(crate) fn loses_answer(&self, process: &str) -> bool {
        self.strike(process, |what| if let What::Unknown(rate) = what { Some(rate) } else { None })
    }

    pub(crate) fn refuses(&self, process: &str) -> bool {
        self.is_apart(process)
            || self.strike(process, |what| if let What::Refused(rate) = what { Some(rate) } else { None })
    }

    /// Whether the component can reach nobody.
    fn is_apart(&self, process: &str) -> bool {
        self.of(process).any(|active| active.note(active.fault.what == What::Partition))
    }

    /// Whether the disk refuses what it is told to write.
    pub(crate) fn disk_fails(&self) -> bool {
        self.strike("", |what| if let What::DiskError(rate) = what { Some(rate) } else { None })
    }

    /// Whether files cannot grow.
    pub(crate) fn disk_is_full(&self) -> bool {
        self.of("").any(|active| active.note(active.fault.what == What::DiskFull))
    }

    /// Whether the disk may refuse anything, or did so a moment ago.
    pub(crate) fn is_hard_on_disks(&self) -> bool {
        let now = Duration::from_nanos(self.env.now().nanos());
        let hard = |fault: &Fault| matches!(fault.what, What::DiskError(_) | What::DiskFull);
        let recent = |fault: &Fault| fault.from <= now && now < fault.until + Duration::from_secs(30);
        self.faults.iter().any(|active| hard(&active.fault) && recent(&active.fault))
    }

    /// Until when the component's watches stand still.
    pub(crate) fn stale_until(&self, process: &str) -> Option<Mono> {
        let stale = self.of(process).filter(|active| active.note(active.fault.what == What::Stale));
        stale.map(|active| Mono::default() + active.fault.until).max()
    }

    /// Until when nothing reaches the component that a store tells it.
    pub(crate) fn silent_until(&self, process: &str) -> Option<Mono> {
        let silent = |what| matches!(what, What::Stale | What::Partition);
        let open = self.of(process).filter(|active| active.note(silent(active.fault.what)));
        open.map(|active| Mono::default() + active.fault.until).max()
    }

    /// Whether a watch that reaches the component now breaks on the way.
    pub(crate) fn breaks(&self, process: &str) -> bool {
        self.strike(process, |what| if let What::Cut(rate) = what { Some(rate) } else { None })
    }

    /// How old the state is that a watch begins with.
    pub(crate) fn time_travel(&self, process: &str) -> Option<u64> {
        self.of(process).find_map(|active| match active.fault.what {
            What::TimeTravel(revisions) => active.note(true).then_some(revisions),
            _ => None,
        })
    }

    /// For how long the component is down, if it crashes at this moment.
    pub(crate) fn crashes(&self, process: &str, moment: Moment) -> Option<Duration> {
        let hit = self.counted(process).find(|active| active.fault.what == What::Crash(moment))?;
        hit.spend().then(|| hit.fault.length())
    }

    /// For how long the watch stands still before this delivery.
    pub(crate) fn stale_at(&self, process: &str, delivery: u64) -> Option<Duration> {
        let hit = self.counted(process).find(|active| active.fault.what == What::StaleAt(delivery))?;
        hit.spend().then(|| hit.fault.length())
    }

    /// For how long the watch is lost before this delivery.
    pub(crate) fn skip_at(&self, process: &str, delivery: u64) -> Option<Duration> {
        let hit = self.counted(process).find(|active| active.fault.what == What::SkipAt(delivery))?;
        hit.spend().then(|| hit.fault.length())
    }
}
