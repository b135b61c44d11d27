//! Everybody who waits for a cache to move on.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

/// Everybody who waits for a cache to move on. One wake-up of the store reaches all of them.
#[derive(Debug, Default)]
pub(super) struct Waiters(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    last: u64,
    wakers: BTreeMap<u64, Waker>,
}

impl Waiters {
    /// A place to wait at.
    pub(super) fn join(self: &Arc<Self>) -> Waiter {
        let mut waiting = self.lock();
        waiting.last += 1;
        Waiter { all: self.clone(), number: waiting.last }
    }

    /// Wakes everybody who waits, in the order in which they came.
    pub(super) fn wake_all(&self) {
        let wakers = std::mem::take(&mut self.lock().wakers);
        wakers.into_values().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Waiters {
    fn wake(self: Arc<Self>) {
        self.wake_all();
    }
}

/// The place of one who waits; given up when dropped.
#[derive(Debug)]
pub(super) struct Waiter {
    all: Arc<Waiters>,
    number: u64,
}

impl Waiter {
    /// Waits, until the next wake-up, through `waker`.
    pub(super) fn wait(&self, waker: &Waker) {
        self.all.lock().wakers.insert(self.number, waker.clone());
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.all.lock().wakers.remove(&self.number);
    }
}
