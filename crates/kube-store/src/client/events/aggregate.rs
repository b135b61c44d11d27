//! Counting equal events instead of storing each. Pure.

use super::correlate::Correlator;
use super::{EventTarget, EventType};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What makes two events equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Sighting {
    pub(super) target: EventTarget,
    pub(super) kind: EventType,
    pub(super) reason: String,
    pub(super) note: String,
    /// It stands for similar events, whatever their notes.
    pub(super) combined: bool,
}

/// An event as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Series {
    pub(super) sighting: Arc<Sighting>,
    /// The note as it is stored: the latest one, where it stands for several.
    pub(super) note: String,
    /// Name of the stored object.
    pub(super) name: String,
    pub(super) count: i32,
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
    /// Whether the object was written before.
    pub(super) stored: bool,
}

/// The events seen lately.
#[derive(Debug)]
pub(super) struct Aggregator {
    series: BTreeMap<Arc<Sighting>, Known>,
    /// Series by the tick of their last sighting, to forget the longest unseen.
    by_tick: BTreeMap<u64, Arc<Sighting>>,
    tick: u64,
    capacity: usize,
    /// Series that await writing, in the order of their first sighting since the last write.
    unwritten: Vec<Arc<Sighting>>,
    last_name: i128,
    correlator: Correlator,
}

#[derive(Debug)]
struct Known {
    series: Series,
    tick: u64,
    unwritten: bool,
}

impl Aggregator {
    /// Remembers up to `capacity` series, but never forgets one that awaits writing.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            series: BTreeMap::new(),
            by_tick: BTreeMap::new(),
            tick: 0,
            capacity,
            unwritten: Vec::new(),
            last_name: i128::MIN,
            correlator: Correlator::new(capacity),
        }
    }

    /// Takes note of an event seen at `at`; `false` for one too many about its object.
    pub(super) fn see(&mut self, sighting: Sighting, at: Timestamp) -> bool {
        let Some((sighting, note)) = self.correlator.correlate(sighting, at) else { return false };
        self.tick += 1;
        let sighting = match self.series.get_key_value(&sighting) {
            Some((known, _)) => known.clone(),
            None => self.begin(sighting, at),
        };
        let Some(known) = self.series.get_mut(&sighting) else { return false };
        known.series.note = note;
        self.by_tick.remove(&known.tick);
        known.tick = self.tick;
        self.by_tick.insert(self.tick, sighting.clone());
        known.series.count = known.series.count.saturating_add(1);
        known.series.last = known.series.last.max(at);
        if !std::mem::replace(&mut known.unwritten, true) {
            self.unwritten.push(sighting);
        }
        self.forget();
        true
    }

    fn begin(&mut self, sighting: Sighting, at: Timestamp) -> Arc<Sighting> {
        let sighting = Arc::new(sighting);
        let name = self.name(&sighting.target.name, at);
        let series = Series {
            sighting: sighting.clone(),
            note: String::new(),
            name,
            count: 0,
            first: at,
            last: at,
            stored: false,
        };
        self.series.insert(sighting.clone(), Known { series, tick: self.tick, unwritten: false });
        sighting
    }

    /// A name as client-go gives it (`GenerateEventName`), but never twice the same.
    fn name(&mut self, target: &str, at: Timestamp) -> String {
        self.last_name = at.as_nanosecond().max(self.last_name.saturating_add(1));
        let suffix = format!(".{:x}", self.last_name);
        // Names of objects end at 253 characters, and a target's may be that long.
        let kept: String = target.chars().take(253 - suffix.len()).collect();
        format!("{}{suffix}", kept.trim_end_matches(['.', '-']))
    }

    fn forget(&mut self) {
        while self.series.len() > self.capacity {
            let Some((&tick, oldest)) = self.by_tick.first_key_value() else { return };
            if self.series.get(oldest).is_some_and(|known| known.unwritten) {
                return;
            }
            self.series.remove(oldest);
            self.by_tick.remove(&tick);
        }
    }

    /// The series that changed since the last call.
    pub(super) fn take_unwritten(&mut self) -> Vec<Series> {
        let mut taken = Vec::new();
        for sighting in std::mem::take(&mut self.unwritten) {
            if let Some(known) = self.series.get_mut(&sighting) {
                known.unwritten = false;
                taken.push(known.series.clone());
            }
        }
        taken
    }

    /// The series was written: from now on it is changed, not created.
    pub(super) fn stored(&mut self, sighting: &Arc<Sighting>) {
        if let Some(known) = self.series.get_mut(sighting) {
            known.series.stored = true;
        }
    }

    /// The series' object is not there, or its name is taken: it needs a new object. Returns it.
    pub(super) fn renamed(&mut self, sighting: &Arc<Sighting>, at: Timestamp) -> Option<Series> {
        let name = self.name(&sighting.target.name, at);
        let known = self.series.get_mut(sighting)?;
        known.series.name = name;
        known.series.stored = false;
        Some(known.series.clone())
    }
}
