//! Answers: objects, lists, statuses.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WARNING};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use kube_core::error::{ApiError, Reason};
use serde_json::Value;

/// A JSON body with a status code.
pub(super) fn json_answer(code: u16, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    // Codes come from `Reason` and from constants of this crate: all are valid.
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The `Status` of a failed request.
pub(super) fn failure(error: &ApiError) -> Response {
    let mut response = json_answer(error.code, &error.to_status());
    if error.details.retry_after_seconds > 0 {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(error.details.retry_after_seconds));
    }
    response
}

/// Tells a client what there is to tell beside the answer.
///
/// Source: `NewWarningHeader` of `k8s.io/apimachinery/pkg/util/net`.
pub(super) fn warn(response: &mut Response, warnings: &[String]) {
    for text in warnings {
        let quoted = format!("299 - \"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        // A text that no header can carry is left out, as Kubernetes does.
        if let Ok(value) = HeaderValue::from_str(&quoted) {
            response.headers_mut().append(WARNING, value);
        }
    }
}

/// 405 in Kubernetes' words.
pub(super) fn method_not_allowed() -> ApiError {
    ApiError::new(Reason::MethodNotAllowed, "the server does not allow this method on the requested resource")
}
