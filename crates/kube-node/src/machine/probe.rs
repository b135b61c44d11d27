//! The course of one probe of one container.

use super::spec::ProbeSpec;
use kube_core::env::Mono;

/// Where a probe stands.
///
/// Source: `k8s.io/kubernetes/pkg/kubelet/prober` (`worker.go`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ProbeState {
    /// When the next one is made.
    next: Mono,
    /// When the one under way counts as failed.
    pending: Option<Mono>,
    /// What the last one found, and how often in a row.
    last: Option<bool>,
    run: u32,
    /// What counts: `None` before a threshold was reached.
    verdict: Option<bool>,
    /// No more are made until the container is a new one.
    held: bool,
}

impl ProbeState {
    /// One whose first probe is made at `first`.
    pub(super) fn new(first: Mono) -> Self {
        Self { next: first, pending: None, last: None, run: 0, verdict: None, held: false }
    }

    /// What counts.
    pub(super) fn verdict(&self) -> Option<bool> {
        self.verdict
    }

    /// No more probes of this container.
    pub(super) fn hold(&mut self) {
        self.held = true;
        self.pending = None;
    }

    /// When something is to be done.
    pub(super) fn deadline(&self) -> Option<Mono> {
        let at = self.pending.unwrap_or(self.next);
        (!self.held && at.nanos() < u64::MAX).then_some(at)
    }

    /// Whether a probe is to be made now; it is then under way.
    pub(super) fn begin(&mut self, spec: &ProbeSpec, now: Mono) -> bool {
        if self.held || self.pending.is_some() || now < self.next {
            return false;
        }
        self.pending = Some(now + spec.timeout());
        self.next = now + spec.period();
        true
    }

    /// Whether the one under way has taken too long.
    pub(super) fn is_overdue(&self, now: Mono) -> bool {
        self.pending.is_some_and(|until| now >= until)
    }

    /// What the one under way found. Whether what counts has changed.
    pub(super) fn end(&mut self, spec: &ProbeSpec, success: bool, steady_until: Option<Mono>) -> bool {
        if self.pending.take().is_none() {
            return false;
        }
        self.run = if self.last == Some(success) { self.run.saturating_add(1) } else { 1 };
        self.last = Some(success);
        let threshold = if success { spec.successes() } else { spec.failures() };
        if self.run < threshold {
            return false;
        }
        if let Some(until) = steady_until.filter(|until| *until > self.next) {
            self.skip_to(until, spec);
        }
        let changed = self.verdict != Some(success);
        self.verdict = Some(success);
        changed
    }

    /// Leaves out the probes before `until`.
    fn skip_to(&mut self, until: Mono, spec: &ProbeSpec) {
        let period = spec.period().as_nanos();
        let gap = u128::from(until.nanos() - self.next.nanos());
        let nanos = u128::from(self.next.nanos()) + gap.div_ceil(period) * period;
        self.next = Mono::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
    }
}
