//! What tasks, wakers, the clock and the executor share.

use super::choice::Chooser;
use super::timers::{TimerId, Timers};
use kube_core::env::{Abort, BoxFuture, Mono, Spawner, TaskHandle};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

/// A task: its number, in order of spawning, and its place in the table, which another task may take later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TaskId {
    pub(super) number: u64,
    pub(super) slot: usize,
}

/// A task that can run, and when it became so among all that did.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ready {
    pub(super) id: TaskId,
    pub(super) ticket: u64,
}

/// A task that the executor has not seen yet.
pub(super) struct Spawned {
    pub(super) id: TaskId,
    pub(super) name: Arc<str>,
    pub(super) waker: Arc<TaskWaker>,
    pub(super) future: BoxFuture<'static, ()>,
}

#[derive(Default)]
struct State {
    now: Mono,
    tasks: u64,
    slots: usize,
    free: Vec<usize>,
    tickets: u64,
    // In no particular order: tickets tell who came first.
    ready: Vec<Ready>,
    timers: Timers,
    // Both are emptied at every step by the executor, which is the only one that lets tasks run.
    spawned: Vec<Spawned>,
    aborted: Vec<TaskId>,
}

/// What the executor has to do next.
pub(super) enum Next {
    /// Take over what was spawned and aborted.
    Adopt(Vec<Spawned>, Vec<TaskId>),
    /// Poll this task.
    Run(TaskId, Mono),
    /// Nothing is ready.
    Idle,
}

#[derive(Default)]
pub(super) struct Shared(Mutex<State>);

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("now", &self.now()).finish_non_exhaustive()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // One thread runs everything: a panic while the lock is held ends the run anyway.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Mono {
        self.state().now
    }

    /// What comes next; `chooser` picks among the tasks that are ready.
    pub(super) fn next(&self, chooser: &mut Chooser) -> Next {
        let mut state = self.state();
        if !state.spawned.is_empty() || !state.aborted.is_empty() {
            return Next::Adopt(std::mem::take(&mut state.spawned), std::mem::take(&mut state.aborted));
        }
        let now = state.now;
        chooser.pick(&mut state.ready).map_or(Next::Idle, |ready| Next::Run(ready.id, now))
    }

    pub(super) fn has_changes(&self) -> bool {
        let state = self.state();
        !state.spawned.is_empty() || !state.aborted.is_empty()
    }

    pub(super) fn take_changes(&self) -> (Vec<Spawned>, Vec<TaskId>) {
        let mut state = self.state();
        (std::mem::take(&mut state.spawned), std::mem::take(&mut state.aborted))
    }

    /// The place of a task that ended may be taken by another.
    pub(super) fn release(&self, slot: usize) {
        self.state().free.push(slot);
    }

    pub(super) fn ready(&self) -> Vec<TaskId> {
        self.state().ready.iter().map(|ready| ready.id).collect()
    }

    /// Moves time to the next timer and wakes all that are due then; `None` when there is no timer.
    pub(super) fn advance(&self, due: &mut Vec<Waker>) -> Option<Mono> {
        let now = {
            let mut state = self.state();
            let at = state.timers.take_due(due)?;
            state.now = state.now.max(at);
            state.now
        };
        // Outside the lock: waking takes it.
        due.drain(..).for_each(Waker::wake);
        Some(now)
    }

    /// Whether `deadline` has come; if not, `waker` is woken then.
    pub(super) fn reached(&self, deadline: Mono, timer: &mut Option<TimerId>, waker: &Waker) -> bool {
        let mut state = self.state();
        if state.now >= deadline {
            return true;
        }
        if !timer.is_some_and(|timer| state.timers.is_set(timer, waker)) {
            if let Some(timer) = timer.take() {
                state.timers.clear(timer);
            }
            *timer = Some(state.timers.set(deadline, waker.clone()));
        }
        false
    }

    pub(super) fn clear_timer(&self, timer: TimerId) {
        let waker = self.state().timers.clear(timer);
        // Outside the lock: it may be the last reference to a task.
        drop(waker);
    }
}

/// Marks its task ready.
pub(super) struct TaskWaker {
    id: TaskId,
    shared: Arc<Shared>,
    queued: AtomicBool,
}

impl TaskWaker {
    /// The task is about to run: from now on it can become ready again.
    pub(super) fn begin(&self) {
        self.queued.store(false, Ordering::Relaxed);
    }
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.queued.swap(true, Ordering::Relaxed) {
            let mut state = self.shared.state();
            let ticket = state.tickets;
            state.tickets += 1;
            state.ready.push(Ready { id: self.id, ticket });
        }
    }
}

#[derive(Debug)]
pub(super) struct SimSpawner(pub(super) Arc<Shared>);

impl Spawner for SimSpawner {
    fn spawn(&self, name: &str, task: BoxFuture<'static, ()>) -> TaskHandle {
        let mut state = self.0.state();
        let number = state.tasks;
        state.tasks += 1;
        let slot = state.free.pop().unwrap_or_else(|| {
            state.slots += 1;
            state.slots - 1
        });
        let id = TaskId { number, slot };
        let waker = Arc::new(TaskWaker { id, shared: self.0.clone(), queued: AtomicBool::new(true) });
        state.spawned.push(Spawned { id, name: name.into(), waker, future: task });
        let ticket = state.tickets;
        state.tickets += 1;
        state.ready.push(Ready { id, ticket });
        drop(state);
        TaskHandle::new(SimTask { id, shared: self.0.clone() })
    }
}

struct SimTask {
    id: TaskId,
    shared: Arc<Shared>,
}

impl Abort for SimTask {
    fn abort(&self) {
        self.shared.state().aborted.push(self.id);
    }
}
