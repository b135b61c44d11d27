//! Nobody writes the same object for ever.

use super::{Change, Commit, Oracle, SCENARIO, State, Verdict};
use kube_core::env::Mono;
use kube_store::storage::Key;
use std::collections::BTreeMap;
use std::time::Duration;

/// No object is written more often than [`MOST`] times within [`SPAN`], unless the scenario asks for it: controllers that
/// fight, or that answer every write of their own with another one. What shows at rest shows here long before.
#[derive(Debug, Default)]
pub(super) struct Endless {
    /// Since when writes of each object are counted, and how many there were.
    writes: BTreeMap<Key, (Mono, u32)>,
}

const MOST: u32 = 500;
const SPAN: Duration = Duration::from_mins(10);

impl Oracle for Endless {
    fn name(&self) -> &'static str {
        "endless"
    }

    fn after(&mut self, commit: &Commit, _state: &State) -> Verdict {
        if &*commit.author == SCENARIO {
            self.writes.clear();
        }
        for change in commit.changes.iter().filter(|change| !Change::is_chatter(change)) {
            let (since, count) = self.writes.entry(change.key.clone()).or_insert((commit.at, 0));
            if commit.at.since(*since) > SPAN {
                (*since, *count) = (commit.at, 0);
            }
            *count += 1;
            if *count > MOST {
                let span = commit.at.since(*since);
                return Err(format!("{} was written {count} times within {span:.1?}", change.key));
            }
        }
        Ok(())
    }
}
