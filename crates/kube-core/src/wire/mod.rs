//! Forms of objects outside a program: canonical JSON, and YAML documents.

mod fields;
#[cfg(test)]
mod tests;
mod yaml;

pub use fields::{Fields, RawField, field, fields, object_of};
pub use yaml::{Document, YamlError, documents};

use bytes::Bytes;
use serde_json::Value;

/// Canonical JSON: fields sorted by name, no blanks. One object has one form, however it was written.
pub fn canonical(value: &Value) -> Bytes {
    // `serde_json::Map` is ordered by key, so printing is canonical.
    Bytes::from(value.to_string())
}
