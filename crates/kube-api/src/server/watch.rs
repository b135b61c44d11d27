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
use kube_core::table::TableOptions;
use kube_core::view::RawObject;
use kube_store::service::{ObjectEvent, ObjectService, ObjectStream, object_table};
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
    table: Option<TableOptions>,
    served: &Served,
) -> Response {
    let stop = served.stop.clone();
    let mut form = Form { service: served.service.clone(), table };
    let lines = events
        .filter_map(move |event| {
            let line = line(&kind, event, bookmarks, &mut form);
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

/// In which form objects are told.
struct Form {
    service: Arc<dyn ObjectService>,
    table: Option<TableOptions>,
}

impl Form {
    fn shown(&mut self, kind: &KindInfo, object: &RawObject) -> Value {
        let shown = match &mut self.table {
            None => object.to_value().map_err(ApiError::internal),
            Some(options) => {
                let table = object_table(&*self.service, kind, object, options);
                // The columns are told once.
                *options = options.without_headers();
                table
            }
        };
        shown.unwrap_or_else(|error| error.to_status())
    }
}

fn line(
    kind: &KindInfo,
    event: Result<ObjectEvent, ApiError>,
    bookmarks: bool,
    form: &mut Form,
) -> Option<Bytes> {
    let (name, object) = match event {
        Ok(ObjectEvent::Added(object)) => ("ADDED", form.shown(kind, &object)),
        Ok(ObjectEvent::Modified(object)) => ("MODIFIED", form.shown(kind, &object)),
        Ok(ObjectEvent::Deleted(object)) => ("DELETED", form.shown(kind, &object)),
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
