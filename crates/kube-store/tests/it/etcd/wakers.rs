//! Whoever waits for a watch may poll inside its waker: caches do, and a lock that is held meanwhile is for ever.

use super::server::{Server, program, runtime};
use crate::scale;
use futures::future::BoxFuture;
use kube_store::storage::{KeyRange, Storage, StorageResult, Txn, WatchFrom, WatchOptions, WatchStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, TryLockError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// Polls on the spot, whoever wakes it.
struct OnTheSpot {
    future: Mutex<Option<BoxFuture<'static, StorageResult<WatchStream>>>>,
    again: AtomicBool,
    opened: Sender<StorageResult<WatchStream>>,
}

impl Wake for OnTheSpot {
    fn wake(self: Arc<Self>) {
        self.again.store(true, Ordering::SeqCst);
        while self.again.load(Ordering::SeqCst) {
            let mut future = match self.future.try_lock() {
                Ok(future) => future,
                // Whoever polls looks once more.
                Err(TryLockError::WouldBlock) => return,
                Err(TryLockError::Poisoned(_)) => panic!("a poll panicked"),
            };
            self.again.store(false, Ordering::SeqCst);
            let Some(polled) = future.as_mut() else { return };
            let waker = Waker::from(self.clone());
            if let Poll::Ready(opened) = polled.as_mut().poll(&mut Context::from_waker(&waker)) {
                *future = None;
                self.opened.send(opened).unwrap();
            }
        }
    }
}

#[test]
fn a_watch_opens_for_whom_polls_in_a_waker() {
    let Some(program) = program() else { return };
    let runtime = runtime();
    let server = Server::start(&program, runtime.handle());
    let storage = Arc::new(runtime.block_on(server.store()).unwrap());
    let value = "v".repeat(40_000);
    for n in 0..20 {
        runtime.block_on(storage.txn(Txn::put(format!("/{n}"), value.clone()))).unwrap();
    }
    for round in 0..100 {
        let storage = storage.clone();
        let opening = async move {
            let options = WatchOptions { from: WatchFrom::Initial, previous: false, bookmarks: true };
            storage.watch(&KeyRange::all(), &options).await
        };
        let (opened, seen) = channel();
        let future = Mutex::new(Some(Box::pin(opening) as BoxFuture<'static, _>));
        let spot = Arc::new(OnTheSpot { future, again: AtomicBool::new(false), opened });
        runtime.block_on(async { spot.wake() });
        let Ok(opened) = seen.recv_timeout(Duration::from_mins(1)) else {
            scale::say(&format!("round {round}: a waker that polls waits for a lock of its own thread"));
            // Such threads never end: the process must not wait for them.
            std::process::abort();
        };
        assert!(opened.is_ok(), "round {round}: {opened:?}");
    }
}
