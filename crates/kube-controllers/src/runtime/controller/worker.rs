//! Workers: take a key, reconcile it, say what follows.

use super::Shared;
use crate::runtime::cause::Causes;
use crate::runtime::context::{Context, Trail};
use crate::runtime::queue::{Finish, Lease};
use crate::runtime::reconciler::{AnyReconciler, Error, Outcome, Request, Retry};
use futures::FutureExt;
use futures::future::{Either, select};
use kube_core::resource::{KindInfo, ObjectKey};
use kube_store::mutant::{self, Mutant};
use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tracing::Instrument;

/// How long to wait before a store that did not say how far it is is asked again.
const ASK_AGAIN: Duration = Duration::from_millis(200);

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

async fn run(shared: &Arc<Shared>, reconciler: &dyn AnyReconciler, mut lease: Lease<ObjectKey>) {
    shared.meters.waited(shared.now() - lease.due);
    if let Some(floors) = shared.floors_of(&lease.key)
        && !mutant::is(Mutant::ActsOnOldCaches)
        && let Err(error) = floors.reached(shared.listers()).await
    {
        // The informer has ended, and with it the controller.
        tracing::debug!(controller = %shared.name(), key = %lease.key, %error, "own writes will not be seen");
        shared.keep_floors(&lease.key, floors);
        shared.done(lease, Finish::Done);
        return;
    }
    let relists = shared.relists();
    let causes = Arc::new(std::mem::take(&mut lease.causes));
    let request = Request::new(&lease, causes.clone());
    let cx = Context::new(shared.clone(), lease.key.clone(), causes.clone());
    let span = tracing::info_span!(
        "reconcile", controller = %shared.name(), key = %lease.key, attempt = lease.attempt, %causes
    );
    let began = shared.now();
    let end = attempt(shared, reconciler, &cx, request).instrument(span).await;
    shared.meters.took(shared.now() - began);
    let mut trail = cx.into_trail();
    if trail.doubtful || matches!(end, End::TimedOut(_)) {
        remember_doubt(shared, &mut trail).await;
    }
    shared.keep_writes(&lease.key, trail.floors, relists);
    tell_hot_loop(shared, &lease.key, &causes, trail.writes);
    let finish = match end {
        End::Came(outcome) => came(shared, outcome),
        End::Failed(error) => failed(shared, &lease.key, &error),
        End::Panicked(text) => panicked(shared, &lease.key, &text),
        End::TimedOut(limit) => timed_out(shared, &lease.key, limit),
    };
    shared.done(lease, finish);
}

/// How a reconcile ended.
enum End {
    Came(Outcome),
    Failed(Error),
    Panicked(String),
    TimedOut(Duration),
}

async fn attempt(shared: &Shared, reconciler: &dyn AnyReconciler, cx: &Context, request: Request) -> End {
    // Also what happens before the first await is caught.
    let work = AssertUnwindSafe(async { reconciler.reconcile(cx, request).await }).catch_unwind();
    let result = match shared.limit() {
        None => work.await,
        Some(limit) => match select(pin!(work), shared.service().env().sleep(limit)).await {
            Either::Left((result, _)) => result,
            Either::Right(_) => return End::TimedOut(limit),
        },
    };
    match result {
        Ok(Ok(outcome)) => End::Came(outcome),
        Ok(Err(error)) => End::Failed(error),
        Err(panic) => End::Panicked(text_of(&*panic)),
    }
}

/// Something may have been written that is not known: the next reconcile waits for all that the store has by now. Nobody
/// is called for this key before the store has said what that is.
async fn remember_doubt(shared: &Shared, trail: &mut Trail) {
    loop {
        match shared.service().current().await {
            Ok(revision) => return trail.floors.doubt(shared.listers(), revision),
            Err(error) if error.is_closed() || shared.queue().is_shut_down() => return,
            Err(error) => {
                tracing::debug!(controller = %shared.name(), %error, "it is not known what was written");
                shared.service().env().sleep(ASK_AGAIN).await;
            }
        }
    }
}

fn tell_hot_loop(
    shared: &Shared,
    key: &ObjectKey,
    causes: &Causes,
    wrote: Vec<crate::runtime::context::Mark>,
) {
    if let Some(hot) = shared.watch_loops(key, causes, wrote) {
        shared.meters.hot_loops.add(1);
        tracing::warn!(controller = %shared.name(), %hot, "a reconcile does not come to rest");
    }
}

fn came(shared: &Shared, outcome: Outcome) -> Finish {
    match outcome {
        Outcome::Done => {
            shared.meters.succeeded.add(1);
            Finish::Done
        }
        Outcome::RequeueAfter(delay) => {
            shared.meters.requeued.add(1);
            Finish::Again(delay)
        }
    }
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
    note_failure(shared, key, error.to_string());
    match error.retry() {
        Retry::After(_) if conflict && mutant::is(Mutant::IgnoresConflicts) => Finish::Done,
        Retry::After(at_least) => retry(shared, at_least),
        Retry::Never => {
            shared.meters.terminal_errors.add(1);
            Finish::Done
        }
        Retry::Closed => Finish::Done,
    }
}

fn panicked(shared: &Shared, key: &ObjectKey, text: &str) -> Finish {
    tracing::error!(controller = %shared.name(), %key, panic = text, "reconcile panicked");
    note_failure(shared, key, format!("panicked: {text}"));
    shared.books().panics += 1;
    shared.meters.panics.add(1);
    retry(shared, Duration::ZERO)
}

fn timed_out(shared: &Shared, key: &ObjectKey, limit: Duration) -> Finish {
    tracing::warn!(controller = %shared.name(), %key, ?limit, "reconcile took too long");
    note_failure(shared, key, format!("it took longer than {limit:?}"));
    shared.books().timeouts += 1;
    shared.meters.timeouts.add(1);
    retry(shared, Duration::ZERO)
}

fn note_failure(shared: &Shared, key: &ObjectKey, text: String) {
    shared.meters.failed.add(1);
    shared.meters.errors.add(1);
    let mut books = shared.books();
    books.failures += 1;
    books.last_failure = Some((key.clone(), text));
}

fn retry(shared: &Shared, at_least: Duration) -> Finish {
    shared.meters.retries.add(1);
    Finish::Retry(at_least)
}

impl Shared {
    /// A function that says which keys a change concerns has panicked.
    pub(super) fn source_panicked(&self, kind: &KindInfo, key: &ObjectKey, panic: &(dyn Any + Send)) {
        let text = text_of(panic);
        tracing::error!(controller = %self.name(), kind = %kind.kind, %key, panic = text, "a source panicked");
        self.meters.panics.add(1);
        let mut books = self.books();
        books.panics += 1;
        books.last_failure = Some((key.clone(), format!("the source of {} panicked: {text}", kind.kind)));
    }
}

fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message").to_owned()
}
