//! Oracles: what must hold at every committed write, and at the end.
//!
//! An oracle sees what was stored, not what components believe. It is asked after every commit and once the run has
//! come to rest. [`builtin`] are those that hold for every cluster; add your own with
//! [`Sim::always`](crate::Sim::always), [`Sim::finally`](crate::Sim::finally) or, with a memory of what was before,
//! [`Sim::oracle`](crate::Sim::oracle).

mod bindings;
mod capacity;
mod collector;
mod counts;
mod creations;
mod endless;
mod endpoints;
mod garbage;
mod known;
mod lives;
mod observer;
mod rest;
mod rollouts;
mod state;
mod victims;

pub use known::Known;
pub use state::{Change, Commit, Pair, State, Stored};

pub(crate) use known::name as name_of;
pub use observer::Violation;
pub(crate) use observer::{Acting, Health, ObservedStorage, Observer, SCENARIO};

use crate::faults::Plan;
use kube_core::env::Mono;

/// What an oracle says: what does not hold, in a sentence.
pub type Verdict = Result<(), String>;

/// Watches over a run.
pub trait Oracle: Send + 'static {
    /// Its name, in reports.
    fn name(&self) -> &str;

    /// Told, before anything happens, what is going to go wrong.
    fn begins(&mut self, plan: &Plan) {
        let _ = plan;
    }

    /// Told when a component begins to live (`up`), or ends.
    fn lives(&mut self, component: &str, up: bool, at: Mono) {
        let _ = (component, up, at);
    }

    /// Asked after each commit; `state` includes it.
    ///
    /// # Errors
    /// What does not hold. The run ends there.
    fn after(&mut self, commit: &Commit, state: &State) -> Verdict {
        let _ = (commit, state);
        Ok(())
    }

    /// Asked when the run has come to rest, perhaps several times: what does not hold yet may hold a little later.
    ///
    /// # Errors
    /// What does not hold.
    fn at_rest(&mut self, state: &State) -> Verdict {
        let _ = state;
        Ok(())
    }
}

/// The oracles that hold for every cluster. Revisions and watches are checked besides, by the store's observer, and
/// so is the silence at the end.
pub fn builtin() -> Vec<Box<dyn Oracle>> {
    vec![
        Box::<bindings::Bindings>::default(),
        Box::new(capacity::Capacity),
        Box::new(collector::Collector),
        Box::<counts::Counts>::default(),
        Box::<creations::Creations>::default(),
        Box::<endless::Endless>::default(),
        Box::new(endpoints::Endpoints),
        Box::new(garbage::Garbage),
        Box::new(lives::Lives),
        Box::new(rest::AtRest),
        Box::<rollouts::Rollouts>::default(),
        Box::<victims::Victims>::default(),
    ]
}

/// That Deployments are rolled out, ReplicaSets have their pods, nothing waits, nothing is left over, and endpoints
/// are the ready pods: what [`builtin`] checks at the end, for a state of your own.
///
/// # Errors
/// What does not hold.
pub fn converged_and_silent(state: &State) -> Verdict {
    builtin().iter_mut().try_for_each(|oracle| oracle.at_rest(state))
}

/// A check of the state after each commit that is no chatter.
pub(crate) struct Always<F>(pub(crate) F);

impl<F: Fn(&State) -> Verdict + Send + 'static> Oracle for Always<F> {
    fn name(&self) -> &str {
        std::any::type_name::<F>()
    }

    fn after(&mut self, commit: &Commit, state: &State) -> Verdict {
        if commit.changes.iter().all(Change::is_chatter) { Ok(()) } else { (self.0)(state) }
    }
}

/// A check of the state at rest.
pub(crate) struct Finally<F>(pub(crate) F);

impl<F: Fn(&State) -> Verdict + Send + 'static> Oracle for Finally<F> {
    fn name(&self) -> &str {
        std::any::type_name::<F>()
    }

    fn at_rest(&mut self, state: &State) -> Verdict {
        (self.0)(state)
    }
}
