//! A moment that a poll waits for.

use kube_core::env::{BoxFuture, Env, Mono};
use std::fmt;
use std::task::{Context, Poll};

/// Wakes whoever polls when a moment comes. The timer stays the same as long as the moment does.
#[derive(Default)]
pub(crate) struct Alarm(Option<(Mono, BoxFuture<'static, ()>)>);

impl Alarm {
    /// Whether it is `at` by the clock of `env`.
    pub(crate) fn poll(&mut self, env: &Env, at: Mono, cx: &mut Context<'_>) -> Poll<()> {
        let timer = match &mut self.0 {
            Some((known, timer)) if *known == at => timer,
            other => &mut other.insert((at, env.sleep_until(at))).1,
        };
        let polled = timer.as_mut().poll(cx);
        if polled.is_ready() {
            self.0 = None;
        }
        polled
    }
}

impl fmt::Debug for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Alarm").field(&self.0.as_ref().map(|(at, _)| at)).finish()
    }
}
