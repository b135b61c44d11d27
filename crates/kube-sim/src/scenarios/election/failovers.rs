//! That somebody leads.

use super::candidate::ASIDE;
use super::tenures::holder;
use super::{CANDIDATES, DIARY, SLOWEST, at_speed, config, entry};
use crate::faults::{Fault, Plan, What};
use crate::oracle::{Commit, Oracle, State, Verdict};
use kube_core::env::Mono;
use kube_core::kinds::coordination::v1::Lease;
use kube_core::kinds::core::v1::ConfigMap;
use kube_core::resource::ResourceExt;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// As long as somebody stands whom nothing ails, a lease that nobody renews is taken within its duration and one retry,
/// one that was given up within a second, and whoever gives up and is well does so.
#[derive(Debug, Default)]
pub(super) struct Failovers {
    faults: Vec<Fault>,
    /// Since when each component lives.
    lives: BTreeMap<Arc<str>, Mono>,
    /// When each gave up last.
    gave_up: BTreeMap<String, Mono>,
    holder: String,
    /// When the lease was last written.
    written: Mono,
}

/// How long requests take at the most where nothing ails them.
const REQUESTS: Duration = Duration::from_millis(500);

/// How long one has to be well until it surely stands again: it may have begun to stand aside, or to wait for an answer
/// that does not come, when it was not.
fn recovery() -> Duration {
    at_speed(ASIDE + config("").renew_deadline + longest_retry(), SLOWEST)
}

fn before(at: Mono, by: Duration) -> Mono {
    Mono::default() + at.since(Mono::default() + by)
}

fn longest_retry() -> Duration {
    config("").retry_period.mul_f64(2.2)
}

impl Failovers {
    /// Whether nothing ails `name` from `from` until `until` but its clock; `clock`: nor that.
    fn is_well(&self, name: &str, (from, until): (Mono, Mono), clock: bool) -> bool {
        let at = |time: Duration| Mono::default() + time;
        let ails = |fault: &&Fault| match fault.what {
            What::Skew { .. } => clock && fault.hits(name),
            _ => fault.hits(name) && fault.is_bound_to_time(),
        };
        let mut open = self.faults.iter().filter(ails);
        let lives = self.lives.get(name).is_some_and(|since| *since <= from);
        lives && !open.any(|fault| at(fault.from) <= until && from <= at(fault.until))
    }

    /// Whether somebody has stood all the time since `from`.
    fn stood(&self, from: Mono, until: Mono, clock: bool) -> bool {
        let from = before(from, recovery());
        CANDIDATES.into_iter().any(|name| {
            self.is_well(name, (from, until), clock) && self.gave_up.get(name).is_none_or(|at| *at < from)
        })
    }

    /// How long nobody has led by `now`, unless nobody could.
    fn judge(&self, now: Mono) -> Verdict {
        let passed = now.since(self.written);
        let (by_true_clocks, by_slow_clocks) = if self.holder.is_empty() {
            (Duration::from_secs(1), Duration::from_secs(1))
        } else {
            let patience = config("").lease_duration + longest_retry();
            (patience + REQUESTS, at_speed(patience, SLOWEST) + REQUESTS)
        };
        let stood = |clock| self.written > Mono::default() && self.stood(self.written, now, clock);
        if (passed > by_true_clocks && stood(true)) || (passed > by_slow_clocks && stood(false)) {
            let holder = &self.holder;
            return Err(format!("for {passed:?} nobody took the lease of {holder:?}, which nobody renewed"));
        }
        Ok(())
    }
}

impl Oracle for Failovers {
    fn name(&self) -> &'static str {
        "failovers"
    }

    fn begins(&mut self, plan: &Plan) {
        self.faults = plan.faults.iter().map(|(_, fault)| fault.clone()).collect();
    }

    fn lives(&mut self, component: &str, up: bool, at: Mono) {
        if up {
            self.lives.insert(component.into(), at);
        } else {
            self.lives.remove(component);
        }
    }

    fn after(&mut self, commit: &Commit, _state: &State) -> Verdict {
        for change in &commit.changes {
            if let Some((_, Some(lease))) = change.of::<Lease>() {
                self.judge(commit.at)?;
                let now = holder(&lease);
                if now.is_empty() {
                    self.gave_up.insert(std::mem::take(&mut self.holder), commit.at);
                }
                (self.holder, self.written) = (now, commit.at);
            }
            let diary =
                change.of::<ConfigMap>().and_then(|(_, after)| after).filter(|map| map.name() == DIARY);
            let author = &*commit.author;
            if entry(diary.as_ref(), author).is_some()
                && author == self.holder
                && self.is_well(author, (before(commit.at, recovery()), commit.at), false)
            {
                return Err(format!("{author} gave up and holds the lease"));
            }
        }
        Ok(())
    }

    fn at_rest(&mut self, state: &State) -> Verdict {
        if self.holder.is_empty() { Err("nobody leads".to_owned()) } else { self.judge(state.now()) }
    }
}
