//! Saying what a task waits for, so that a deadlock can tell.

use std::cell::Cell;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

thread_local! {
    /// What the task that is being polled said last.
    static NOTE: Cell<Option<Arc<str>>> = const { Cell::new(None) };
}

/// Takes what the task that was just polled said.
pub(super) fn take_note() -> Option<Arc<str>> {
    NOTE.take()
}

/// Says what the running task waits for, until its next step.
pub fn note(what: &Arc<str>) {
    NOTE.set(Some(what.clone()));
}

/// `future`, which says that it waits for `what`: deadlocks and limits name it.
pub fn waits<F: Future + Unpin>(what: impl Into<Arc<str>>, future: F) -> Waits<F> {
    Waits { what: what.into(), future }
}

/// The future of [`waits`].
#[derive(Debug)]
pub struct Waits<F> {
    what: Arc<str>,
    future: F,
}

impl<F: Future + Unpin> Future for Waits<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let polled = Pin::new(&mut self.future).poll(cx);
        if polled.is_pending() {
            note(&self.what);
        }
        polled
    }
}
