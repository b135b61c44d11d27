//! Multi-document YAML, as manifests come.

use super::limits::{Allowance, MAX_DEPTH, MAX_OBJECT_BYTES, Within};
use serde::de::DeserializeSeed;
use serde_json::Value;
use std::fmt;

/// One document of a YAML stream.
#[derive(Clone, Debug)]
pub struct Document {
    /// Which document of the stream, from 1; empty documents count but are not returned.
    pub number: usize,
    /// Line of the stream where it begins, from 1.
    pub line: usize,
    /// The content.
    pub value: Value,
}

/// A document that is not YAML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YamlError {
    /// Which document, from 1.
    pub number: usize,
    /// Line of the stream where the document begins, from 1.
    pub line: usize,
    /// What the parser says.
    pub message: String,
}

impl fmt::Display for YamlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "document {} (from line {}): {}", self.number, self.line, self.message)
    }
}

impl std::error::Error for YamlError {}

/// The documents of a YAML (or JSON) stream; empty ones are left out. Each may have
/// [`MAX_OBJECT_BYTES`] bytes, [`MAX_DEPTH`] levels and [`MAX_VALUES`](super::MAX_VALUES) values,
/// aliases counted as what they stand for, and no key twice.
///
/// # Errors
/// The first document that does not parse, or is not within the limits.
pub fn documents(stream: &str) -> Result<Vec<Document>, YamlError> {
    let mut found = Vec::new();
    for (index, (line, text)) in split(stream).into_iter().enumerate() {
        let number = index + 1;
        let blank = text.lines().all(|l| l.trim().is_empty() || l.trim_start().starts_with('#'));
        if blank {
            continue;
        }
        let value = document(&text).map_err(|message| YamlError { number, line, message })?;
        if !value.is_null() {
            found.push(Document { number, line, value });
        }
    }
    Ok(found)
}

/// Reads one document.
fn document(text: &str) -> Result<Value, String> {
    if text.len() > MAX_OBJECT_BYTES {
        return Err(format!("the document has {} bytes, more than {MAX_OBJECT_BYTES}", text.len()));
    }
    let mut options = serde_saphyr::Options::default();
    options.budget = options.budget.map(|mut budget| {
        // One more than we allow, so that our own words are said.
        budget.max_depth = MAX_DEPTH + 1;
        budget.flow_nesting_limit = MAX_DEPTH + 1;
        budget
    });
    let allowance = Allowance::new();
    serde_saphyr::with_deserializer_from_str_with_options(text, options, |reader| {
        Within::new(&allowance).deserialize(reader)
    })
    .map_err(|error| error.to_string())
}

/// Splits at lines that begin with `---`, as kubectl does.
fn split(stream: &str) -> Vec<(usize, String)> {
    let mut parts = vec![(1, String::new())];
    for (index, line) in stream.lines().enumerate() {
        if line.trim_end() == "---" || line.starts_with("--- ") {
            // A separator before any content begins the first document rather than ending an empty one.
            if parts.len() == 1 && parts[0].1.trim().is_empty() {
                parts[0] = (index + 2, String::new());
            } else {
                parts.push((index + 2, String::new()));
            }
        } else if let Some((_, text)) = parts.last_mut() {
            text.push_str(line);
            text.push('\n');
        }
    }
    parts
}
