//! Every file starts with what it is about.

#[cfg(test)]
mod tests;

use super::{SourceFile, Violation};

/// The file when its first line is no `//!` with text. A crate root may take its README instead.
pub fn check(file: &SourceFile) -> Vec<Violation> {
    let first = file.text.lines().next().unwrap_or_default();
    let said = first.strip_prefix("//!").is_some_and(|text| !text.trim().is_empty());
    let readme = file.path.ends_with("src/lib.rs") && first.starts_with("#![doc = include_str!(");
    if said || readme {
        return Vec::new();
    }
    vec![file.violation(1, "the first line must be `//!` and say what the file is about")]
}
