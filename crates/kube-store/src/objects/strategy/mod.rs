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
use kube_core::codec::{Codec, TypedObject};
use kube_core::error::{ApiError, FieldError, FieldPath};
use kube_core::names::{NameRule, name_is_dns_subdomain};
use kube_core::resource::KindInfo;
use kube_core::table::Layout;
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
///
/// ```
/// use kube_core::error::{ApiError, FieldError, FieldPath};
/// use kube_core::kinds::core::v1::ConfigMap;
/// use kube_store::objects::strategy::default_strategy;
/// use kube_store::objects::{Candidate, Objects, Strategy};
/// use kube_store::{api::Api, rt, storage::MemoryStorage};
/// use kube_core::resource::Resource;
/// use std::sync::Arc;
///
/// /// Config maps that are never empty.
/// #[derive(Debug)]
/// struct Filled(Arc<dyn Strategy>);
///
/// impl Strategy for Filled {
///     fn codec(&self) -> Option<kube_core::codec::Codec> {
///         self.0.codec()
///     }
///
///     fn validate(&self, object: &Candidate) -> Result<Vec<FieldError>, ApiError> {
///         let mut errors = self.0.validate(object)?;
///         let empty = |map: &ConfigMap| map.data.as_ref().is_none_or(|data| data.is_empty());
///         if object.typed().is_some_and(empty) {
///             errors.push(FieldError::required(&FieldPath::new("data"), "an empty map tells nothing"));
///         }
///         Ok(errors)
///     }
/// }
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
/// # runtime.block_on(async {
/// let filled = Arc::new(Filled(default_strategy(ConfigMap::kind_info())));
/// let objects = Objects::builder(Arc::new(MemoryStorage::new()), rt::env())
///     .strategy("", "ConfigMap", filled)
///     .build();
/// let mut map = ConfigMap::default();
/// map.metadata.name = Some("settings".to_owned());
/// let refused = Api::namespaced(objects, "default").create(&map).await.unwrap_err();
/// assert_eq!(
///     refused.message,
///     r#"ConfigMap "settings" is invalid: data: Required value: an empty map tells nothing"#
/// );
/// # });
/// ```
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

    /// Whether an object that a program made is taken over by the codec of the kind. It is written as JSON and goes through
    /// [`Strategy::read`] otherwise: a strategy that reads in its own way has nothing to do here.
    fn takes_over(&self, _object: &dyn TypedObject) -> bool {
        false
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

    /// The fields of `given` that the kind does not know; `object` is what was read of it.
    ///
    /// # Errors
    /// 500 when a value has no JSON form.
    fn unknown_fields(&self, _given: &Value, _object: &Candidate) -> Result<Vec<FieldPath>, ApiError> {
        Ok(Vec::new())
    }

    /// What a client is told of a valid object, new or changed: fields that are deprecated, or do not what they seem to
    /// do. Asked only when somebody listens.
    ///
    /// # Errors
    /// 500 when the stored object does not decode.
    fn warnings(&self, _object: &Candidate, _old: Option<&Stored>) -> Result<Vec<String>, ApiError> {
        Ok(Vec::new())
    }

    /// How objects of the kind are shown as a table.
    fn layout(&self, kind: &KindInfo) -> Layout {
        Layout::of(kind)
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
