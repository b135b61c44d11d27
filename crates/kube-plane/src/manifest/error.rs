//! A manifest that was refused.

use kube_core::error::ApiError;
use std::fmt;

/// A manifest that was refused: which document, and why. Nothing was stored.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ManifestError {
    /// The stream's name, as the caller gave it.
    pub source_name: String,
    /// Which document, from 1; 0 when it is about the stream as a whole.
    pub document: usize,
    /// What the document holds, as far as it tells: `apps/v1 Deployment default/web`.
    pub what: String,
    /// Why it was refused.
    pub error: ApiError,
}

impl ManifestError {
    pub(super) fn new(source: &str, document: usize, what: &str, error: ApiError) -> Self {
        Self { source_name: source.to_owned(), document, what: what.to_owned(), error }
    }
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source_name)?;
        if self.document > 0 {
            write!(f, ", document {}", self.document)?;
        }
        if !self.what.is_empty() {
            write!(f, " ({})", self.what)?;
        }
        f.write_str(":")?;
        let causes = &self.error.details.causes;
        if causes.iter().all(|cause| cause.field.is_empty()) {
            write!(f, "\n  {}", self.error.message)?;
        } else {
            for cause in causes {
                write!(f, "\n  {}: {}", cause.field, cause.message)?;
            }
        }
        f.write_str("\nnothing was stored")
    }
}

impl std::error::Error for ManifestError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}
