//! Errors from the object layer upwards: Kubernetes' `Status`, and the field errors inside it.

mod api;
mod field;
mod path;
#[cfg(test)]
mod tests;

pub use api::{ApiError, Cause, ErrorDetails, Reason, Retry};
pub use field::{FieldError, FieldErrorKind, ShownAsJson, ShownValue, is_printable, quoted};
pub use path::FieldPath;
