//! The trait of typed objects.

use super::{KindInfo, ObjectKey, ResourceVersion, Uid};
use crate::codec::TypedObject;
use crate::error::{FieldError, FieldPath};
use crate::kinds::meta::v1::{ObjectMeta, OwnerReference};
use crate::table::PrinterColumn;
use crate::view::DecodeError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt;

/// A typed API object: a built-in kind of `k8s-openapi`, or [`Object<Spec>`](crate::custom::Object).
///
/// Implemented for every `k8s-openapi` kind with `ObjectMeta`; kinds of your own come from
/// [`CustomKind`](crate::custom::CustomKind).
///
/// Code that is generic over kinds reads and prints objects by the methods of this trait rather than by `serde_json`'s
/// functions: those of the kinds that everybody uses are compiled once, in this crate, and not again in every crate that
/// decodes them.
pub trait Resource: Serialize + DeserializeOwned + Clone + fmt::Debug + Send + Sync + 'static {
    /// The kind as data.
    fn kind_info() -> &'static KindInfo;

    /// The object's metadata.
    fn metadata(&self) -> &ObjectMeta;

    /// The object's metadata, to change it.
    fn metadata_mut(&mut self) -> &mut ObjectMeta;

    /// Reads an object of JSON text.
    ///
    /// # Errors
    /// It is not of this kind.
    fn from_json(json: &[u8]) -> Result<Self, DecodeError> {
        serde_json::from_slice(json).map_err(DecodeError::new)
    }

    /// Reads an object of a JSON value.
    ///
    /// # Errors
    /// It is not of this kind.
    fn from_json_value(value: &Value) -> Result<Self, DecodeError> {
        Self::deserialize(value).map_err(DecodeError::new)
    }

    /// The object as JSON text, as its type orders its fields. What is stored is printed by
    /// [`Codec::print`](crate::codec::Codec::print).
    ///
    /// # Errors
    /// A value in it has no JSON form.
    fn to_json_bytes(&self) -> Result<Vec<u8>, DecodeError> {
        let mut json = Vec::with_capacity(128);
        self.append_json(&mut json)?;
        Ok(json)
    }

    /// Puts the same text behind what `json` holds.
    ///
    /// # Errors
    /// As [`Resource::to_json_bytes`]; `json` may then hold some of it.
    fn append_json(&self, json: &mut Vec<u8>) -> Result<(), DecodeError> {
        serde_json::to_writer(json, self).map_err(DecodeError::new)
    }

    /// The object as a JSON value.
    ///
    /// # Errors
    /// A value in it has no JSON form.
    fn to_json_value(&self) -> Result<Value, DecodeError> {
        serde_json::to_value(self).map_err(DecodeError::new)
    }

    /// The object behind a plain trait: what is done with it there is compiled once, too.
    fn as_typed(&self) -> &dyn TypedObject {
        self
    }

    /// The object itself behind a plain trait.
    fn into_typed(self) -> Box<dyn TypedObject> {
        Box::new(self)
    }

    /// What is wrong with the object by the schema of its kind. Built-in kinds have none: their rules are
    /// [`Kind`](crate::validate::Kind)'s.
    fn validate_shape(&self) -> Vec<FieldError> {
        Vec::new()
    }

    /// The fields of `object` that the schema of the kind does not know. Built-in kinds have none: see
    /// [`Codec::unknown_fields`](crate::codec::Codec::unknown_fields).
    fn unknown_fields(object: &Value) -> Vec<FieldPath> {
        let _ = object;
        Vec::new()
    }

    /// The columns of a table of objects beside their name; none for the age alone. Those of built-in kinds are data of
    /// [`crate::table`].
    fn printer_columns() -> &'static [PrinterColumn] {
        &[]
    }
}

/// What callers ask of a [`Resource`].
pub trait ResourceExt: Resource {
    /// The name; empty when none is set yet.
    fn name(&self) -> &str {
        self.metadata().name.as_deref().unwrap_or_default()
    }

    /// The namespace; empty for cluster-scoped objects.
    fn namespace(&self) -> &str {
        self.metadata().namespace.as_deref().unwrap_or_default()
    }

    /// Namespace and name.
    fn key(&self) -> ObjectKey {
        ObjectKey::new(self.namespace(), self.name())
    }

    /// The uid; empty when the object was never stored.
    fn uid(&self) -> Uid {
        Uid::new(self.metadata().uid.as_deref().unwrap_or_default())
    }

    /// The version this value was read at, if it was read.
    fn resource_version(&self) -> Option<ResourceVersion> {
        self.metadata().resource_version.as_deref()?.parse().ok()
    }

    /// Whether deletion has begun.
    fn is_terminating(&self) -> bool {
        self.metadata().deletion_timestamp.is_some()
    }
}

impl<K: Resource> ResourceExt for K {}

/// The controller reference that makes `owner` the managing owner of a dependent.
///
/// Source: `metav1.NewControllerRef`.
pub fn owner_reference<K: Resource>(owner: &K) -> OwnerReference {
    let info = K::kind_info();
    OwnerReference {
        api_version: info.api_version(),
        kind: info.kind.clone().into_owned(),
        name: owner.name().to_owned(),
        uid: owner.uid().as_str().to_owned(),
        controller: Some(true),
        block_owner_deletion: Some(true),
    }
}
