//! What differs from kind to kind: defaults, rules, fields to select by, grace, contributions.
//!
//! [`default_strategy`] gives the built-in kinds theirs; [`ObjectsBuilder`](super::ObjectsBuilder) replaces or
//! extends them.

mod builtin;
mod coded;
mod extended;
mod fields;
mod namespace;
mod plain;
mod pod;
mod table;

pub use builtin::default_strategy;
pub use coded::Coded;
pub use extended::{Contributor, Extended};
pub use fields::SelectableField;
pub use namespace::NamespaceStrategy;
pub use plain::Plain;
pub use pod::PodStrategy;
pub use table::{Column, Table};

pub(crate) use fields::FieldTree;

use super::contribution::{Contribution, TxnBuilder};
use crate::service::Subresource;
use async_trait::async_trait;
use kube_core::error::{ApiError, FieldError};
use kube_core::names::{NameRule, name_is_dns_subdomain};
use serde_json::Value;
use std::fmt;

/// The stored object that a write changes.
#[derive(Clone, Copy, Debug)]
pub struct Stored<'a> {
    /// As JSON, without version.
    pub value: &'a Value,
    /// As it is stored.
    pub bytes: &'a [u8],
}

/// The rules of one kind. Metadata, generation, finalizers and the separation of status are not among them: those
/// are the same for all kinds.
///
/// A create runs [`Strategy::admit_create`], an update [`Strategy::admit_update`]; both run the single steps in
/// their order unless the strategy can do better (decode once). Every method has a default that does nothing.
///
/// Source: `k8s.io/apiserver/pkg/registry/rest` (`RESTCreateStrategy`, `RESTUpdateStrategy`, `RESTDeleteStrategy`).
#[async_trait]
pub trait Strategy: Send + Sync + fmt::Debug + 'static {
    /// Fills in what was left out. Runs before admission, and must give the same when run twice.
    ///
    /// # Errors
    /// 400 when the object does not decode.
    fn set_defaults(&self, _object: &mut Value) -> Result<(), ApiError> {
        Ok(())
    }

    /// Brings a new object into its first state.
    fn prepare_create(&self, _object: &mut Value) {}

    /// Keeps what this write may not change.
    fn prepare_update(&self, _old: Stored<'_>, _new: &mut Value, _subresource: Subresource) {}

    /// What is wrong with a new object.
    ///
    /// # Errors
    /// 400 when the object does not decode.
    fn validate(&self, _object: &Value) -> Result<Vec<FieldError>, ApiError> {
        Ok(Vec::new())
    }

    /// What is wrong with a change.
    ///
    /// # Errors
    /// 400 when the object does not decode.
    fn validate_update(
        &self,
        _old: Stored<'_>,
        _new: &Value,
        _subresource: Subresource,
    ) -> Result<Vec<FieldError>, ApiError> {
        Ok(Vec::new())
    }

    /// Defaults, prepares and validates a new object.
    ///
    /// # Errors
    /// 400 when the object does not decode.
    fn admit_create(&self, object: &mut Value) -> Result<Vec<FieldError>, ApiError> {
        self.set_defaults(object)?;
        self.prepare_create(object);
        self.validate(object)
    }

    /// Defaults, prepares and validates a changed object.
    ///
    /// # Errors
    /// 400 when the object does not decode.
    fn admit_update(
        &self,
        old: Stored<'_>,
        new: &mut Value,
        subresource: Subresource,
    ) -> Result<Vec<FieldError>, ApiError> {
        self.set_defaults(new)?;
        self.prepare_update(old, new, subresource);
        self.validate_update(old, new, subresource)
    }

    /// What a name may look like.
    fn name_rule(&self) -> NameRule {
        name_is_dns_subdomain
    }

    /// Whether a create may bring a status, for kinds that have a status subresource.
    fn keeps_status_on_create(&self) -> bool {
        false
    }

    /// The fields that selectors may name, beside `metadata.name` and `metadata.namespace`.
    fn selectable_fields(&self) -> &[SelectableField] {
        &[]
    }

    /// How objects look in a table; `None` for name and age alone.
    fn table(&self) -> Option<&Table> {
        None
    }

    /// Seconds of grace for a deletion that asks for `asked`; `None` for kinds that go at once.
    fn grace(&self, _object: &Value, _asked: Option<i64>) -> Option<i64> {
        None
    }

    /// Marks an object whose deletion begins.
    fn begin_deletion(&self, _object: &mut Value) {}

    /// Whether something beside finalizers and grace keeps a terminating object.
    fn holds(&self, _object: &Value) -> bool {
        false
    }

    /// Adds compares and writes to the transaction of a write, and may fill in fields of the new object. `old` is
    /// `None` for a create, `new` for a deletion. Runs last, and again whenever the transaction lost a race.
    ///
    /// # Errors
    /// What refuses the write.
    async fn contribute(
        &self,
        _cx: &Contribution<'_>,
        _old: Option<&Value>,
        _new: Option<&mut Value>,
        _txn: &mut TxnBuilder,
    ) -> Result<(), ApiError> {
        Ok(())
    }
}
