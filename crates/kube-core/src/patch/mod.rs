//! Patches: changes of an object as data.
//!
//! [`apply_merge`] is RFC 7386, [`apply_json`] RFC 6902 with Kubernetes' limit on the number of operations.
//!
//! ```
//! use kube_core::patch::{apply_json, apply_merge};
//! use serde_json::json;
//!
//! let mut object = json!({"spec": {"replicas": 1, "paused": true}});
//! apply_merge(&mut object, &json!({"spec": {"replicas": 3, "paused": null}}));
//! apply_json(&mut object, &json!([{"op": "add", "path": "/spec/minReadySeconds", "value": 5}]))?;
//! assert_eq!(object, json!({"spec": {"replicas": 3, "minReadySeconds": 5}}));
//! # Ok::<(), kube_core::patch::PatchError>(())
//! ```

use serde_json::Value;
use std::fmt;

#[cfg(test)]
mod tests;

/// How many operations a JSON patch may have.
///
/// Source: `k8s.io/apiserver/pkg/endpoints/handlers` (`maxJSONPatchOperations`).
pub const MAX_JSON_PATCH_OPERATIONS: usize = 10_000;

/// A patch that cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatchError {
    /// It is no patch at all.
    Malformed {
        /// What is wrong with it.
        reason: String,
    },
    /// It has more operations than are allowed.
    TooMany {
        /// How many it has.
        operations: usize,
    },
    /// One of its operations does not fit the object; the object is unchanged.
    Failed {
        /// Which operation, from 0.
        operation: usize,
        /// The path it names.
        path: String,
        /// What does not fit.
        reason: String,
    },
}

impl fmt::Display for PatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { reason } => f.write_str(reason),
            Self::TooMany { operations } => write!(
                f,
                "the allowed maximum operations in a JSON patch is {MAX_JSON_PATCH_OPERATIONS}, got {operations}"
            ),
            Self::Failed { operation, path, reason } => {
                write!(f, "operation {operation} at {path:?}: {reason}")
            }
        }
    }
}

impl std::error::Error for PatchError {}

/// Merges `patch` into `target`: objects are merged, `null` deletes, everything else replaces.
pub fn apply_merge(target: &mut Value, patch: &Value) {
    json_patch::merge(target, patch);
}

/// Applies the list of operations `patch` to `target`, all of them or none.
///
/// # Errors
/// What is wrong with the patch, or which operation does not fit.
pub fn apply_json(target: &mut Value, patch: &Value) -> Result<(), PatchError> {
    if let Some(operations) = patch.as_array().map(Vec::len).filter(|n| *n > MAX_JSON_PATCH_OPERATIONS) {
        return Err(PatchError::TooMany { operations });
    }
    let patch: json_patch::Patch = serde::Deserialize::deserialize(patch)
        .map_err(|error: serde_json::Error| PatchError::Malformed { reason: error.to_string() })?;
    json_patch::patch(target, &patch).map_err(|error| PatchError::Failed {
        operation: error.operation,
        path: error.path.to_string(),
        reason: error.kind.to_string(),
    })
}
