//! What an error of etcd means, above all whether a write may have been applied.

use crate::storage::{Revision, StorageError};
use etcd_client::Error;
use std::io::ErrorKind;

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The revision is compacted.
    Compacted,
    /// The revision does not exist yet.
    Future,
    /// The lease does not exist.
    NoLease,
    /// The quota is used up.
    NoSpace,
    /// The request is larger than etcd allows.
    TooLarge,
    /// etcd has too much to do: nothing was done.
    Busy,
    /// etcd judged the request and did nothing.
    Refused(String),
    /// Nobody was reached: nothing was done, and trying again is safe.
    NotSent(String),
    /// No answer: whatever was asked may have been done, or may still be.
    Lost(String),
}

/// Codes of gRPC.
mod code {
    pub(super) const INVALID_ARGUMENT: i32 = 3;
    pub(super) const NOT_FOUND: i32 = 5;
    pub(super) const PERMISSION_DENIED: i32 = 7;
    pub(super) const RESOURCE_EXHAUSTED: i32 = 8;
    pub(super) const FAILED_PRECONDITION: i32 = 9;
    pub(super) const OUT_OF_RANGE: i32 = 11;
    pub(super) const UNIMPLEMENTED: i32 = 12;
    pub(super) const UNAUTHENTICATED: i32 = 16;
}

impl Failure {
    /// What `error` means.
    pub(super) fn of(error: &Error) -> Self {
        match error {
            Error::GRpcStatus(status) if refused_to_connect(status) => Self::NotSent(status.message().into()),
            Error::GRpcStatus(status) => Self::status(status.code() as i32, status.message()),
            Error::LeaseKeepAliveError(what) if what == "lease not found" => Self::NoLease,
            Error::InvalidArgs(_) | Error::InvalidUri(_) | Error::InvalidMetadataValue(_) => {
                Self::Refused(error.to_string())
            }
            _ => Self::Lost(error.to_string()),
        }
    }

    /// What a status means: etcd's messages are its documented errors (`api/v3rpc/rpctypes`).
    pub(super) fn status(code: i32, message: &str) -> Self {
        let says = |what: &str| message.contains(what);
        match code {
            code::OUT_OF_RANGE if says("has been compacted") => Self::Compacted,
            code::OUT_OF_RANGE if says("future revision") => Self::Future,
            code::NOT_FOUND if says("lease not found") => Self::NoLease,
            code::RESOURCE_EXHAUSTED if says("space exceeded") => Self::NoSpace,
            code::RESOURCE_EXHAUSTED if says("too many requests") => Self::Busy,
            code::INVALID_ARGUMENT if says("too large") || says("too many operations") => Self::TooLarge,
            code::INVALID_ARGUMENT
            | code::NOT_FOUND
            | code::PERMISSION_DENIED
            | code::FAILED_PRECONDITION
            | code::UNIMPLEMENTED
            | code::UNAUTHENTICATED => Self::Refused(message.into()),
            _ => Self::Lost(format!("{message} (gRPC {code})")),
        }
    }

    /// Whether a read may be tried again. A write may only be after [`Failure::NotSent`].
    pub(super) fn passes(&self) -> bool {
        matches!(self, Self::NotSent(_) | Self::Lost(_) | Self::Busy)
    }

    /// What a reader is told.
    pub(super) fn of_read(self, what: &str) -> StorageError {
        match self {
            Self::NotSent(reason) | Self::Lost(reason) => {
                StorageError::Medium { what: format!("etcd, {what}: {reason}") }
            }
            other => other.plain(what),
        }
    }

    /// What a writer is told.
    pub(super) fn of_write(self, what: &str) -> StorageError {
        match self {
            Self::Lost(reason) => StorageError::Unknown { reason: format!("etcd, {what}: {reason}") },
            Self::NotSent(reason) => {
                StorageError::Medium { what: format!("etcd, {what}, which was not sent: {reason}") }
            }
            other => other.plain(what),
        }
    }

    fn plain(self, what: &str) -> StorageError {
        match self {
            // Callers who asked for a revision say more.
            Self::Compacted => {
                StorageError::Expired { asked: Revision::ZERO, compacted: Revision::ZERO, next: None }
            }
            Self::Future => StorageError::Future { asked: Revision::ZERO, head: Revision::ZERO },
            Self::NoLease => StorageError::NotFound { what: "the time to live".into() },
            Self::NoSpace => StorageError::NoSpace,
            Self::TooLarge => StorageError::TooLarge {
                what: "bytes of the request as etcd counts them",
                actual: super::LIMITS.max_request_bytes + 1,
                limit: super::LIMITS.max_request_bytes,
            },
            // etcd refuses once as many requests wait to be applied.
            Self::Busy => StorageError::Busy { limit: 5000 },
            Self::Refused(reason) | Self::NotSent(reason) | Self::Lost(reason) => {
                StorageError::Medium { what: format!("etcd, {what}: {reason}") }
            }
        }
    }
}

/// Whether nobody listens there, so that nothing can have been sent.
fn refused_to_connect(status: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = status.source();
    while let Some(error) = cause {
        let kind = error.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        if kind == Some(ErrorKind::ConnectionRefused) {
            return true;
        }
        cause = error.source();
    }
    false
}
