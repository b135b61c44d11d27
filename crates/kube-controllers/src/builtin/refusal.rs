//! Refusals that are no failures.

use kube_core::error::ApiError;

/// Whether a creation was refused because the namespace goes: nothing can be created there, and nothing has to be.
pub(super) fn is_namespace_terminating(error: &ApiError) -> bool {
    error.details.causes.iter().any(|cause| cause.reason == "NamespaceTerminating")
}
