//! Events that differ only in their note become one, and who reports too much about one object is silenced. Pure.
//!
//! Source: `k8s.io/client-go/tools/record` (`EventAggregator`, `EventSourceObjectSpamFilter`).

use super::aggregate::Sighting;
use super::{EventTarget, EventType};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Different notes of similar events that are stored one by one (`defaultAggregateMaxEvents`).
const NOTES: usize = 10;
/// Similar events further apart have nothing to do with each other (`defaultAggregateIntervalInSeconds`).
const WINDOW: SignedDuration = SignedDuration::from_secs(600);
/// Events about one object that may come at once (`defaultSpamBurst`).
const BURST: f64 = 25.0;
/// Seconds after which one more may come (`defaultSpamQPS`).
const REFILL_SECONDS: f64 = 300.0;
/// What the note of a combined event begins with.
const COMBINED: &str = "(combined from similar events): ";

/// What makes events similar: everything but the note.
type SimilarKey = (EventTarget, EventType, String);

/// Notes of similar events.
#[derive(Debug)]
struct Similar {
    notes: BTreeSet<String>,
    last: Timestamp,
}

/// How much may still be said about an object.
#[derive(Debug)]
struct Bucket {
    tokens: f64,
    last: Timestamp,
}

/// Remembers what was said lately.
#[derive(Debug)]
pub(super) struct Correlator {
    similar: Memory<SimilarKey, Similar>,
    buckets: Memory<EventTarget, Bucket>,
}

impl Correlator {
    /// Remembers up to `capacity` objects, and as many sorts of events.
    pub(super) fn new(capacity: usize) -> Self {
        Self { similar: Memory::new(capacity), buckets: Memory::new(capacity) }
    }

    /// The event to store, and the note to store it with; `None` for one too many.
    pub(super) fn correlate(&mut self, sighting: Sighting, at: Timestamp) -> Option<(Sighting, String)> {
        let (sighting, note) = self.combine(sighting, at);
        self.accepts(&sighting.target, at).then_some((sighting, note))
    }

    fn combine(&mut self, mut sighting: Sighting, at: Timestamp) -> (Sighting, String) {
        let key = (sighting.target.clone(), sighting.kind, sighting.reason.clone());
        let similar = self.similar.get(key, || Similar { notes: BTreeSet::new(), last: at });
        if at.duration_since(similar.last) > WINDOW {
            similar.notes.clear();
        }
        similar.last = similar.last.max(at);
        similar.notes.insert(sighting.note.clone());
        if similar.notes.len() <= NOTES {
            let note = sighting.note.clone();
            return (sighting, note);
        }
        similar.notes.pop_first();
        let note = format!("{COMBINED}{}", sighting.note);
        // All combined events are one series, whatever they say.
        sighting.note.clear();
        sighting.combined = true;
        (sighting, note)
    }

    fn accepts(&mut self, target: &EventTarget, at: Timestamp) -> bool {
        let bucket = self.buckets.get(target.clone(), || Bucket { tokens: BURST, last: at });
        let passed = at.duration_since(bucket.last).as_secs_f64().max(0.0);
        bucket.tokens = (bucket.tokens + passed / REFILL_SECONDS).min(BURST);
        bucket.last = bucket.last.max(at);
        let accepted = bucket.tokens >= 1.0;
        if accepted {
            bucket.tokens -= 1.0;
        }
        accepted
    }
}

/// A map that forgets what was not asked for the longest.
#[derive(Debug)]
struct Memory<K, V> {
    values: BTreeMap<K, (u64, V)>,
    by_tick: BTreeMap<u64, K>,
    tick: u64,
    capacity: usize,
}

impl<K: Ord + Clone, V> Memory<K, V> {
    fn new(capacity: usize) -> Self {
        Self { values: BTreeMap::new(), by_tick: BTreeMap::new(), tick: 0, capacity }
    }

    fn get(&mut self, key: K, new: impl FnOnce() -> V) -> &mut V {
        self.tick += 1;
        if self.values.len() >= self.capacity
            && !self.values.contains_key(&key)
            && let Some((_, oldest)) = self.by_tick.pop_first()
        {
            self.values.remove(&oldest);
        }
        let tick = self.tick;
        let entry = self.values.entry(key.clone()).or_insert_with(|| (tick, new()));
        self.by_tick.remove(&entry.0);
        entry.0 = tick;
        self.by_tick.insert(tick, key);
        &mut entry.1
    }
}
