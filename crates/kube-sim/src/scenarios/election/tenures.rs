//! Who leads, and until when.

use super::{FASTEST, NAME, SLOWEST, WORK, at_speed, config};
use crate::oracle::{Commit, Oracle, State, Verdict};
use kube_core::env::Mono;
use kube_core::kinds::coordination::v1::Lease;
use kube_core::kinds::core::v1::ConfigMap;
use kube_core::resource::ResourceExt;
use kube_store::client::election::Record;
use kube_store::objects::Keys;
use std::time::Duration;

/// Nobody takes a lease that has not run out by any clock, and nobody goes on working who could not renew by any clock.
#[derive(Debug, Default)]
pub(super) struct Tenures {
    /// When the lease was last written.
    written: Mono,
    /// Until when whoever leads may believe so.
    until: Mono,
    /// Work since then. One piece may have been on its way.
    late: u32,
}

/// Who holds the lease, empty where nobody does.
pub(super) fn holder(lease: &Lease) -> String {
    lease.spec.as_ref().map(|spec| Record::of(spec).holder).unwrap_or_default()
}

impl Tenures {
    fn lease(&mut self, before: &str, after: &str, at: Mono) -> Verdict {
        let passed = at.since(std::mem::replace(&mut self.written, at));
        if before.is_empty() || after.is_empty() {
            return Ok(());
        }
        if before != after && passed < at_speed(config("").lease_duration, FASTEST) {
            return Err(format!("{after} took the lease of {before} {passed:?} after it was written"));
        }
        // One that comes later is not believed in: only what is won anew counts then.
        if before == after && at <= self.until {
            self.until = at + longest();
        }
        Ok(())
    }
}

/// True time for which a renewal can be believed in.
fn longest() -> Duration {
    at_speed(config("").renew_deadline, SLOWEST)
}

impl Oracle for Tenures {
    fn name(&self) -> &'static str {
        "tenures"
    }

    fn after(&mut self, commit: &Commit, _state: &State) -> Verdict {
        for change in &commit.changes {
            if change.key == Keys::fence(NAME) {
                (self.until, self.late) = (self.written + longest(), 0);
            }
            if let Some((before, after)) = change.of::<Lease>() {
                let holder = |lease: Option<std::sync::Arc<Lease>>| {
                    lease.map(|lease| holder(&lease)).unwrap_or_default()
                };
                self.lease(&holder(before), &holder(after), commit.at)?;
            }
            let work = change.of::<ConfigMap>().and_then(|(_, after)| after);
            if work.is_some_and(|map| map.name() == WORK && map.data.is_some()) && commit.at > self.until {
                self.late += 1;
                if self.late > 1 {
                    let since = commit.at.since(self.until);
                    return Err(format!("{} works {since:?} after its time was over", commit.author));
                }
            }
        }
        Ok(())
    }
}
