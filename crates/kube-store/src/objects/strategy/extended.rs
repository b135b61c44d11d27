//! Adding a contribution to the strategy of a kind.

use super::{SelectableField, Stored, Strategy, Table};
use crate::objects::{Contribution, TxnBuilder};
use crate::service::Subresource;
use async_trait::async_trait;
use kube_core::error::{ApiError, FieldError};
use kube_core::names::NameRule;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

/// Adds compares and writes to the transactions of a kind: allocations, quotas, budgets.
#[async_trait]
pub trait Contributor: Send + Sync + fmt::Debug + 'static {
    /// As [`Strategy::contribute`].
    ///
    /// # Errors
    /// What refuses the write.
    async fn contribute(
        &self,
        cx: &Contribution<'_>,
        old: Option<&Value>,
        new: Option<&mut Value>,
        txn: &mut TxnBuilder,
    ) -> Result<(), ApiError>;
}

/// A strategy with one more contribution, made after those of the strategy itself.
#[derive(Debug)]
pub struct Extended {
    inner: Arc<dyn Strategy>,
    contributor: Arc<dyn Contributor>,
}

impl Extended {
    /// `inner`, and what `contributor` adds.
    pub fn new(inner: Arc<dyn Strategy>, contributor: Arc<dyn Contributor>) -> Self {
        Self { inner, contributor }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Strategy for Extended {
    fn set_defaults(&self, object: &mut Value) -> Result<(), ApiError> {
        self.inner.set_defaults(object)
    }

    fn prepare_create(&self, object: &mut Value) {
        self.inner.prepare_create(object);
    }

    fn prepare_update(&self, old: Stored<'_>, new: &mut Value, subresource: Subresource) {
        self.inner.prepare_update(old, new, subresource);
    }

    fn validate(&self, object: &Value) -> Result<Vec<FieldError>, ApiError> {
        self.inner.validate(object)
    }

    fn validate_update(
        &self,
        old: Stored<'_>,
        new: &Value,
        subresource: Subresource,
    ) -> Result<Vec<FieldError>, ApiError> {
        self.inner.validate_update(old, new, subresource)
    }

    fn admit_create(&self, object: &mut Value) -> Result<Vec<FieldError>, ApiError> {
        self.inner.admit_create(object)
    }

    fn admit_update(
        &self,
        old: Stored<'_>,
        new: &mut Value,
        subresource: Subresource,
    ) -> Result<Vec<FieldError>, ApiError> {
        self.inner.admit_update(old, new, subresource)
    }

    fn name_rule(&self) -> NameRule {
        self.inner.name_rule()
    }

    fn keeps_status_on_create(&self) -> bool {
        self.inner.keeps_status_on_create()
    }

    fn selectable_fields(&self) -> &[SelectableField] {
        self.inner.selectable_fields()
    }

    fn table(&self) -> Option<&Table> {
        self.inner.table()
    }

    fn grace(&self, object: &Value, asked: Option<i64>) -> Option<i64> {
        self.inner.grace(object, asked)
    }

    fn begin_deletion(&self, object: &mut Value) {
        self.inner.begin_deletion(object);
    }

    fn holds(&self, object: &Value) -> bool {
        self.inner.holds(object)
    }

    async fn contribute(
        &self,
        cx: &Contribution<'_>,
        old: Option<&Value>,
        mut new: Option<&mut Value>,
        txn: &mut TxnBuilder,
    ) -> Result<(), ApiError> {
        self.inner.contribute(cx, old, new.as_deref_mut(), txn).await?;
        self.contributor.contribute(cx, old, new, txn).await
    }
}
