//! Virtual time.

use super::shared::Shared;
use super::timers::TimerId;
use jiff::{SignedDuration, Timestamp};
use kube_core::env::{BoxFuture, Clock, Mono};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

#[derive(Debug)]
pub(super) struct SimClock {
    shared: Arc<Shared>,
    start: Timestamp,
}

impl SimClock {
    pub(super) fn new(shared: Arc<Shared>, start: Timestamp) -> Self {
        Self { shared, start }
    }
}

impl Clock for SimClock {
    fn now(&self) -> Mono {
        self.shared.now()
    }

    fn wall(&self) -> Timestamp {
        let elapsed = SignedDuration::try_from(Duration::from_nanos(self.now().nanos())).unwrap_or_default();
        self.start.saturating_add(elapsed).unwrap_or(Timestamp::MAX)
    }

    fn sleep_until(&self, deadline: Mono) -> BoxFuture<'static, ()> {
        Box::pin(Sleep { shared: self.shared.clone(), deadline, timer: None })
    }
}

struct Sleep {
    shared: Arc<Shared>,
    deadline: Mono,
    timer: Option<TimerId>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let sleep = self.get_mut();
        if sleep.shared.reached(sleep.deadline, &mut sleep.timer, cx.waker()) {
            return Poll::Ready(());
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(timer) = self.timer.take() {
            self.shared.clear_timer(timer);
        }
    }
}
