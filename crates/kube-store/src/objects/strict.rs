//! What is told beside a write: fields that the kind does not know, fields that are deprecated.
//!
//! Source: `k8s.io/apiserver/pkg/endpoints/handlers` (`create.go`, `update.go`, `patch.go`),
//! `k8s.io/apimachinery/pkg/runtime` (`NewStrictDecodingError`).

use super::candidate::{Candidate, Stored};
use super::plan::Planner;
use crate::service::FieldValidation;
use kube_core::error::{ApiError, Cause, FieldError, FieldErrorKind, FieldPath};
use serde_json::Value;

/// Fields that the kind does not know, in the words of a strict decoder.
fn words(unknown: &[FieldPath]) -> Vec<String> {
    unknown.iter().map(|path| format!("unknown field \"{path}\"")).collect()
}

impl Planner<'_> {
    /// Whether fields that the kind does not know are looked for.
    pub(super) fn is_strict(&self) -> bool {
        self.options.field_validation != FieldValidation::Ignore
    }

    /// Refuses what a client sent for its unknown fields, or tells of them.
    pub(super) fn judge_unknown(&self, unknown: &[FieldPath]) -> Result<(), ApiError> {
        self.judge(unknown, |texts| {
            let (kind, version) = (&self.served.info.kind, self.served.info.api_version());
            let why = strict_error(texts);
            let refused = ApiError::bad_request(format!(
                "{kind} in version {version:?} cannot be handled as a {kind}: {why}"
            ));
            unknown.iter().zip(texts).fold(refused, |refused, (path, text)| {
                let reason = FieldErrorKind::Invalid.reason().to_owned();
                refused.with_cause(Cause { reason, message: text.clone(), field: path.to_string() })
            })
        })
    }

    /// The same for what a patch has made of the stored object.
    pub(super) fn judge_patched(&self, patched: &Value, unknown: &[FieldPath]) -> Result<(), ApiError> {
        self.judge(unknown, |texts| {
            let path = FieldPath::new("patch");
            let error = FieldError::invalid(&path, patched.to_string(), strict_error(texts));
            ApiError::invalid("", "", "", &[error])
        })
    }

    fn judge(
        &self,
        unknown: &[FieldPath],
        refused: impl FnOnce(&[String]) -> ApiError,
    ) -> Result<(), ApiError> {
        if unknown.is_empty() {
            return Ok(());
        }
        let texts = words(unknown);
        if self.options.field_validation == FieldValidation::Strict {
            return Err(refused(&texts));
        }
        if let Some(warnings) = &self.options.warnings {
            for text in texts {
                warnings.tell(self.index, text);
            }
        }
        Ok(())
    }

    /// Tells whoever listens what there is to tell of a valid object.
    pub(super) fn tell(&self, object: &Candidate, old: Option<&Stored>) -> Result<(), ApiError> {
        let Some(warnings) = &self.options.warnings else { return Ok(()) };
        for text in self.served.strategy.warnings(object, old)? {
            warnings.tell(self.index, text);
        }
        Ok(())
    }
}

fn strict_error(texts: &[String]) -> String {
    format!("strict decoding error: {}", texts.join(", "))
}
