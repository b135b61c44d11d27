//! The trait that controllers implement.

mod error;

pub use error::{Error, Retry};

use super::cause::Causes;
use super::context::Context;
use super::queue::Lease;
use futures::FutureExt;
use futures::future::BoxFuture;
use kube_core::resource::ObjectKey;
use kube_core::view::KindView;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// Makes what is match what is wanted, one object at a time.
///
/// Write `async fn reconcile`. It is called with a key after any change that concerns the object, also after its
/// deletion ([`Context::get`] gives `None` then), and must do right whatever happened: it is not told. It must come to
/// rest: called again after its own work, it writes nothing.
pub trait Reconciler: Send + Sync + 'static {
    /// The kind that it looks after: a built-in kind, a kind of your own, or a lean view.
    type Resource: KindView;

    /// Looks at one object and does what is missing.
    ///
    /// - `Ok(Outcome::Done)`: not called again until something changes.
    /// - `Ok(Outcome::RequeueAfter(t))`: called again after `t`, or earlier when something changes.
    /// - `Err(_)`: called again after a delay that grows with every failure in a row; not at all before the next change
    ///   when the error is [`Error::terminal`].
    fn reconcile(
        &self,
        cx: &Context,
        request: Request,
    ) -> impl Future<Output = Result<Outcome, Error>> + Send;
}

/// What to reconcile, and why.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Request {
    /// Namespace and name of the object.
    pub key: ObjectKey,
    /// What led to the call. For people: decisions rest on what is, not on what happened.
    pub causes: Arc<Causes>,
    /// Failures in a row before this call.
    pub attempt: u32,
    /// How urgent it was: 0 for changes, less for what was there at the start.
    pub priority: i32,
}

impl Request {
    pub(super) fn new(lease: &Lease<ObjectKey>, causes: Arc<Causes>) -> Self {
        Self { key: lease.key.clone(), causes, attempt: lease.attempt, priority: lease.priority }
    }
}

/// How a reconcile went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All is as it should be, or will be after a change that is going to be seen.
    Done,
    /// The same, but something depends on time.
    RequeueAfter(Duration),
}

impl From<Option<Duration>> for Outcome {
    fn from(delay: Option<Duration>) -> Self {
        delay.map_or(Self::Done, Self::RequeueAfter)
    }
}

/// A reconciler of any kind.
pub(super) trait AnyReconciler: Send + Sync {
    fn reconcile<'a>(&'a self, cx: &'a Context, request: Request) -> BoxFuture<'a, Result<Outcome, Error>>;
}

impl<R: Reconciler> AnyReconciler for R {
    fn reconcile<'a>(&'a self, cx: &'a Context, request: Request) -> BoxFuture<'a, Result<Outcome, Error>> {
        Reconciler::reconcile(self, cx, request).boxed()
    }
}
