//! Kubernetes' `Status` as an error value.

use super::FieldError;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// Why a request failed, as machines read it.
///
/// Source: `k8s.io/apimachinery/pkg/apis/meta/v1` (`StatusReason`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Reason {
    /// 400: the request itself is wrong.
    BadRequest,
    /// 401: who are you?
    Unauthorized,
    /// 403: you may not.
    Forbidden,
    /// 404: no such object or resource.
    NotFound,
    /// 405: the resource does not support this verb.
    MethodNotAllowed,
    /// 406: none of the accepted media types can be served.
    NotAcceptable,
    /// 409: an object of that name exists.
    AlreadyExists,
    /// 409: the object changed since it was read, or a precondition failed.
    Conflict,
    /// 410: gone for good.
    Gone,
    /// 410: that revision is no longer held.
    Expired,
    /// 413: the body is too large.
    RequestEntityTooLarge,
    /// 415: the body's media type is not understood.
    UnsupportedMediaType,
    /// 422: fields are wrong; `details.causes` names them.
    Invalid,
    /// 429: later, please.
    TooManyRequests,
    /// 500: a failure of ours.
    InternalError,
    /// 500: the server could not finish in time but may at a retry.
    ServerTimeout,
    /// 503: not able to serve at the moment.
    ServiceUnavailable,
    /// 504: no answer in time; the outcome may be unknown.
    Timeout,
}

impl Reason {
    /// The HTTP status code that goes with the reason.
    pub fn code(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::Unauthorized => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::NotAcceptable => 406,
            Self::AlreadyExists | Self::Conflict => 409,
            Self::Gone | Self::Expired => 410,
            Self::RequestEntityTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::Invalid => 422,
            Self::TooManyRequests => 429,
            Self::InternalError | Self::ServerTimeout => 500,
            Self::ServiceUnavailable => 503,
            Self::Timeout => 504,
        }
    }
}

/// One cause inside [`ErrorDetails`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// Machine-readable reason: `FieldValueRequired`, `NamespaceTerminating`, …
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// What a person reads.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// The field, as a path; empty where none is meant.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub field: String,
}

/// What the error is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorDetails {
    /// Name of the object.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// API group; empty for core.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// Kind or resource, as Kubernetes fills it for this reason.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// Uid of the object where it matters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub uid: String,
    /// The single causes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<Cause>,
    /// Seconds to wait before trying again; 0 where nothing is said.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub retry_after_seconds: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes the field by reference")]
fn is_zero(seconds: &u32) -> bool {
    *seconds == 0
}

/// Whether trying again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// The same request will fail again.
    Never,
    /// Read again, then try again at once.
    Now,
    /// Try again after this long.
    After(Duration),
}

/// A failed request: Kubernetes' `Status`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiError {
    /// Why, for machines.
    pub reason: Reason,
    /// HTTP status code.
    pub code: u16,
    /// Why, for people.
    pub message: String,
    /// What it is about.
    pub details: Box<ErrorDetails>,
    /// For an expired list page: the token that goes on at a newer revision (`metadata.continue` of the Status).
    pub continue_token: Option<String>,
}

