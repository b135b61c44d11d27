//! Continue tokens: where a page of a list ended.
//!
//! Source: `k8s.io/apiserver/pkg/storage/continue.go`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kube_core::error::ApiError;
use serde::{Deserialize, Serialize};

/// Where a page ended. Opaque to callers, Kubernetes' form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Token {
    #[serde(rename = "v")]
    form: String,
    /// The revision of all pages; negative to go on at the newest.
    #[serde(rename = "rv")]
    pub(super) revision: i64,
    /// Where to go on, relative to the kind's keys.
    pub(super) start: String,
}

const FORM: &str = "meta.k8s.io/v1";

impl Token {
    pub(super) fn new(revision: i64, start: &str) -> Self {
        Self { form: FORM.to_owned(), revision, start: start.to_owned() }
    }

    pub(super) fn encode(&self) -> String {
        let json = serde_json::to_vec(self).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(json)
    }

    /// # Errors
    /// 400 for a text that is no token.
    pub(super) fn decode(text: &str) -> Result<Self, ApiError> {
        let refuse = |why: String| ApiError::bad_request(format!("continue key is not valid: {why}"));
        let json = URL_SAFE_NO_PAD.decode(text).map_err(|error| refuse(error.to_string()))?;
        let token: Self = serde_json::from_slice(&json).map_err(|error| refuse(error.to_string()))?;
        if token.form != FORM {
            return Err(refuse(format!("server does not recognize this encoded version {:?}", token.form)));
        }
        if token.revision == 0 || token.start.is_empty() || token.start.starts_with('/') {
            return Err(refuse("it names no place".to_owned()));
        }
        Ok(token)
    }
}
