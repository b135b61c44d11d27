//! The task of an informer: watches, applies, resumes.

use super::feed::{Feed, Step, Taken};
use super::shared::Shared;
use crate::client::{Backoff, panic_message};
use crate::service::{ObjectEvent, ObjectService, ObjectStream, WatchQuery};
use futures::{FutureExt, StreamExt};
use kube_core::error::{ApiError, Retry};
use kube_core::resource::KindInfo;
use kube_core::view::View;
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

/// Events taken before other tasks get their turn.
const BATCH: usize = 256;

/// Keeps `shared` up to date until the store closes. Whoever waits learns of the end, also when the task is dropped.
pub(super) fn pump<V: View>(
    service: Arc<dyn ObjectService>,
    kind: Arc<KindInfo>,
    shared: Arc<Shared<V>>,
) -> impl Future<Output = ()> + Send + 'static {
    let closing = CloseOnDrop(shared);
    async move {
        let shared = &*closing.0;
        let ended = AssertUnwindSafe(follow(&*service, &kind, shared)).catch_unwind().await;
        shared.close(ended.unwrap_or_else(|panic| {
            let what = panic_message(&*panic);
            tracing::error!(kind = %kind.plural, %what, "an informer panicked");
            ApiError::internal(format_args!("the informer of {} panicked: {what}", kind.plural))
        }));
    }
}

struct CloseOnDrop<V: View>(Arc<Shared<V>>);

impl<V: View> Drop for CloseOnDrop<V> {
    fn drop(&mut self) {
        self.0.close(stopped());
    }
}

/// The cause of an end that somebody asked for.
pub(super) fn stopped() -> ApiError {
    ApiError::unavailable("the informer was stopped")
}

/// Watches again and again; returns why that has no more sense.
async fn follow<V: View>(service: &dyn ObjectService, kind: &KindInfo, shared: &Shared<V>) -> ApiError {
    let env = service.env();
    let mut rng = env.rng(&format!("informer/{}", kind.plural));
    // Source: `k8s.io/client-go/tools/cache` (reflector): doubles up to 30 s; begins lower than its 800 ms, since
    // the store is near.
    let mut backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(30)).jitter(1.0);
    let mut feed = Feed::new();
    loop {
        let before = feed.newest();
        let error = watch_once(service, kind, &mut feed, shared).await;
        if error.is_closed() {
            return error;
        }
        if error.is_expired() {
            feed.expire();
            tracing::debug!(kind = %kind.plural, %error, "relisting");
        } else {
            tracing::warn!(kind = %kind.plural, %error, "watching again");
        }
        if feed.newest() > before {
            backoff.reset();
        }
        let told = match error.retry() {
            Retry::After(told) => told,
            Retry::Never | Retry::Now => Duration::ZERO,
        };
        env.sleep(backoff.next(&mut rng).max(told)).await;
    }
}

/// One watch, until it breaks.
async fn watch_once<V: View>(
    service: &dyn ObjectService,
    kind: &KindInfo,
    feed: &mut Feed<V>,
    shared: &Shared<V>,
) -> ApiError {
    let mut query = WatchQuery::all();
    query.start = feed.begin();
    let mut stream = match service.watch(kind, &query).await {
        Ok(stream) => stream,
        Err(error) => return error,
    };
    // A revision as far as it came. When the watch breaks it is given up: the next one begins with it.
    let mut steps = Vec::new();
    let mut batch = 0;
    loop {
        let taken = next(&mut stream, feed, shared, &mut steps).await;
        if let Err(error) = taken.and_then(|event| take(event, feed, shared, &mut steps)) {
            return error;
        }
        batch += 1;
        if batch == BATCH {
            batch = 0;
            if shared.progress.is_synced() {
                shared.progress.reach(feed.certain());
            }
            yield_now().await;
        }
    }
}

/// The next event. While there is none, everything told so far counts as complete: a revision comes as a whole.
async fn next<V: View>(
    stream: &mut ObjectStream,
    feed: &mut Feed<V>,
    shared: &Shared<V>,
    steps: &mut Vec<Step<V>>,
) -> Result<ObjectEvent, ApiError> {
    poll_fn(|cx| match stream.poll_next_unpin(cx) {
        Poll::Pending => {
            shared.apply(std::mem::take(steps));
            feed.settle();
            if shared.progress.is_synced() {
                shared.progress.reach(feed.newest());
            }
            Poll::Pending
        }
        Poll::Ready(None) => Poll::Ready(Err(ApiError::unavailable("the watch ended"))),
        Poll::Ready(Some(event)) => Poll::Ready(event),
    })
    .await
}

/// Takes an event. What belongs to one revision is kept until that is whole.
fn take<V: View>(
    event: ObjectEvent,
    feed: &mut Feed<V>,
    shared: &Shared<V>,
    steps: &mut Vec<Step<V>>,
) -> Result<(), ApiError> {
    if feed.is_beyond(&event) {
        shared.apply(std::mem::take(steps));
        feed.settle();
    }
    let taken = feed.take(event, |key| shared.known(key))?;
    feed.unreadable().into_iter().for_each(|unreadable| shared.left_out.note(unreadable));
    match taken {
        Taken::Nothing => {}
        Taken::Step(step) => steps.push(step),
        Taken::State(objects, revision) => {
            shared.replace(objects, revision);
            shared.progress.sync(feed.newest());
        }
    }
    Ok(())
}

/// Lets other tasks run.
async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
