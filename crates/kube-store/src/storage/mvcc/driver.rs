//! Who runs the committer: the callers' own polls, or a thread.

use super::Journal;
use super::committer::{Committer, Effects};
use super::cursor::Shared;
use super::queue::{Answer, Phase, Queue, Request};
use crate::rt::{self, Thread};
use crate::storage::{StorageError, StorageResult};
use futures::channel::oneshot;
use futures::{FutureExt, future};
#[cfg(test)]
use std::sync::MutexGuard;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::task::Waker;

/// Who runs the committer of a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Drive {
    /// Whoever polls a write commits what waits, for the others as well: for journals that do not block, and for
    /// simulations, where every run is the same.
    #[default]
    Callers,
    /// A thread of the store: a poll never blocks on the journal, and everything that arrives while one batch is
    /// made durable goes into the next.
    Thread,
}

/// The committer and what runs it.
#[derive(Debug)]
pub(super) enum Driver<J> {
    /// None once a closed store has let go of it.
    Callers(Box<Mutex<Option<Committer<J>>>>),
    Thread(Mutex<Option<Thread>>, Released),
}

/// Resolves once the thread has let go of the journal.
type Released = future::Shared<oneshot::Receiver<()>>;

impl<J: Journal> Driver<J> {
    pub(super) fn start(
        drive: Drive,
        committer: Committer<J>,
        queue: &Arc<Queue>,
        shared: &Arc<Shared>,
    ) -> StorageResult<Self> {
        shared.disk.store(committer.disk(), Ordering::Relaxed);
        if drive == Drive::Callers {
            return Ok(Self::Callers(Box::new(Mutex::new(Some(committer)))));
        }
        let (letting_go, released) = oneshot::channel();
        let (queue, shared) = (queue.clone(), shared.clone());
        let worker = Worker { committer, queue, shared, _letting_go: letting_go };
        let thread = rt::thread("kube-store", move || worker.run())
            .map_err(|error| StorageError::Medium { what: format!("the committer's thread: {error}") })?;
        Ok(Self::Thread(Mutex::new(Some(thread)), released.shared()))
    }

    /// The short way, when nobody else commits and nothing waits: neither the queue nor a channel for the answer.
    /// `Err` gives the request back where there is no such way.
    pub(super) fn answer_now(
        &self,
        request: Request,
        queue: &Queue,
        shared: &Shared,
    ) -> Result<StorageResult<Answer>, Request> {
        let Self::Callers(committer) = self else { return Err(request) };
        let Ok(mut held) = committer.try_lock() else { return Err(request) };
        let Some(committer) = held.as_mut() else { return Err(request) };
        // Whoever queued a request before this one came, and found the committer locked, waits no longer.
        if queue.len() > 0 || queue.phase() != Phase::Open {
            return Err(request);
        }
        let (effects, answer) = committer.answer_now(request)?;
        let compacted = effects.compacted;
        shared.publish(effects);
        // A piece of a compaction rides along with each write; what has to follow it is done at once.
        let mut more = compacted || committer.lacks_room();
        while more {
            more = work(committer, shared);
        }
        drop(held);
        self.drive(queue, shared);
        Ok(answer)
    }

    /// Sees to it that what waits is committed. With a thread the queue has woken it.
    pub(super) fn drive(&self, queue: &Queue, shared: &Shared) {
        let Self::Callers(committer) = self else { return };
        while queue.len() > 0 {
            let mut held = match committer.try_lock() {
                Ok(held) => held,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                // The holder looks at the queue once more after letting go.
                Err(TryLockError::WouldBlock) => return,
            };
            let Some(committer) = held.as_mut() else { return };
            while work(committer, shared) {}
        }
    }

    /// Waits until the journal of a closed store is let go.
    pub(super) async fn released(&self, queue: &Queue, shared: &Shared) {
        match self {
            Self::Callers(committer) if queue.phase() == Phase::Closed => {
                // Every step leaves the committer whole.
                let mut held = committer.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(mut committer) = held.take() {
                    // Whoever was queued is answered.
                    while work(&mut committer, shared) {}
                }
            }
            Self::Callers(_) => {}
            // The sender sends nothing: it goes with the thread.
            Self::Thread(_, released) => drop(released.clone().await),
        }
    }

    /// Waits until what was queued is done and the journal is let go.
    pub(super) fn end(&self, queue: &Queue) {
        let Self::Thread(thread, _) = self else { return };
        queue.end(Phase::Ending);
        // The section is one operation.
        let thread = thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            thread.join();
        }
    }

    /// The committer, where the callers run it.
    #[cfg(test)]
    pub(super) fn hold(&self) -> MutexGuard<'_, Option<Committer<J>>> {
        match self {
            Self::Callers(committer) => committer.lock().unwrap(),
            Self::Thread(..) => panic!("a thread has it"),
        }
    }
}

/// Does what there is to do next; answers whether there may be more.
fn work<J: Journal>(committer: &mut Committer<J>, shared: &Shared) -> bool {
    let (effects, more) = match committer.step() {
        Some(effects) => (effects, true),
        None => match committer.tidy() {
            Ok(more) => (Effects::default(), more),
            Err(effects) => (effects, false),
        },
    };
    shared.disk.store(committer.disk(), Ordering::Relaxed);
    shared.publish(effects);
    more
}

/// The committer on its thread.
struct Worker<J> {
    committer: Committer<J>,
    queue: Arc<Queue>,
    shared: Arc<Shared>,
    /// Goes last: after the journal.
    _letting_go: oneshot::Sender<()>,
}

impl<J: Journal> Worker<J> {
    fn run(mut self) {
        loop {
            // Asked before looking, so that what was queued before the end is done.
            let phase = self.queue.phase();
            let more = work(&mut self.committer, &self.shared);
            match (phase, more) {
                (Phase::Open, false) => self.queue.wait(self.committer.interval()),
                (Phase::Open, true) => {}
                // What has time has no more.
                _ if self.queue.len() == 0 => return,
                _ => {}
            }
        }
    }
}

impl<J> Drop for Worker<J> {
    /// Also when the journal panicked: nobody must wait for an answer that never comes.
    fn drop(&mut self) {
        self.queue.end(Phase::Closed);
        drop(self.queue.take());
        self.shared.close();
    }
}

impl Shared {
    /// Shows what a step did: first the state, then to the watches, then to whoever asked.
    pub(super) fn publish(&self, effects: Effects) {
        let mut woken: Vec<Waker> = Vec::new();
        if let Some(state) = effects.state {
            let mut watchers = self.watchers();
            for (revision, changes) in &effects.writes {
                watchers.unpark(*revision, changes, &mut woken);
            }
            if effects.replaced {
                watchers.unpark_all(self.published.load().head, &mut woken);
            }
            self.published.store(state);
        }
        woken.into_iter().for_each(Waker::wake);
        if let Some(error) = effects.poisoned {
            tracing::error!(%error, "the journal failed: the store takes no more writes");
            self.close();
        }
        for (reply, answer) in effects.replies {
            // Whoever dropped the future does not want to know.
            drop(reply.send(answer));
        }
    }

    /// Ends every watch once it has read everything.
    pub(super) fn close(&self) {
        let mut woken = Vec::new();
        self.closed.store(true, Ordering::SeqCst);
        self.watchers().wake_all(&mut woken);
        woken.into_iter().for_each(Waker::wake);
    }
}
