//! What tasks, wakers, the clock and the executor share.

use jiff::{SignedDuration, Timestamp};
use kube_core::env::{Abort, BoxFuture, Clock, Mono, Rng, Spawner, TaskHandle};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Wake, Waker};
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TaskId(pub(super) u64);

pub(super) type Spawned = (TaskId, Arc<str>, BoxFuture<'static, ()>);

#[derive(Default)]
struct State {
    now: Mono,
    next_task: u64,
    next_timer: u64,
    ready: BTreeSet<TaskId>,
    timers: BTreeMap<(Mono, u64), Waker>,
    // Both are emptied at every step by the executor, which is the only one that lets tasks run.
    spawned: Vec<Spawned>,
    aborted: Vec<TaskId>,
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

    pub(super) fn take_changes(&self) -> (Vec<Spawned>, Vec<TaskId>) {
        let mut state = self.state();
        (std::mem::take(&mut state.spawned), std::mem::take(&mut state.aborted))
    }

    pub(super) fn has_changes(&self) -> bool {
        let state = self.state();
        !state.spawned.is_empty() || !state.aborted.is_empty()
    }

    pub(super) fn pick(&self, rng: &mut Rng) -> Option<TaskId> {
        let mut state = self.state();
        let count = state.ready.len();
        // A draw only where there is a choice keeps traces short and equal.
        let index = if count > 1 { rng.below(count) } else { 0 };
        let id = state.ready.iter().nth(index).copied()?;
        state.ready.remove(&id);
        Some(id)
    }

    pub(super) fn ready(&self) -> BTreeSet<TaskId> {
        self.state().ready.clone()
    }

    /// Moves time to the next timer and wakes all that are due then; `None` when there is no timer.
    pub(super) fn advance(&self) -> Option<Mono> {
        let (now, due) = {
            let mut state = self.state();
            let (at, _) = *state.timers.keys().next()?;
            let later = state.timers.split_off(&(at, u64::MAX));
            let due = std::mem::replace(&mut state.timers, later);
            state.now = state.now.max(at);
            (state.now, due)
        };
        due.into_values().for_each(Waker::wake);
        Some(now)
    }

    fn set_timer(&self, at: Mono, waker: Waker) -> u64 {
        let mut state = self.state();
        let number = state.next_timer;
        state.next_timer += 1;
        state.timers.insert((at, number), waker);
        number
    }

    fn clear_timer(&self, at: Mono, number: u64) {
        let waker = self.state().timers.remove(&(at, number));
        drop(waker);
    }
}

/// Marks its task ready.
pub(super) struct TaskWaker {
    pub(super) id: TaskId,
    pub(super) shared: Arc<Shared>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.shared.state().ready.insert(self.id);
    }
}

#[derive(Debug)]
pub(super) struct SimSpawner(pub(super) Arc<Shared>);

impl Spawner for SimSpawner {
    fn spawn(&self, name: &str, task: BoxFuture<'static, ()>) -> TaskHandle {
        let mut state = self.0.state();
        let id = TaskId(state.next_task);
        state.next_task += 1;
        state.spawned.push((id, name.into(), task));
        state.ready.insert(id);
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
        let mut state = self.shared.state();
        state.ready.remove(&self.id);
        state.aborted.push(self.id);
    }
}

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
    timer: Option<u64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: std::pin::Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<()> {
        if let Some(number) = self.timer.take() {
            self.shared.clear_timer(self.deadline, number);
        }
        if self.shared.now() >= self.deadline {
            return Poll::Ready(());
        }
        self.timer = Some(self.shared.set_timer(self.deadline, cx.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(number) = self.timer {
            self.shared.clear_timer(self.deadline, number);
        }
    }
}
