//! A component as a process of its own: it can be killed and made to stand still, with all its tasks.

use crate::oracle::{Acting, Observer};
use kube_core::env::{Abort, BoxFuture, Env, Mono, NoTasks, Spawner, TaskHandle};
use kube_store::storage::Revision;
use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// A component's process, over all its lives.
pub(crate) struct Process {
    pub(crate) name: Arc<str>,
    author: usize,
    observer: Arc<Observer>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Counts its lives.
    life: u64,
    up: bool,
    paused: bool,
    parked: Vec<Waker>,
    tasks: BTreeMap<u64, Arc<TaskHandle>>,
    next_task: u64,
    writes: u64,
    deliveries: u64,
    /// Watches do not open before this.
    watches_from: Mono,
}

enum Admission {
    Run,
    Wait,
    Dead,
}

impl Process {
    /// A process that has not started; `author` is its number with the observer.
    pub(crate) fn new(name: Arc<str>, author: usize, observer: Arc<Observer>) -> Self {
        Self { name, author, observer, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins the next life and gives its number.
    pub(crate) fn begin(&self) -> u64 {
        let life = {
            let mut state = self.state();
            state.life += 1;
            state.up = true;
            state.life
        };
        self.observer.begin_life(self.author, life);
        life
    }

    /// Makes a request in that life, until the guard is dropped.
    pub(crate) fn act(&self, life: u64) -> Acting {
        self.observer.act(self.author, life)
    }

    /// Was told everything of a kind up to `revision`.
    pub(crate) fn learn(&self, kind: &Arc<str>, revision: Revision) {
        self.observer.tell(self.author, kind, revision);
    }

    pub(crate) fn is_up(&self) -> bool {
        self.state().up
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.state().paused
    }

    /// Whether that life was the last one so far, and is over.
    pub(crate) fn died_last(&self, life: u64) -> bool {
        let state = self.state();
        !state.up && state.life == life
    }

    /// Whether that life goes on.
    pub(crate) fn lives(&self, life: u64) -> bool {
        let state = self.state();
        state.up && state.life == life
    }

    /// Ends every task at once and gives the number of the life that ended; `None` when it was dead already.
    pub(crate) fn kill(&self) -> Option<u64> {
        let (life, tasks) = {
            let mut state = self.state();
            if !std::mem::replace(&mut state.up, false) {
                return None;
            }
            state.parked.clear();
            (state.life, std::mem::take(&mut state.tasks))
        };
        for task in tasks.values() {
            task.abort();
        }
        self.observer.end_life(self.author);
        Some(life)
    }

    /// Stands still until [`Process::resume`].
    pub(crate) fn pause(&self) {
        self.state().paused = true;
    }

    pub(crate) fn resume(&self) {
        let parked = {
            let mut state = self.state();
            state.paused = false;
            std::mem::take(&mut state.parked)
        };
        parked.into_iter().for_each(Waker::wake);
    }

    /// The number of the write that is about to be made.
    pub(crate) fn next_write(&self) -> u64 {
        let mut state = self.state();
        state.writes += 1;
        state.writes - 1
    }

    /// The number of the event that is about to be delivered.
    pub(crate) fn next_delivery(&self) -> u64 {
        let mut state = self.state();
        state.deliveries += 1;
        state.deliveries - 1
    }

    /// Writes and deliveries so far.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let state = self.state();
        (state.writes, state.deliveries)
    }

    /// Watches do not open before `moment`.
    pub(crate) fn hold_watches(&self, moment: Mono) {
        let mut state = self.state();
        state.watches_from = state.watches_from.max(moment);
    }

    pub(crate) fn watches_from(&self) -> Mono {
        self.state().watches_from
    }

    fn admit(&self, life: u64, waker: &Waker) -> Admission {
        let mut state = self.state();
        if !state.up || state.life != life {
            return Admission::Dead;
        }
        if state.paused {
            state.parked.push(waker.clone());
            return Admission::Wait;
        }
        Admission::Run
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Spawns the tasks of one life of a process.
#[derive(Debug)]
pub(crate) struct ProcessSpawner {
    pub(crate) base: Env,
    pub(crate) process: Arc<Process>,
    pub(crate) life: u64,
}

impl Spawner for ProcessSpawner {
    fn spawn(&self, name: &str, task: BoxFuture<'static, ()>) -> TaskHandle {
        let number = {
            let mut state = self.process.state();
            if !state.up || state.life != self.life {
                return TaskHandle::new(NoTasks);
            }
            state.next_task += 1;
            state.next_task
        };
        let task = ProcessTask { process: self.process.clone(), life: self.life, number, inner: task };
        let handle = Arc::new(self.base.spawn(&format!("{}:{name}", self.process.name), task));
        self.process.state().tasks.insert(number, handle.clone());
        TaskHandle::new(SharedTask(handle))
    }
}

struct SharedTask(Arc<TaskHandle>);

impl Abort for SharedTask {
    fn abort(&self) {
        self.0.abort();
    }
}

struct ProcessTask {
    process: Arc<Process>,
    life: u64,
    number: u64,
    inner: BoxFuture<'static, ()>,
}

impl Future for ProcessTask {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match self.process.admit(self.life, cx.waker()) {
            Admission::Run => {}
            Admission::Wait => return Poll::Pending,
            Admission::Dead => return Poll::Ready(()),
        }
        let before = self.process.observer.enter(self.process.author);
        let polled = self.inner.as_mut().poll(cx);
        self.process.observer.enter(before);
        polled
    }
}

impl Drop for ProcessTask {
    fn drop(&mut self) {
        let handle = self.process.state().tasks.remove(&self.number);
        drop(handle);
    }
}
