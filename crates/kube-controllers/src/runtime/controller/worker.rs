//! Workers: take a key, reconcile it, say what follows.

use super::Shared;
use crate::runtime::context::Context;
use crate::runtime::queue::{Finish, Lease};
use crate::runtime::reconciler::{AnyReconciler, Error, Outcome, Request, Retry};
use futures::FutureExt;
use kube_core::resource::ObjectKey;
use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

/// Works until the queue is shut down and has nothing more.
pub(super) async fn work(shared: Arc<Shared>, reconciler: Arc<dyn AnyReconciler>) {
    loop {
        // Before looking, so that nothing is missed between the look and the wait.
        let wake = shared.work.notified();
        match shared.pop() {
            Some(lease) => run(&shared, &*reconciler, lease).await,
            None if shared.queue().is_shut_down() => return,
            None => wake.await,
        }
    }
}

async fn run(shared: &Arc<Shared>, reconciler: &dyn AnyReconciler, lease: Lease<ObjectKey>) {
    if let Some(floors) = shared.floors_of(&lease.key)
        && let Err(error) = floors.reached(shared.listers()).await
    {
        // The informer has ended, and with it the controller.
        tracing::debug!(controller = %shared.name(), key = %lease.key, %error, "own writes will not be seen");
        shared.keep_floors(&lease.key, floors);
        shared.done(lease, Finish::Done);
        return;
    }
    let request = Request::new(lease.key.clone(), lease.causes.clone(), lease.attempt);
    let cx = Context::new(shared.clone(), lease.key.clone());
    let result = AssertUnwindSafe(reconciler.reconcile(&cx, request)).catch_unwind().await;
    shared.keep_floors(&lease.key, cx.into_floors());
    let finish = match result {
        Ok(Ok(Outcome::Done)) => Finish::Done,
        Ok(Ok(Outcome::RequeueAfter(delay))) => Finish::Again(delay),
        Ok(Err(error)) => failed(shared, &lease.key, &error),
        Err(panic) => panicked(shared, &lease.key, &*panic),
    };
    shared.done(lease, finish);
}

fn failed(shared: &Shared, key: &ObjectKey, error: &Error) -> Finish {
    let controller = shared.name();
    let conflict = matches!(error, Error::Api(error) if error.is_conflict());
    if conflict {
        // Somebody else was faster: the usual way of optimistic writes.
        tracing::debug!(%controller, %key, %error, "reconcile lost a race");
    } else {
        tracing::warn!(%controller, %key, %error, "reconcile failed");
    }
    let mut books = shared.books();
    books.failures += 1;
    books.last_failure = Some((key.clone(), error.to_string()));
    match error.retry() {
        Retry::After(at_least) => Finish::Retry(at_least),
        Retry::Never | Retry::Closed => Finish::Done,
    }
}

fn panicked(shared: &Shared, key: &ObjectKey, panic: &(dyn Any + Send)) -> Finish {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
    tracing::error!(controller = %shared.name(), %key, panic = text, "reconcile panicked");
    let mut books = shared.books();
    books.failures += 1;
    books.panics += 1;
    books.last_failure = Some((key.clone(), format!("panicked: {text}")));
    Finish::Retry(Duration::ZERO)
}
