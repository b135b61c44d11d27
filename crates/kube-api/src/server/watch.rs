//! Watches: a stream of JSON lines.
//!
//! Source: `k8s.io/apiserver/pkg/endpoints/handlers` (`WatchServer`).

use super::Served;
use axum::body::{Body, Bytes};
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use futures::future::ready;
use futures::stream::{self, Stream, StreamExt};
use kube_core::error::ApiError;
use kube_core::resource::KindInfo;
use kube_core::view::RawObject;
use kube_store::service::{ObjectEvent, ObjectService, ObjectStream};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

/// How often a watch with bookmarks is told how far the store is, even when nobody writes its kind: so that a client
/// which comes back later does not ask for changes that are no longer held.
///
/// Source: `k8s.io/apiserver/pkg/storage/cacher` (`defaultBookmarkFrequency`).
const BOOKMARK_PERIOD: Duration = Duration::from_mins(1);

/// Streams `events` until they end, the client leaves, or the server stops.
pub(super) fn answer(
    kind: Arc<KindInfo>,
    events: ObjectStream,
    bookmarks: bool,
    served: &Served,
) -> Response {
    let stop = served.stop.clone();
    let lines = events
        .filter_map(move |event| {
            let line = line(&kind, event, bookmarks);
            async move { line.map(Ok::<Bytes, Infallible>) }
        })
        .take_until(Box::pin(async move { stop.stopped().await }));
    let body = if bookmarks {
        Body::from_stream(prompted(lines, served.service.clone()))
    } else {
        Body::from_stream(lines)
    };
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The same lines; meanwhile the store is asked now and then how far it is, which makes it tell its watchers.
fn prompted<T: Send>(
    lines: impl Stream<Item = T> + Send,
    service: Arc<dyn ObjectService>,
) -> impl Stream<Item = T> + Send {
    let asked = stream::unfold(service, |service| async move {
        service.env().sleep(BOOKMARK_PERIOD).await;
        // A store that does not answer shows in the watch itself.
        let _newest = service.current().await;
        Some((Some(None), service))
    });
    let lines = lines.map(|line| Some(Some(line))).chain(stream::iter([None]));
    // Ends with the lines.
    stream::select(lines, asked).scan((), |(), item| ready(item)).filter_map(ready)
}

fn line(kind: &KindInfo, event: Result<ObjectEvent, ApiError>, bookmarks: bool) -> Option<Bytes> {
    let (name, object) = match event {
        Ok(ObjectEvent::Added(object)) => ("ADDED", shown(&object)),
        Ok(ObjectEvent::Modified(object)) => ("MODIFIED", shown(&object)),
        Ok(ObjectEvent::Deleted(object)) => ("DELETED", shown(&object)),
        Ok(ObjectEvent::Bookmark(revision)) => {
            if !bookmarks {
                return None;
            }
            let object = json!({
                "kind": kind.kind, "apiVersion": kind.api_version(),
                "metadata": { "resourceVersion": revision.to_string(), "creationTimestamp": null },
            });
            ("BOOKMARK", object)
        }
        Err(error) => ("ERROR", error.to_status()),
    };
    Some(Bytes::from(format!("{}\n", json!({ "type": name, "object": object }))))
}

fn shown(object: &RawObject) -> Value {
    object.to_value().unwrap_or_else(|error| ApiError::internal(error).to_status())
}
