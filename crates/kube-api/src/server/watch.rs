//! Watches: a stream of JSON lines.
//!
//! Source: `k8s.io/apiserver/pkg/endpoints/handlers` (`WatchServer`).

use axum::body::{Body, Bytes};
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use futures::StreamExt;
use kube_core::error::ApiError;
use kube_core::resource::KindInfo;
use kube_core::view::RawObject;
use kube_store::client::StopToken;
use kube_store::service::{ObjectEvent, ObjectStream};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::Arc;

/// Streams `events` until they end, the client leaves, or `stop` says so.
pub(super) fn answer(
    kind: Arc<KindInfo>,
    events: ObjectStream,
    bookmarks: bool,
    stop: StopToken,
) -> Response {
    let lines = events
        .filter_map(move |event| {
            let line = line(&kind, event, bookmarks);
            async move { line.map(Ok::<Bytes, Infallible>) }
        })
        .take_until(Box::pin(async move { stop.stopped().await }));
    let mut response = Response::new(Body::from_stream(lines));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
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
