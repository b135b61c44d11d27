//! Endpoints that one pick chooses among.

use super::endpoint::Endpoint;
use crate::balance::{Affinity, Balancing, Before, PickContext, Picker, Use};
use kube_core::env::Mono;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Endpoints that one pick chooses among, with the policy at work.
#[derive(Debug)]
pub(super) struct Pool {
    /// By address.
    pub(super) endpoints: Vec<Arc<Endpoint>>,
    picker: Arc<dyn Picker>,
    /// Whether the policy alone decides: there are no sessions, and nobody can be ejected or new.
    plain: bool,
    /// Whether uses are to be reported.
    listens: bool,
    shared: Arc<Shared>,
}

/// What all pools of a port have in common, through all changes.
#[derive(Debug)]
pub(super) struct Shared {
    balancing: Arc<Balancing>,
    affinity: Option<Affinity>,
    /// Until when an endpoint is ejected or has less than its share, in nanoseconds; 0 where none is.
    attention: AtomicU64,
    /// The endpoints of all pools. Locked for failures.
    members: Mutex<Vec<Arc<Endpoint>>>,
}

/// How often another endpoint is drawn for one that is ejected or new.
const TRIES: usize = 4;

impl Shared {
    pub(super) fn new(balancing: Arc<Balancing>, affinity: Option<Affinity>) -> Self {
        Self { balancing, affinity, attention: AtomicU64::new(0), members: Mutex::default() }
    }

    pub(super) fn affinity(&self) -> Option<&Affinity> {
        self.affinity.as_ref()
    }

    fn is_plain(&self) -> bool {
        self.affinity.is_none() && self.balancing.outliers.is_none() && self.balancing.slow_start.is_none()
    }

    pub(super) fn now(&self) -> Mono {
        self.balancing.env.now()
    }

    /// Notes who is there now. Those that were not, among others that were, start slowly.
    fn welcome(&self, endpoints: &[Arc<Endpoint>], before: Option<&[Arc<Endpoint>]>) {
        if self.balancing.outliers.is_some() {
            *self.members.lock().unwrap_or_else(PoisonError::into_inner) = endpoints.to_vec();
        }
        let (Some(slow), Some(before)) = (&self.balancing.slow_start, before) else { return };
        if before.is_empty() {
            return;
        }
        let known = |new: &Endpoint| position(before, new).is_some_and(|at| before[at].is_same(new));
        for new in endpoints.iter().filter(|endpoint| !known(endpoint)) {
            self.attend(slow.begin(new.load(), self.now()));
        }
    }

    fn attend(&self, until: Mono) {
        self.attention.fetch_max(until.nanos(), Ordering::Relaxed);
    }

    /// The time, where an endpoint may have to be passed over now.
    fn watchful(&self) -> Option<Mono> {
        let until = self.attention.load(Ordering::Relaxed);
        if until == 0 {
            return None;
        }
        let now = self.now();
        if now.nanos() >= until {
            // Whoever has extended it meanwhile wins.
            let _ = self.attention.compare_exchange(until, 0, Ordering::Relaxed, Ordering::Relaxed);
            return None;
        }
        Some(now)
    }
}

impl Pool {
    /// All usable endpoints of a port.
    pub(super) fn whole(endpoints: Vec<Arc<Endpoint>>, before: Option<&Self>, shared: &Arc<Shared>) -> Self {
        shared.welcome(&endpoints, before.map(|before| &*before.endpoints));
        Self::part(endpoints, before, shared)
    }

    /// Some of them.
    pub(super) fn part(endpoints: Vec<Arc<Endpoint>>, before: Option<&Self>, shared: &Arc<Shared>) -> Self {
        let before = before.map(|before| Before { endpoints: &before.endpoints, picker: &*before.picker });
        let picker = shared.balancing.policy.build(&endpoints, before);
        let (plain, listens) = (shared.is_plain(), shared.balancing.listens());
        Self { endpoints, picker, plain, listens, shared: shared.clone() }
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    #[inline]
    pub(super) fn listens(&self) -> bool {
        self.listens
    }

    #[inline]
    pub(super) fn peek(&self, cx: &PickContext<'_>) -> Option<usize> {
        if self.plain { self.picker.peek(cx) } else { self.peek_available(cx) }
    }

    #[inline]
    pub(super) fn pick(&self, cx: &PickContext<'_>) -> Option<usize> {
        if self.plain { self.picker.pick(cx) } else { self.pick_available(cx) }
    }

    fn peek_available(&self, cx: &PickContext<'_>) -> Option<usize> {
        let at = match self.session(cx) {
            Some((at, _)) => at,
            None => self.picker.peek(cx)?,
        };
        let Some(now) = self.shared.watchful() else { return Some(at) };
        Some(self.available_from(at, now))
    }

    fn pick_available(&self, cx: &PickContext<'_>) -> Option<usize> {
        let (Some(affinity), Some(client)) = (&self.shared.affinity, cx.client) else {
            return self.choose(cx);
        };
        let (at, now) = match self.session(cx) {
            Some(found) => found,
            None => (self.choose(cx)?, self.shared.now()),
        };
        affinity.note(client, self.endpoints.get(at)?.place(), now);
        Some(at)
    }

    /// Where the client is at already, and the time.
    fn session(&self, cx: &PickContext<'_>) -> Option<(usize, Mono)> {
        let (affinity, client) = (self.shared.affinity.as_ref()?, cx.client?);
        let now = self.shared.now();
        let place = affinity.at(client, now)?;
        let at = self.endpoints.binary_search_by_key(&place, |endpoint| endpoint.place()).ok()?;
        (self.endpoints[at].ejected_until() <= now).then_some((at, now))
    }

    fn choose(&self, cx: &PickContext<'_>) -> Option<usize> {
        let mut at = self.picker.pick(cx)?;
        let Some(now) = self.shared.watchful() else { return Some(at) };
        for _ in 0..TRIES {
            if self.is_welcome(at, now) {
                return Some(at);
            }
            at = self.picker.pick(cx)?;
        }
        Some(self.available_from(at, now))
    }

    /// Whether an endpoint is neither ejected nor, this time, too new.
    fn is_welcome(&self, at: usize, now: Mono) -> bool {
        let Some(endpoint) = self.endpoints.get(at) else { return false };
        if endpoint.ejected_until() > now {
            return false;
        }
        let Some(slow) = &self.shared.balancing.slow_start else { return true };
        let share = slow.share(endpoint.load(), now);
        share >= 1.0 || self.shared.balancing.draw.unit() < share
    }

    /// The first endpoint from `at` on that is not ejected; `at` itself where all are.
    fn available_from(&self, at: usize, now: Mono) -> usize {
        let mut places = (at..self.endpoints.len()).chain(0..at);
        places.find(|place| self.endpoints[*place].ejected_until() <= now).unwrap_or(at)
    }

    /// Takes in how a use of `endpoint` went.
    pub(super) fn report(&self, endpoint: &Endpoint, use_: &Use) {
        self.picker.report(endpoint, use_);
        let Some(outliers) = &self.shared.balancing.outliers else { return };
        let ejected = if use_.succeeded {
            outliers.observe(endpoint.load(), true, use_.ended, &[])
        } else {
            let members = self.shared.members.lock().unwrap_or_else(PoisonError::into_inner);
            outliers.observe(endpoint.load(), false, use_.ended, &members)
        };
        if let Some(until) = ejected {
            self.shared.attend(until);
        }
    }
}

fn position(endpoints: &[Arc<Endpoint>], of: &Endpoint) -> Option<usize> {
    endpoints.binary_search_by_key(&of.place(), |endpoint| endpoint.place()).ok()
}
