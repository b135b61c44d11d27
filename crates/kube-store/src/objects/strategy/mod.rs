//! What differs from kind to kind: defaults, rules, fields to select by, grace, contributions.
//!
//! [`default_strategy`] gives the built-in kinds theirs; [`ObjectsBuilder`](super::ObjectsBuilder) replaces them, or
//! adds contributions to the transactions of a kind.

mod builtin;
mod coded;
mod fields;
mod namespace;
mod plain;
mod pod;
mod pod_parts;

pub use builtin::default_strategy;
pub use coded::Coded;
pub use fields::SelectableField;
pub use plain::Plain;

pub(crate) use fields::FieldTree;

use super::candidate::{Candidate, Stored};
use crate::service::Subresource;
use kube_core::codec::Codec;
use kube_core::error::{ApiError, FieldError};
use kube_core::names::{NameRule, name_is_dns_subdomain};
use kube_core::view::DecodeError;
use serde_json::Value;
use std::fmt;

/// The rules of one kind. Metadata, generation, finalizers and the separation of status are not among them: those
/// are the same for all kinds.
///
/// A create runs `read`, `set_defaults`, admission, `set_defaults`, `prepare_create`, `validate`; an update the same
/// with `prepare_update` and `validate_update`. Every method has a default that does nothing.
///
/// Source: `k8s.io/apiserver/pkg/registry/rest` (`RESTCreateStrategy`, `RESTUpdateStrategy`, `RESTDeleteStrategy`).
pub trait Strategy: Send + Sync + fmt::Debug + 'static {
    /// Decodes and encodes objects of the kind; `None` for kinds without a type.
    fn codec(&self) -> Option<Codec> {
        None
    }

    /// What a client is told whose object does not decode.
    fn refuse(&self, _object: &Value, error: &DecodeError) -> ApiError {
        ApiError::bad_request(error.to_string())
    }

    /// Reads what a client sent.
    ///
    /// # Errors
    /// 400 when it does not decode.
    fn read(&self, object: &Value) -> Result<Candidate, ApiError> {
        Candidate::read(object, self.codec()).map_err(|error| self.refuse(object, &error))
    }

    /// Fills in what was left out. Runs before and after admission, and must give the same when run twice.
    ///
    /// # Errors
    /// 400 when the object cannot have defaults.
    fn set_defaults(&self, _object: &mut Candidate) -> Result<(), ApiError> {
        Ok(())
    }

    /// Brings a new object into its first state.
    ///
    /// # Errors
    /// 500 when the object has no such state.
    fn prepare_create(&self, _object: &mut Candidate) -> Result<(), ApiError> {
        Ok(())
    }

    /// Keeps what this write may not change.
    ///
    /// # Errors
    /// 500 when the stored object does not decode.
    fn prepare_update(
        &self,
        _old: &Stored,
        _new: &mut Candidate,
        _part: Subresource,
    ) -> Result<(), ApiError> {
        Ok(())
    }

    /// What is wrong with a new object.
    ///
    /// # Errors
    /// 400 when the object cannot be judged.
    fn validate(&self, _object: &Candidate) -> Result<Vec<FieldError>, ApiError> {
        Ok(Vec::new())
    }

    /// What is wrong with a change.
    ///
    /// # Errors
    /// 500 when the stored object does not decode.
    fn validate_update(
        &self,
        _old: &Stored,
        _new: &Candidate,
        _part: Subresource,
    ) -> Result<Vec<FieldError>, ApiError> {
        Ok(Vec::new())
    }

    /// What a name may look like.
    fn name_rule(&self) -> NameRule {
        name_is_dns_subdomain
    }

    /// Whether a create may bring a status, for kinds that have a status subresource.
    fn keeps_status_on_create(&self) -> bool {
        false
    }

    /// Whether `metadata.generation` counts changes of what is wanted.
    fn counts_generation(&self) -> bool {
        true
    }

    /// The fields that selectors may name, beside `metadata.name` and `metadata.namespace`.
    fn selectable_fields(&self) -> &[SelectableField] {
        &[]
    }

    /// Seconds of grace for a deletion that asks for `asked`; `None` for kinds that go at once.
    fn grace(&self, _object: &Candidate, _asked: Option<i64>) -> Option<i64> {
        None
    }

    /// Marks an object whose deletion begins.
    fn begin_deletion(&self, _object: &mut Candidate) {}

    /// Whether something beside finalizers and grace keeps a terminating object.
    fn holds(&self, _object: &Candidate) -> bool {
        false
    }
}
