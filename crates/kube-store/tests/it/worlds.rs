//! Tasks of the environment on the runtime of the test.

use kube_core::env::{Abort, BoxFuture, Spawner, TaskHandle};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// Spawns on one runtime.
#[derive(Debug)]
pub(crate) struct Spawned(Handle);

impl Spawned {
    /// On the runtime of the caller.
    pub(crate) fn here() -> Self {
        Self(Handle::current())
    }
}

impl Spawner for Spawned {
    fn spawn(&self, _name: &str, task: BoxFuture<'static, ()>) -> TaskHandle {
        TaskHandle::new(Task(self.0.spawn(task)))
    }
}

struct Task(JoinHandle<()>);

impl Abort for Task {
    fn abort(&self) {
        self.0.abort();
    }
}
