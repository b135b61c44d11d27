//! Who takes part, as far as one of them can tell. Pure.

use kube_core::env::Mono;
use kube_store::storage::Revision;
use std::collections::BTreeMap;
use std::time::Duration;

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
        let lives = |(_, since): &(Revision, Mono)| now < *since + self.patience;
        let others = self.seen.iter().filter(|(name, seen)| **name != self.me && lives(seen));
        others.map(|(name, _)| name.as_str()).chain([self.me.as_str()]).collect()
    }
}
