//! What has been learnt of an endpoint.

use kube_core::env::Mono;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// What has been learnt of an endpoint. Every state of the endpoint shares it.
#[derive(Debug, Default)]
pub(crate) struct Load {
    in_flight: AtomicUsize,
    /// How many wait for nothing to be in flight.
    waiting: AtomicUsize,
    ended: Notify,
    latency: Decaying,
    /// Failures since the last success.
    pub(super) failures: AtomicU32,
    /// How often it was ejected, less what it has lived down.
    pub(super) ejections: AtomicU32,
    /// Until when it is ejected, in nanoseconds; 0 for never yet.
    pub(super) ejected_until: AtomicU64,
    /// Since when it is used, in nanoseconds; 0 for always.
    pub(super) since: AtomicU64,
}

impl Load {
    pub(crate) fn in_flight(&self) -> usize {
        // Ordered after the look at what is on offer, where one waits for the end.
        self.in_flight.load(Ordering::SeqCst)
    }

    #[inline]
    pub(crate) fn begin(&self) {
        // Ordered before the look at what is current: see `ServiceHandle::is_current`.
        self.in_flight.fetch_add(1, Ordering::SeqCst);
    }

    #[inline]
    pub(crate) fn end(&self) {
        // Ordered before the look at `waiting`, as a waiter's entry there is before its look at `in_flight`: one of the
        // two sees the other.
        if self.in_flight.fetch_sub(1, Ordering::SeqCst) == 1 && self.waiting.load(Ordering::SeqCst) != 0 {
            self.ended.notify_waiters();
        }
    }

    /// Waits until nothing is in flight.
    pub(crate) async fn drained(&self) {
        let waiting = Waiting::new(&self.waiting);
        loop {
            let mut ended = std::pin::pin!(self.ended.notified());
            ended.as_mut().enable();
            if self.in_flight.load(Ordering::SeqCst) == 0 {
                break;
            }
            ended.await;
        }
        drop(waiting);
    }

    pub(crate) fn ejected_until(&self) -> Mono {
        Mono::from_nanos(self.ejected_until.load(Ordering::Relaxed))
    }

    pub(crate) fn latency(&self) -> &Decaying {
        &self.latency
    }
}

/// One who waits, until dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A mean that forgets, and jumps up at once (Peak EWMA).
///
/// Its two words are written one after the other without a lock: a reader between the two sees a mean that is a little
/// too old or too young.
#[derive(Debug, Default)]
pub(crate) struct Decaying {
    /// Bits of a double, in nanoseconds; 0 for nothing seen.
    mean: AtomicU64,
    at: AtomicU64,
}

impl Decaying {
    /// Takes in `sample`, seen at `now`; what is older than `decay` counts for 1/e.
    pub(crate) fn observe(&self, sample: Duration, now: Mono, decay: Duration) {
        let sample = nanos(sample).max(1.0);
        let (mean, weight) = (self.last(), self.weight(now, decay));
        let next = if sample > mean { sample } else { mean * weight + sample * (1.0 - weight) };
        self.mean.store(next.to_bits(), Ordering::Relaxed);
        self.at.store(now.nanos(), Ordering::Relaxed);
    }

    /// The mean in nanoseconds at `now`, sunk towards 0 since the last sample; `None` where nothing was seen.
    pub(crate) fn at(&self, now: Mono, decay: Duration) -> Option<f64> {
        let mean = self.last();
        (mean > 0.0).then(|| mean * self.weight(now, decay))
    }

    /// The mean at the last sample, in nanoseconds.
    pub(crate) fn last(&self) -> f64 {
        f64::from_bits(self.mean.load(Ordering::Relaxed))
    }

    fn weight(&self, now: Mono, decay: Duration) -> f64 {
        let elapsed = now.nanos().saturating_sub(self.at.load(Ordering::Relaxed));
        #[expect(clippy::cast_precision_loss, reason = "a weight need not be exact")]
        let part = elapsed as f64 / nanos(decay).max(1.0);
        // Under load the last sample is microseconds old: the curve is its tangent, to 8 digits.
        if part < 1e-4 { 1.0 - part } else { (-part).exp() }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a weight need not be exact")]
fn nanos(duration: Duration) -> f64 {
    duration.as_secs() as f64 * 1e9 + f64::from(duration.subsec_nanos())
}
