//! Errors from the object layer upwards: Kubernetes' `Status`, and the field errors inside it.

mod api;
mod field;

pub use api::{ApiError, Cause, ErrorDetails, Reason, Retry};
pub use field::{FieldError, FieldErrorKind, FieldPath, ShownAsJson, ShownValue, is_printable, quoted};
