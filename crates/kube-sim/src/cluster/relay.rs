//! Asking a source only when it has called.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Wake, Waker};

/// The waker that a source is given: remembers that it called, and passes the call on to whoever asked last.
#[derive(Debug)]
pub(super) struct Relay {
    called: AtomicBool,
    listener: Mutex<Option<Waker>>,
}

impl Relay {
    /// A relay whose source has not been asked yet.
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { called: AtomicBool::new(true), listener: Mutex::default() })
    }

    /// From now on calls go to `waker`; tells whether there was one since the last time, so that it is worth asking.
    pub(super) fn listen(&self, waker: &Waker) -> bool {
        let mut listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner);
        if !listener.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *listener = Some(waker.clone());
        }
        self.called.swap(false, Ordering::Relaxed)
    }

    /// Whoever stopped asking before the source was empty has to ask again.
    pub(super) fn remember(&self) {
        self.called.store(true, Ordering::Relaxed);
    }
}

impl Wake for Relay {
    fn wake(self: Arc<Self>) {
        self.called.store(true, Ordering::Relaxed);
        let listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(listener) = listener {
            listener.wake();
        }
    }
}
