//! Plugins that change or refuse writes, whatever their kind.
//!
//! A write runs all `mutate` in order, then defaults and rules of its kind, then all `validate` in order. Source:
//! `k8s.io/apiserver/pkg/admission`.

mod namespace_lifecycle;

pub use namespace_lifecycle::NamespaceLifecycle;

use super::candidate::{Candidate, Stored};
use super::contribution::{Contribution, TxnBuilder};
use async_trait::async_trait;
use kube_core::error::ApiError;
use std::fmt;

/// Changes or refuses writes.
#[async_trait]
pub trait Admission: Send + Sync + fmt::Debug + 'static {
    /// The plugin's name, as Kubernetes calls it.
    fn name(&self) -> &'static str;

    /// Whether the plugin looks at this write at all.
    fn handles(&self, cx: &Contribution<'_>) -> bool;

    /// Changes the object of a create or update, or refuses it. The object has its defaults; `old` is `None` for a
    /// create.
    ///
    /// # Errors
    /// Why the write is refused.
    async fn mutate(
        &self,
        _cx: &Contribution<'_>,
        _old: Option<&Stored>,
        _object: &mut Candidate,
    ) -> Result<(), ApiError> {
        Ok(())
    }

    /// Refuses a write that is valid by the rules of its kind: `old` is `None` for a create, `object` for a deletion.
    ///
    /// # Errors
    /// Why the write is refused.
    async fn validate(
        &self,
        _cx: &Contribution<'_>,
        _old: Option<&Stored>,
        _object: Option<&Candidate>,
    ) -> Result<(), ApiError> {
        Ok(())
    }

    /// Adds to the transaction of the write, as [`Contributor::contribute`](super::Contributor::contribute) does. It
    /// runs when the object is settled, and for a deletion only when the object goes.
    ///
    /// # Errors
    /// What refuses the write.
    async fn contribute(
        &self,
        _cx: &Contribution<'_>,
        _old: Option<&Stored>,
        _object: Option<&Candidate>,
        _txn: &mut TxnBuilder,
    ) -> Result<(), ApiError> {
        Ok(())
    }
}
