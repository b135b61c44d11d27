//! What a failure of the store means to whoever asked for objects: the one table from [`StorageError`] to
//! [`ApiError`].
//!
//! | store | answer |
//! | --- | --- |
//! | `Conflict` | 409 `Conflict` |
//! | `NotFound` | 404 `NotFound` |
//! | `Expired` | 410 `Expired` |
//! | `Future` | 504 `Timeout`, cause `ResourceVersionTooLarge`, retry after 1 s |
//! | `TooLarge` | 413 `RequestEntityTooLarge` |
//! | `Busy` | 429 `TooManyRequests`, retry after 1 s |
//! | `NoSpace` | 503 `ServiceUnavailable` (etcd's word for it is a 500; nothing is broken here, room is missing) |
//! | `Unknown` | 504 `Timeout` |
//! | `Corrupt`, `Sealed`, `Locked`, `Foreign`, `Medium` | 500 `InternalError` |
//! | `Invalid` | 400 `BadRequest` |
//! | `Closed` | 503 `ServiceUnavailable`, cause `StorageClosed`; never worth a retry |

use crate::storage::StorageError;
use kube_core::error::{ApiError, Cause, Reason};

#[cfg(test)]
mod tests;

/// The answer that a failure of the store becomes.
pub fn api_error(error: &StorageError) -> ApiError {
    match error {
        StorageError::Conflict { .. } => ApiError::new(Reason::Conflict, error.to_string()),
        StorageError::NotFound { .. } => ApiError::new(Reason::NotFound, error.to_string()),
        StorageError::Expired { asked, compacted, .. } => {
            ApiError::expired(format!("too old resource version: {asked} ({compacted})"))
        }
        StorageError::Future { asked, head } => {
            let text = format!("Too large resource version: {asked}, current: {head}");
            let mut answer = ApiError::timeout(text).with_cause(Cause {
                reason: "ResourceVersionTooLarge".to_owned(),
                message: "Too large resource version".to_owned(),
                field: String::new(),
            });
            answer.details.retry_after_seconds = 1;
            answer
        }
        StorageError::TooLarge { .. } => ApiError::new(Reason::RequestEntityTooLarge, error.to_string()),
        StorageError::Busy { .. } => ApiError::too_many_requests(error.to_string(), 1),
        StorageError::NoSpace => ApiError::unavailable(error.to_string()),
        StorageError::Unknown { .. } => ApiError::timeout(error.to_string()),
        StorageError::Corrupt { .. }
        | StorageError::Sealed { .. }
        | StorageError::Locked { .. }
        | StorageError::Foreign { .. }
        | StorageError::Medium { .. } => ApiError::internal(error),
        StorageError::Invalid { .. } => ApiError::bad_request(error.to_string()),
        StorageError::Closed => ApiError::closed(),
    }
}

impl From<StorageError> for ApiError {
    fn from(error: StorageError) -> Self {
        api_error(&error)
    }
}