impl ApiError {
    /// An error of `reason` with `message`.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            code: reason.code(),
            message: message.into(),
            details: Box::default(),
            continue_token: None,
        }
    }

    fn about(mut self, group: &str, kind: &str, name: &str) -> Self {
        group.clone_into(&mut self.details.group);
        kind.clone_into(&mut self.details.kind);
        name.clone_into(&mut self.details.name);
        self
    }

    /// 400.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(Reason::BadRequest, message)
    }

    /// 404 for an object. `resource` is the plural.
    pub fn not_found(group: &str, resource: &str, name: &str) -> Self {
        let text = format!("{} \"{name}\" not found", qualified(group, resource));
        Self::new(Reason::NotFound, text).about(group, resource, name)
    }

    /// 409 for a name that is taken. `resource` is the plural.
    pub fn already_exists(group: &str, resource: &str, name: &str) -> Self {
        let text = format!("{} \"{name}\" already exists", qualified(group, resource));
        Self::new(Reason::AlreadyExists, text).about(group, resource, name)
    }

    /// 409 for a write that lost a race. `detail` says what did not hold.
    pub fn conflict(group: &str, resource: &str, name: &str, detail: &str) -> Self {
        let text =
            format!("Operation cannot be fulfilled on {} \"{name}\": {detail}", qualified(group, resource));
        Self::new(Reason::Conflict, text).about(group, resource, name)
    }

    /// 403. `detail` says why.
    pub fn forbidden(group: &str, resource: &str, name: &str, detail: &str) -> Self {
        let what = qualified(group, resource);
        let text = if name.is_empty() {
            format!("{what} is forbidden: {detail}")
        } else {
            format!("{what} \"{name}\" is forbidden: {detail}")
        };
        Self::new(Reason::Forbidden, text).about(group, resource, name)
    }

    /// 422 with a cause per field error. `kind` is the kind, not the plural.
    pub fn invalid(group: &str, kind: &str, name: &str, errors: &[FieldError]) -> Self {
        let what = qualified(group, kind);
        let mut texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        texts.dedup();
        let list = match texts.as_slice() {
            [one] => one.clone(),
            many => format!("[{}]", many.join(", ")),
        };
        let mut error = Self::new(Reason::Invalid, format!("{what} \"{name}\" is invalid: {list}"))
            .about(group, kind, name);
        error.details.causes = errors
            .iter()
            .map(|e| Cause {
                reason: e.kind.reason().to_owned(),
                message: e.message(),
                field: e.path.to_string(),
            })
            .collect();
        error
    }

    /// 410 for a revision that is no longer held.
    pub fn expired(message: impl Into<String>) -> Self {
        Self::new(Reason::Expired, message)
    }

    /// 500.
    pub fn internal(message: impl fmt::Display) -> Self {
        Self::new(Reason::InternalError, format!("Internal error occurred: {message}"))
    }

    /// 503.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(Reason::ServiceUnavailable, message)
    }

    /// 503 for good: the store below was closed.
    pub fn closed() -> Self {
        Self::unavailable("the store is closed")
            .with_cause(Cause { reason: STORAGE_CLOSED.to_owned(), ..Cause::default() })
    }

    /// 504: no answer in time.
    pub fn timeout(message: impl Into<String>) -> Self {
        Self::new(Reason::Timeout, message)
    }

    /// 429 with the seconds to wait.
    pub fn too_many_requests(message: impl Into<String>, retry_after_seconds: u32) -> Self {
        let mut error = Self::new(Reason::TooManyRequests, message);
        error.details.retry_after_seconds = retry_after_seconds;
        error
    }

    /// The same error with one more cause.
    #[must_use]
    pub fn with_cause(mut self, cause: Cause) -> Self {
        self.details.causes.push(cause);
        self
    }

    /// Whether the object was not there.
    pub fn is_not_found(&self) -> bool {
        self.reason == Reason::NotFound
    }

    /// Whether the object was there already.
    pub fn is_already_exists(&self) -> bool {
        self.reason == Reason::AlreadyExists
    }

    /// Whether the write lost a race.
    pub fn is_conflict(&self) -> bool {
        self.reason == Reason::Conflict
    }

    /// Whether a revision was no longer held.
    pub fn is_expired(&self) -> bool {
        matches!(self.reason, Reason::Expired | Reason::Gone)
    }

    /// Whether the store below was closed, so that nothing can be done any more.
    pub fn is_closed(&self) -> bool {
        self.details.causes.iter().any(|cause| cause.reason == STORAGE_CLOSED)
    }

    /// Whether trying again can help.
    pub fn retry(&self) -> Retry {
        if self.is_closed() {
            return Retry::Never;
        }
        let told = Duration::from_secs(u64::from(self.details.retry_after_seconds));
        match self.reason {
            Reason::Conflict => Retry::Now,
            Reason::TooManyRequests
            | Reason::ServerTimeout
            | Reason::ServiceUnavailable
            | Reason::Timeout
            | Reason::InternalError => Retry::After(told),
            _ => Retry::Never,
        }
    }

    /// The `Status` object that goes over the wire.
    pub fn to_status(&self) -> serde_json::Value {
        let mut metadata = serde_json::Map::new();
        if let Some(token) = &self.continue_token {
            metadata.insert("continue".to_owned(), token.clone().into());
        }
        let mut status = serde_json::json!({
            "kind": "Status", "apiVersion": "v1", "metadata": metadata, "status": "Failure",
            "message": self.message, "reason": self.reason, "code": self.code,
        });
        if *self.details != ErrorDetails::default() {
            status["details"] = serde_json::json!(self.details);
        }
        status
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ApiError {}

/// Reason of the cause that marks an error of a closed store.
const STORAGE_CLOSED: &str = "StorageClosed";

/// `resource.group`, or `resource` alone in the core group.
fn qualified(group: &str, resource: &str) -> String {
    if group.is_empty() { resource.to_owned() } else { format!("{resource}.{group}") }
}
