//! Faults as values.

use kube_core::env::Mono;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// One fault of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// What goes wrong.
    pub what: What,
    /// Whom it hits: the name of a component, of a zone; `None` for everybody.
    pub on: Option<Arc<str>>,
    /// When it begins, from the start of the run.
    pub from: Duration,
    /// When it is over.
    pub until: Duration,
    /// Where its own random numbers come from.
    pub salt: u64,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum What {
    /// Operations of the store take up to this much longer.
    Latency(Duration),
    /// Events arrive up to this much later.
    Delay(Duration),
    /// Watches break at this rate per event, and every other time they cannot resume.
    Cut(f64),
    /// The store forgets its history, once, at the beginning of the window.
    Compaction,
    /// Watches stand still.
    Stale,
    /// Writes that name a version are refused as conflicts at this rate.
    Conflict(f64),
    /// Writes are applied but not answered at this rate.
    Unknown(f64),
    /// Requests are refused at this rate.
    Refused(f64),
    /// The component ends at that moment and starts again after the window.
    Crash(Moment),
    /// The component stands still.
    Pause,
    /// The component's wall clock is off by this many milliseconds, and its clocks gain this many millionths.
    Skew {
        /// Milliseconds, negative for a clock that is behind.
        wall_ms: i64,
        /// Millionths, negative for a clock that is too slow.
        gain_ppm: i64,
    },
    /// The component can neither ask nor hear.
    Partition,
    /// The component goes away and comes back, each for this long.
    Flap(Duration),
    /// The components on the nodes of the zone go away.
    ZoneDown,
    /// The machine of the API server loses its power; everything on it goes, and the disk keeps only some of what was
    /// not synced.
    PowerCut,
    /// The disk refuses writes and syncs at this rate.
    DiskError(f64),
    /// The disk has no room for a file that grows.
    DiskFull,
    /// At a start, watches begin with a state that is this many revisions old.
    TimeTravel(u64),
    /// The watch that makes this delivery (counted over all of the component, from 0) stands still before it, for as
    /// long as the window is.
    StaleAt(u64),
    /// The watch that makes this delivery breaks before it and begins anew after as long as the window is, so that
    /// the states in between are never seen.
    SkipAt(u64),
}

/// When a component crashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// When the window begins.
    Time,
    /// Right before it makes its write of this number, counted from 0.
    BeforeWrite(u64),
    /// Right after its write of this number was stored, and before it learns so.
    AfterWrite(u64),
}

impl Fault {
    /// Whether the window is open.
    pub(crate) fn is_open(&self, now: Mono) -> bool {
        let now = Duration::from_nanos(now.nanos());
        self.from <= now && now < self.until
    }

    /// Whether it hits that component.
    pub(crate) fn hits(&self, process: &str) -> bool {
        self.on.as_deref().is_none_or(|on| on == process)
    }

    /// How long the window is.
    pub fn length(&self) -> Duration {
        self.until.saturating_sub(self.from)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let on = self.on.as_deref().unwrap_or("everybody");
        let (from, until) = (self.from, self.until);
        match self.what {
            What::Crash(Moment::BeforeWrite(write)) => {
                write!(f, "crash of {on} before its write {write}, for {:.1?}", self.length())
            }
            What::Crash(Moment::AfterWrite(write)) => {
                write!(f, "crash of {on} after its write {write}, for {:.1?}", self.length())
            }
            What::StaleAt(delivery) => {
                write!(f, "{on} sees nothing more from event {delivery} on, for {:.1?}", self.length())
            }
            What::SkipAt(delivery) => {
                write!(f, "{on} loses its watch before event {delivery}, for {:.1?}", self.length())
            }
            what => write!(f, "{what:?} on {on}, {from:.1?} to {until:.1?}"),
        }
    }
}

/// The faults of one run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// The faults, each with its number in the plan that the seed drew.
    pub faults: Vec<(usize, Fault)>,
}

impl Plan {
    /// These faults.
    pub fn of(faults: Vec<Fault>) -> Self {
        Self { faults: faults.into_iter().enumerate().collect() }
    }

    /// Only the faults of these numbers.
    #[must_use]
    pub fn only(&self, numbers: &[usize]) -> Self {
        let kept = self.faults.iter().filter(|(number, _)| numbers.contains(number));
        Self { faults: kept.cloned().collect() }
    }

    /// The numbers of the faults.
    pub fn numbers(&self) -> Vec<usize> {
        self.faults.iter().map(|(number, _)| *number).collect()
    }

    /// When the last one is over. Faults that wait for a write or an event are over when they have happened.
    pub fn end(&self) -> Duration {
        self.faults
            .iter()
            .filter(|(_, fault)| fault.is_bound_to_time())
            .map(|(_, fault)| fault.until)
            .max()
            .unwrap_or_default()
    }
}

impl Fault {
    /// Whether it is bound to its window and to nothing else.
    pub(crate) fn is_bound_to_time(&self) -> bool {
        !matches!(
            self.what,
            What::Crash(Moment::BeforeWrite(_) | Moment::AfterWrite(_)) | What::StaleAt(_) | What::SkipAt(_)
        )
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.faults.is_empty() {
            return f.write_str("  no faults: the order of things is enough\n");
        }
        for (number, fault) in &self.faults {
            writeln!(f, "  {number:>2}  {fault}")?;
        }
        Ok(())
    }
}
