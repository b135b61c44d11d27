//! Forms of objects outside a program: canonical JSON, bodies of requests, and YAML documents.
//!
//! What comes from outside is read within limits ([`MAX_OBJECT_BYTES`], [`MAX_DEPTH`], [`MAX_VALUES`]): whatever is
//! sent, no more than a few times that memory is used, and no deep stack.

mod fields;
mod json;
mod limits;
#[cfg(test)]
mod tests;
mod yaml;

pub use fields::{Fields, RawField, Scanned, field, fields, object_of};
pub use json::{JsonError, json, json_with_repeated};
pub use limits::{MAX_DEPTH, MAX_OBJECT_BYTES, MAX_VALUES};
pub use yaml::{Document, YamlError, documents};

use bytes::Bytes;
use serde_json::Value;

/// Canonical JSON: fields sorted by name, no blanks. One object has one form, however it was written.
pub fn canonical(value: &Value) -> Bytes {
    // `serde_json::Map` is ordered by key, so printing is canonical.
    Bytes::from(value.to_string())
}
