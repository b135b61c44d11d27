//! Parts of a control plane that run until they are told to stop.

use super::tasks::panic_message;
use super::{StopToken, Stopper, stop_pair};
use async_trait::async_trait;
use futures::FutureExt;
use kube_core::env::{Env, TaskHandle};
use kube_core::error::ApiError;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

/// A part of a control plane: a scheduler, a set of controllers, a server.
#[async_trait]
pub trait Component: Send + 'static {
    /// Its name, for people.
    fn name(&self) -> &str;

    /// Runs until `stop` says so, then finishes what it has begun and returns `Ok`.
    ///
    /// # Errors
    /// Why it ended without being told: above all the store below was closed, which it learns from
    /// [`Informer::closed`](crate::informer::Informer::closed) or from a write.
    async fn run(self: Box<Self>, stop: StopToken) -> Result<(), ApiError>;
}

/// A component at work. Dropping it aborts the component.
///
/// To stop several in order: [`Running::stop`] one, wait for [`Running::ended`], then the next.
pub struct Running {
    name: String,
    stopper: Stopper,
    task: TaskHandle,
    end: Arc<End>,
}

#[derive(Default)]
struct End {
    result: Mutex<Option<Result<(), ApiError>>>,
    set: Notify,
}

impl Running {
    /// Starts `component`. A panic inside ends it with an error of reason `InternalError`.
    pub fn start(env: &Env, component: Box<dyn Component>) -> Self {
        let name = component.name().to_owned();
        let (stopper, stop) = stop_pair();
        let end = Arc::new(End::default());
        let setting = SetOnDrop { end: end.clone(), name: name.clone() };
        let task = env.spawn(&name, async move {
            let ended = AssertUnwindSafe(component.run(stop)).catch_unwind().await;
            setting.end.set(ended.unwrap_or_else(|panic| {
                let (name, message) = (&setting.name, panic_message(&*panic));
                tracing::error!(component = %name, %message, "a component panicked");
                Err(ApiError::internal(format_args!("{name} panicked: {message}")))
            }));
        });
        Self { name, stopper, task, end }
    }

    /// The component's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Tells the component to stop.
    pub fn stop(&self) {
        self.stopper.stop();
    }

    /// Drops the component at its next suspension point.
    pub fn abort(&self) {
        self.task.abort();
    }

    /// How the component ended; `None` while it runs.
    pub fn result(&self) -> Option<Result<(), ApiError>> {
        self.end.get()
    }

    /// Waits until the component has ended.
    ///
    /// # Errors
    /// Why it ended, when it did so by itself, panicked or was aborted.
    pub async fn ended(&self) -> Result<(), ApiError> {
        loop {
            let set = self.end.set.notified();
            if let Some(result) = self.end.get() {
                return result;
            }
            set.await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running")
            .field("name", &self.name)
            .field("result", &self.result())
            .finish_non_exhaustive()
    }
}

impl End {
    fn get(&self) -> Option<Result<(), ApiError>> {
        self.result.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The first result stays.
    fn set(&self, result: Result<(), ApiError>) {
        self.result.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(result);
        self.set.notify_waiters();
    }
}

/// Part of the component's task, so that also an aborted one has an end.
struct SetOnDrop {
    end: Arc<End>,
    name: String,
}

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.end.set(Err(ApiError::unavailable(format!("{} was aborted", self.name))));
    }
}
