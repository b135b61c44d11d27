//! Asking components to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

/// A stopper and the token that it stops.
pub fn stop_pair() -> (Stopper, StopToken) {
    let state = Arc::new(State::default());
    (Stopper(state.clone()), StopToken(state))
}

/// Stops whoever holds the tokens. Dropping it stops nobody.
#[derive(Clone, Debug)]
pub struct Stopper(Arc<State>);

/// Tells a component to stop. Cheap to clone.
#[derive(Clone, Debug)]
pub struct StopToken(Arc<State>);

#[derive(Debug, Default)]
struct State {
    stopped: AtomicBool,
    wake: Notify,
}

impl Stopper {
    /// Stops every token of the pair, for good.
    pub fn stop(&self) {
        self.0.stopped.store(true, Ordering::Release);
        self.0.wake.notify_waiters();
    }

    /// A token that this stopper stops.
    pub fn token(&self) -> StopToken {
        StopToken(self.0.clone())
    }
}

impl StopToken {
    /// Whether it is time to stop.
    pub fn is_stopped(&self) -> bool {
        self.0.stopped.load(Ordering::Acquire)
    }

    /// Resolves when it is time to stop.
    pub async fn stopped(&self) {
        loop {
            // Before looking, so that a stop between the look and the wait is not missed.
            let wake = self.0.wake.notified();
            if self.is_stopped() {
                return;
            }
            wake.await;
        }
    }
}
