//! Multi-document YAML, as manifests come.

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

/// The documents of a YAML (or JSON) stream; empty ones are left out.
///
/// # Errors
/// The first document that does not parse.
pub fn documents(stream: &str) -> Result<Vec<Document>, YamlError> {
    let mut found = Vec::new();
    for (index, (line, text)) in split(stream).into_iter().enumerate() {
        let number = index + 1;
        let blank = text.lines().all(|l| l.trim().is_empty() || l.trim_start().starts_with('#'));
        if blank {
            continue;
        }
        let value: Value =
            serde_saphyr::from_str(&text).map_err(|e| YamlError { number, line, message: e.to_string() })?;
        if !value.is_null() {
            found.push(Document { number, line, value });
        }
    }
    Ok(found)
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
