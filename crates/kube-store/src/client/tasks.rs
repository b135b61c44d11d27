//! Tasks with an owner.

use futures::FutureExt;
use kube_core::env::{Env, TaskHandle};
use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Tasks that end with their owner: dropping the set aborts what still runs.
///
/// A task that panics ends alone; [`TaskSet::panics`] and the log tell of it.
pub struct TaskSet {
    env: Env,
    shared: Arc<Shared>,
}

/// A task that panicked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskPanic {
    /// The task's name.
    pub name: String,
    /// What it said.
    pub message: String,
}

/// Panics kept for [`TaskSet::panics`]: the first ones tell the story.
const PANICS_KEPT: usize = 64;

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    ended: Notify,
}

#[derive(Default)]
struct State {
    /// Running tasks by the order of their start; without a handle while they are being spawned.
    running: BTreeMap<u64, Option<TaskHandle>>,
    next: u64,
    aborted: bool,
    panics: Vec<TaskPanic>,
}

impl TaskSet {
    /// No tasks yet; `env` will run them.
    pub fn new(env: Env) -> Self {
        Self { env, shared: Arc::default() }
    }

    /// Runs `task` beside the caller. After [`TaskSet::abort`] it is dropped at once.
    pub fn spawn(&self, name: &str, task: impl Future<Output = ()> + Send + 'static) {
        let id = {
            let mut state = self.shared.state();
            if state.aborted {
                return;
            }
            let id = state.next;
            state.next += 1;
            state.running.insert(id, None);
            id
        };
        let ending = Ending { shared: self.shared.clone(), id };
        let reported = name.to_owned();
        let handle = self.env.spawn(name, async move {
            let ended = AssertUnwindSafe(task).catch_unwind().await;
            if let Err(panic) = ended {
                ending.shared.report(reported, panic_message(&*panic));
            }
        });
        self.keep(id, handle);
    }

    fn keep(&self, id: u64, handle: TaskHandle) {
        let mut state = self.shared.state();
        if state.aborted {
            drop(state);
            handle.abort();
        } else if let Some(running) = state.running.get_mut(&id) {
            *running = Some(handle);
        }
    }

    /// How many tasks run.
    pub fn len(&self) -> usize {
        self.shared.state().running.len()
    }

    /// Whether none runs.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The tasks that panicked, in order (the first 64).
    pub fn panics(&self) -> Vec<TaskPanic> {
        self.shared.state().panics.clone()
    }

    /// Waits until no task runs.
    pub async fn join_all(&self) {
        loop {
            let ended = self.shared.ended.notified();
            if self.is_empty() {
                return;
            }
            ended.await;
        }
    }

    /// Drops every task at its next suspension point, in the order of their start; later ones are not run.
    pub fn abort(&self) {
        let handles: Vec<TaskHandle> = {
            let mut state = self.shared.state();
            state.aborted = true;
            state.running.values_mut().filter_map(Option::take).collect()
        };
        handles.iter().for_each(TaskHandle::abort);
    }

    /// Aborts every task and waits until all are gone.
    pub async fn shutdown(&self) {
        self.abort();
        self.join_all().await;
    }
}

impl Drop for TaskSet {
    fn drop(&mut self) {
        self.abort();
    }
}

impl fmt::Debug for TaskSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskSet").field("running", &self.len()).finish_non_exhaustive()
    }
}

impl Shared {
    fn report(&self, name: String, message: String) {
        tracing::error!(task = %name, %message, "a task panicked");
        let mut state = self.state();
        if state.panics.len() < PANICS_KEPT {
            state.panics.push(TaskPanic { name, message });
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Part of the task's future: dropped when the task ends, however it ends.
struct Ending {
    shared: Arc<Shared>,
    id: u64,
}

impl Drop for Ending {
    fn drop(&mut self) {
        let handle = self.shared.state().running.remove(&self.id);
        drop(handle);
        self.shared.ended.notify_waiters();
    }
}

/// What a panic said.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message").to_owned()
}
