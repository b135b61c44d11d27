//! The table from storage errors to answers, row by row.

use super::api_error;
use crate::storage::{Revision, StorageError};
use kube_core::error::{Reason, Retry};
use std::time::Duration;

/// Every variant, with the reason, code and seconds of the answer. The match makes a new variant break this test.
fn rows() -> Vec<(StorageError, Reason, u16, u32)> {
    let r = Revision::new;
    let every = vec![
        StorageError::Conflict { current: None },
        StorageError::NotFound { what: "ttl 7".to_owned() },
        StorageError::Expired { asked: r(3), compacted: r(9), next: None },
        StorageError::Future { asked: r(9), head: r(3) },
        StorageError::TooLarge { what: "operations", actual: 129, limit: 128 },
        StorageError::Busy { limit: 64 },
        StorageError::NoSpace,
        StorageError::Unknown { reason: "the connection broke".to_owned() },
        StorageError::Corrupt { what: "record 5".to_owned() },
        StorageError::Sealed { key: "/a".into(), id: "old".to_owned(), reason: "that key is not given" },
        StorageError::Locked { path: "/var/lib/store".into() },
        StorageError::Foreign { path: "/var/lib/store".into(), reason: "it is a file".to_owned() },
        StorageError::Medium { what: "fsync: I/O error".to_owned() },
        StorageError::Invalid { reason: "a key stands twice".to_owned() },
        StorageError::Closed,
    ];
    let answer = |error: &StorageError| match error {
        StorageError::Conflict { .. } => (Reason::Conflict, 409, 0),
        StorageError::NotFound { .. } => (Reason::NotFound, 404, 0),
        StorageError::Expired { .. } => (Reason::Expired, 410, 0),
        StorageError::Future { .. } => (Reason::Timeout, 504, 1),
        StorageError::TooLarge { .. } => (Reason::RequestEntityTooLarge, 413, 0),
        StorageError::Busy { .. } => (Reason::TooManyRequests, 429, 1),
        StorageError::NoSpace | StorageError::Closed => (Reason::ServiceUnavailable, 503, 0),
        StorageError::Unknown { .. } => (Reason::Timeout, 504, 0),
        StorageError::Corrupt { .. }
        | StorageError::Sealed { .. }
        | StorageError::Locked { .. }
        | StorageError::Foreign { .. }
        | StorageError::Medium { .. } => (Reason::InternalError, 500, 0),
        StorageError::Invalid { .. } => (Reason::BadRequest, 400, 0),
    };
    every
        .into_iter()
        .map(|error| {
            let (reason, code, seconds) = answer(&error);
            (error, reason, code, seconds)
        })
        .collect()
}

#[test]
fn every_failure_of_a_store_has_its_answer() {
    let rows = rows();
    assert_eq!(rows.len(), 15);
    for (error, reason, code, seconds) in rows {
        let answer = api_error(&error);
        assert_eq!((answer.reason, answer.code), (reason, code), "{error}");
        assert_eq!(answer.details.retry_after_seconds, seconds, "{error}");
        assert!(!answer.message.is_empty(), "{error:?}");
    }
}

#[test]
fn a_closed_store_is_final_and_a_busy_one_is_not() {
    let closed = api_error(&StorageError::Closed);
    assert!(closed.is_closed());
    assert_eq!(closed.retry(), Retry::Never);
    let busy = api_error(&StorageError::Busy { limit: 1 });
    assert_eq!(busy.retry(), Retry::After(Duration::from_secs(1)));
}

#[test]
fn a_revision_ahead_says_so_to_machines() {
    let answer = api_error(&StorageError::Future { asked: Revision::new(9), head: Revision::new(3) });
    assert_eq!(answer.details.causes[0].reason, "ResourceVersionTooLarge");
    assert!(answer.message.contains('9') && answer.message.contains('3'), "{}", answer.message);
}
