//! Who takes part, as far as one of them can tell. Pure.

use kube_core::env::Mono;
use kube_store::mutant::{self, Mutant};
use kube_store::storage::Revision;
use std::collections::BTreeMap;
use std::time::Duration;

/// A sign of life that is so many times as old as is respected is nobody's any more: whoever gave it will not come back
/// under that name, or comes as one that is new.
const GONE_AFTER: u32 = 4;

/// The members that showed a sign of life within a while, by the clock of who watches.
#[derive(Debug)]
pub(super) struct Members {
    me: String,
    /// For how long a sign of life is respected.
    patience: Duration,
    /// What was seen last of each, and since when.
    seen: BTreeMap<String, (Revision, Mono)>,
}

impl Members {
    pub(super) fn new(me: &str, patience: Duration) -> Self {
        Self { me: me.to_owned(), patience, seen: BTreeMap::new() }
    }

    /// Takes in the signs of life that are there now, each with its version.
    pub(super) fn observe(&mut self, there: impl IntoIterator<Item = (String, Revision)>, now: Mono) {
        let before = std::mem::take(&mut self.seen);
        for (name, version) in there {
            let since =
                before.get(&name).filter(|(known, _)| *known == version).map_or(now, |(_, since)| *since);
            self.seen.insert(name, (version, since));
        }
    }

    /// Who takes part: whoever asks, always.
    pub(super) fn live(&self, now: Mono) -> Vec<&str> {
        let others = self.others(now).filter(|(.., silent)| *silent < self.patience);
        others.map(|(name, ..)| name).chain([self.me.as_str()]).collect()
    }

    /// Who showed no sign of life for so long that nobody need keep the last one, and which that was.
    pub(super) fn gone(&self, now: Mono) -> Vec<(&str, Revision)> {
        let after = if mutant::is(Mutant::BuriesTheAbsent) { 1 } else { GONE_AFTER };
        let gone = self.others(now).filter(|(.., silent)| *silent >= self.patience * after);
        gone.map(|(name, version, _)| (name, version)).collect()
    }

    /// Each with its last sign of life, and for how long it has been silent.
    fn others(&self, now: Mono) -> impl Iterator<Item = (&str, Revision, Duration)> {
        let dead = mutant::is(Mutant::WaitsForTheDead);
        let silent = move |since: Mono| if dead { Duration::ZERO } else { now.since(since) };
        let others = self.seen.iter().filter(|(name, _)| **name != self.me);
        others.map(move |(name, (version, since))| (name.as_str(), *version, silent(*since)))
    }
}
