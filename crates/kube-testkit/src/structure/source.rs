//! A Rust file, parsed once for all rules.

use super::Violation;
use std::fmt;

/// A Rust file: its path, its text and its syntax tree.
#[derive(Clone)]
#[non_exhaustive]
pub struct SourceFile {
    /// Path relative to the root of the workspace, with `/` between its parts.
    pub path: String,
    /// The whole text.
    pub text: String,
    /// The parsed text; its spans carry lines.
    pub syntax: syn::File,
}

impl SourceFile {
    /// Parses `text`.
    ///
    /// # Errors
    /// A [`Violation`] at the place where `text` stops being Rust.
    pub fn parse(path: impl Into<String>, text: impl Into<String>) -> Result<Self, Violation> {
        let (path, text) = (path.into(), text.into());
        match syn::parse_file(&text) {
            Ok(syntax) => Ok(Self { path, text, syntax }),
            Err(error) => {
                Err(Violation::new(path, error.span().start().line, format!("does not parse: {error}")))
            }
        }
    }

    /// Whether the file holds tests only: `tests.rs`, or anything in a folder `tests`.
    pub fn is_test(&self) -> bool {
        let mut parts = self.path.rsplit('/');
        parts.next() == Some("tests.rs") || parts.any(|folder| folder == "tests")
    }

    pub(super) fn violation(&self, line: usize, message: impl Into<String>) -> Violation {
        Violation::new(&self.path, line, message)
    }
}

impl fmt::Debug for SourceFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceFile").field("path", &self.path).finish_non_exhaustive()
    }
}
