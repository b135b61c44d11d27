//! Plugins that change or refuse writes, whatever their kind.
//!
//! A write runs all `mutate` in order, then defaults and rules of its kind, then all `validate` in order. Source:
//! `k8s.io/apiserver/pkg/admission`.

mod namespace_lifecycle;

pub use namespace_lifecycle::NamespaceLifecycle;

use super::contribution::Contribution;
use async_trait::async_trait;
use kube_core::error::ApiError;
use serde_json::Value;
use std::fmt;

/// Changes or refuses writes.
#[async_trait]
pub trait Admission: Send + Sync + fmt::Debug + 'static {
    /// The plugin's name, as Kubernetes calls it.
    fn name(&self) -> &'static str;

    /// Whether the plugin looks at this write at all.
    fn handles(&self, cx: &Contribution<'_>) -> bool;

    /// Whether [`Admission::mutate`] wants to see the object with its defaults. One that only looks at the key
    /// saves a decode by saying no.
    fn needs_defaults(&self) -> bool {
        true
    }

    /// Changes the object of a create or update, or refuses it.
    ///
    /// # Errors
    /// Why the write is refused.
    async fn mutate(&self, _cx: &Contribution<'_>, _object: &mut Value) -> Result<(), ApiError> {
        Ok(())
    }

    /// Refuses a write: `old` is `None` for a create, `object` for a deletion.
    ///
    /// # Errors
    /// Why the write is refused.
    async fn validate(
        &self,
        _cx: &Contribution<'_>,
        _old: Option<&Value>,
        _object: Option<&Value>,
    ) -> Result<(), ApiError> {
        Ok(())
    }
}
