//! Tasks.

use super::BoxFuture;
use std::fmt;

/// Runs tasks.
pub trait Spawner: Send + Sync + fmt::Debug + 'static {
    /// Runs `task` until it ends or is aborted.
    fn spawn(&self, name: &str, task: BoxFuture<'static, ()>) -> TaskHandle;
}

/// Ends a task from outside.
pub trait Abort: Send + Sync + 'static {
    /// Drops the task at its next suspension point. Does nothing once it has ended.
    fn abort(&self);
}

/// A running task. Dropping the handle leaves the task running.
pub struct TaskHandle(Box<dyn Abort>);

impl TaskHandle {
    /// A handle that aborts through `abort`.
    pub fn new(abort: impl Abort) -> Self {
        Self(Box::new(abort))
    }

    /// Drops the task at its next suspension point.
    pub fn abort(&self) {
        self.0.abort();
    }
}

impl fmt::Debug for TaskHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TaskHandle")
    }
}

/// A spawner that drops what it is given: for code under test that must not spawn anything it needs.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoTasks;

impl Spawner for NoTasks {
    fn spawn(&self, _name: &str, _task: BoxFuture<'static, ()>) -> TaskHandle {
        TaskHandle::new(Self)
    }
}

impl Abort for NoTasks {
    fn abort(&self) {}
}
