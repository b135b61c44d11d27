//! The typed form of built-in kinds behind plain functions of JSON.
//!
//! Code that handles *any* built-in kind (an API server does) would compile the decoder, the encoder and the rules of
//! every type again. A [`Codec`] is a table of functions for one type, and [`find_codec`] gives the tables that are
//! compiled here, once.
//!
//! ```
//! use kube_core::codec::find_codec;
//! use serde_json::json;
//!
//! let codec = find_codec("", "v1", "ConfigMap").expect("a built-in kind");
//! let mut object = json!({"metadata": {"name": "a"}, "data": {"x": "1"}, "nonsense": true, "immutable": null});
//! codec.create(&mut object)?;
//! assert_eq!(object, json!({
//!     "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"x": "1"},
//! }));
//! assert!(codec.create(&mut json!({"data": 7})).is_err());
//! # Ok::<(), kube_core::view::DecodeError>(())
//! ```

mod builtin;
mod locate;
mod print;
#[cfg(test)]
mod status_tests;
mod strict;
#[cfg(test)]
mod tests;
mod typed;

pub use builtin::find_codec;
pub use typed::TypedObject;

use crate::error::{FieldError, FieldPath};
use crate::names::{NameRule, name_is_dns_subdomain};
use crate::resource::Resource;
use crate::table::PrinterColumn;
use crate::validate::{Kind, validate_builtin_finalizers};
use crate::view::DecodeError;
use crate::wire::{Scanned, canonical, fields};
use bytes::Bytes;
use jiff::Timestamp;
use print::{print_in_order, print_status, read_status, with_status};
use serde::de::value::MapDeserializer;
use serde_json::Value;
use std::fmt;
use strict::unknown_fields;

/// What is wrong with an object that decodes, or why it does not decode.
pub type Judged = Result<Vec<FieldError>, DecodeError>;

/// A typed object, or why the JSON is none.
pub type Decoded = Result<Box<dyn TypedObject>, DecodeError>;

/// What a status alone reads as, `None` for an object of another type.
type StatusDecoded = Result<Option<Box<dyn TypedObject>>, DecodeError>;

/// Decoding, defaults and rules of one type, as functions of JSON and of [`TypedObject`]s.
///
/// An object that went through one of them has the one form that its type gives it: unknown fields and nulls are
/// gone, times and quantities are written in one way. Functions of typed objects leave objects of another type alone.
#[derive(Clone, Copy)]
pub struct Codec {
    read: fn(&Value) -> Decoded,
    read_head: fn(&Value) -> Decoded,
    parse: fn(&[u8]) -> Decoded,
    holds_any_json: bool,
    takes_over: fn(&dyn TypedObject) -> bool,
    copy: fn(&dyn TypedObject, Extent) -> Option<Box<dyn TypedObject>>,
    read_status: fn(&dyn TypedObject) -> StatusDecoded,
    print: fn(&dyn TypedObject) -> Result<Bytes, DecodeError>,
    print_status: fn(&dyn TypedObject, &Scanned) -> Result<Bytes, DecodeError>,
    defaults: fn(&mut dyn TypedObject),
    prepare_create: fn(&mut dyn TypedObject),
    prepare_update: fn(&mut dyn TypedObject, &dyn TypedObject),
    validate: fn(&dyn TypedObject) -> Vec<FieldError>,
    validate_update: fn(&dyn TypedObject, &dyn TypedObject) -> Vec<FieldError>,
    status: Option<StatusRules>,
    warnings: fn(&dyn TypedObject, Option<&dyn TypedObject>) -> Vec<String>,
    unknown: fn(&Value, &dyn TypedObject) -> Result<Vec<FieldPath>, DecodeError>,
    columns: fn() -> &'static [PrinterColumn],
    name_rule: NameRule,
}

/// How much of a typed object is taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    Whole,
    /// All but its status.
    WithoutStatus,
}

/// The rules of a kind's status.
#[derive(Clone, Copy)]
struct StatusRules {
    /// Reads of a stored object what the rules look at; nothing for rules that look at the new one alone.
    parse: Option<fn(&Scanned, &dyn TypedObject) -> Decoded>,
    prepare: fn(&mut dyn TypedObject, &dyn TypedObject, Timestamp),
    validate: fn(&dyn TypedObject, Option<&dyn TypedObject>) -> Vec<FieldError>,
}

impl Codec {
    /// The type `K` without any rules but its own shape.
    pub const fn of<K: Resource>() -> Self {
        Self {
            read: |object| Ok(Box::new(K::from_json_value(object)?)),
            read_head: |object| Ok(Box::new(K::from_json_value(object)?)),
            parse: parse::<K>,
            holds_any_json: true,
            takes_over: |_| false,
            copy: |_, _| None,
            read_status: |_| Ok(None),
            print: |object| Ok(canonical(&object.to_json()?)),
            print_status: |object, stored| Ok(with_status(stored, fields(&canonical(&object.to_json()?)))),
            defaults: |_| {},
            prepare_create: |_| {},
            prepare_update: |_, _| {},
            validate: |object| object.as_kind::<K>().map(K::validate_shape).unwrap_or_default(),
            validate_update: |new, _| new.as_kind::<K>().map(K::validate_shape).unwrap_or_default(),
            status: Some(StatusRules {
                parse: None,
                prepare: |_, _, _| {},
                validate: |new, _| new.as_kind::<K>().map(K::validate_shape).unwrap_or_default(),
            }),
            warnings: |_, _| Vec::new(),
            unknown: |given, _| Ok(K::unknown_fields(given)),
            columns: K::printer_columns,
            name_rule: name_is_dns_subdomain,
        }
    }

    /// The type `K` with the rules that [`Kind`] states for it.
    pub fn ruled<K: Kind>() -> Self {
        Self {
            read: |object| Ok(Box::new(K::decode(object).map_err(DecodeError::new)?)),
            read_head: read_head::<K>,
            parse: parse::<K>,
            holds_any_json: !K::AS_IT_IS,
            takes_over: |object| K::AS_IT_IS && object.as_kind::<K>().is_some(),
            copy: copy::<K>,
            read_status: read_status::<K>,
            print: print_in_order::<K>,
            print_status: print_status::<K>,
            defaults: |object| {
                if let Some(object) = object.as_kind_mut::<K>() {
                    object.set_defaults();
                }
            },
            prepare_create: |object| {
                if let Some(object) = object.as_kind_mut::<K>() {
                    object.prepare_create();
                }
            },
            prepare_update: |new, old| {
                if let (Some(new), Some(old)) = (new.as_kind_mut::<K>(), old.as_kind::<K>()) {
                    new.prepare_update(old);
                }
            },
            validate: |object| {
                let Some(object) = object.as_kind::<K>() else { return Vec::new() };
                let mut errors = validate_builtin_finalizers(object.metadata());
                errors.extend(object.validate());
                errors
            },
            validate_update: |new, old| {
                let (Some(new), Some(old)) = (new.as_kind::<K>(), old.as_kind::<K>()) else {
                    return Vec::new();
                };
                let mut errors = validate_builtin_finalizers(new.metadata());
                errors.extend(new.validate_update(old));
                errors
            },
            status: K::JUDGES_STATUS.then_some(StatusRules {
                parse: Some(parse_for_status::<K>),
                prepare: |new, old, now| {
                    if let (Some(new), Some(old)) = (new.as_kind_mut::<K>(), old.as_kind::<K>()) {
                        new.prepare_status_update(old, now);
                    }
                },
                validate: |new, old| match (new.as_kind::<K>(), old.and_then(|old| old.as_kind::<K>())) {
                    (Some(new), Some(old)) => new.validate_status_update(old),
                    _ => Vec::new(),
                },
            }),
            warnings: |new, old| match new.as_kind::<K>() {
                Some(new) => new.warnings(old.and_then(|old| old.as_kind::<K>())),
                None => Vec::new(),
            },
            unknown: |given, typed| Ok(unknown_fields(given, &typed.to_json()?)),
            columns: || &[],
            name_rule: K::name_rule(),
        }
    }

    /// Reads an object that a client sent. Nothing is filled in.
    ///
    /// # Errors
    /// The object does not decode.
    pub fn read(&self, object: &Value) -> Decoded {
        (self.read)(object)
    }

    /// Reads type, metadata and status of an object that a client sent, and of a kind without rules all of it.
    ///
    /// # Errors
    /// They do not decode.
    pub fn read_head(&self, object: &Value) -> Decoded {
        (self.read_head)(object)
    }

    /// Reads an object that was stored. Nothing is filled in.
    ///
    /// # Errors
    /// The object does not decode.
    pub fn parse(&self, json: &[u8]) -> Decoded {
        (self.parse)(json)
    }

    /// Whether objects of the kind may hold JSON of any depth, beside their metadata. Where not, nothing that is nested
    /// deeply outlives the reading.
    pub fn holds_any_json(&self) -> bool {
        self.holds_any_json
    }

    /// Whether an object that a program made is what reading its JSON would give. Not so for kinds that are read in a way
    /// of their own, and for objects of another type.
    pub fn takes_over(&self, object: &dyn TypedObject) -> bool {
        (self.takes_over)(object)
    }

    /// Takes over an object that a program made; `None` where [`Codec::takes_over`] says no.
    pub fn copy(&self, object: &dyn TypedObject, extent: Extent) -> Option<Box<dyn TypedObject>> {
        (self.copy)(object, extent)
    }

    /// The status of an object that a program made, and nothing else, as reading its JSON gives it; `None` where
    /// [`Codec::takes_over`] says no, and for kinds without a status.
    ///
    /// # Errors
    /// A value in it has no JSON form.
    pub fn read_status(&self, object: &dyn TypedObject) -> Result<Option<Box<dyn TypedObject>>, DecodeError> {
        (self.read_status)(object)
    }

    /// Writes the object as canonical JSON.
    ///
    /// # Errors
    /// A value in it has no JSON form.
    pub fn print(&self, object: &dyn TypedObject) -> Result<Bytes, DecodeError> {
        (self.print)(object)
    }

    /// The stored object, as canonical JSON, with the metadata and the status of `object`, which may lack everything else.
    ///
    /// # Errors
    /// A value in it has no JSON form, or the stored bytes are no whole object.
    pub fn print_status(&self, object: &dyn TypedObject, stored: &Scanned) -> Result<Bytes, DecodeError> {
        if !stored.is_whole() {
            return Err(DecodeError::new(serde::de::Error::custom("the stored object is not whole")));
        }
        (self.print_status)(object, stored)
    }

    /// Fills in what was left out.
    pub fn default_typed(&self, object: &mut dyn TypedObject) {
        (self.defaults)(object);
    }

    /// Brings a new object into its first state; it is defaulted.
    pub fn begin_typed(&self, object: &mut dyn TypedObject) {
        (self.prepare_create)(object);
    }

    /// Keeps what an update of `old` may leave out; both are defaulted.
    pub fn prepare_typed(&self, new: &mut dyn TypedObject, old: &dyn TypedObject) {
        (self.prepare_update)(new, old);
    }

    /// What is wrong with a new object that is defaulted.
    pub fn check_created(&self, object: &dyn TypedObject) -> Vec<FieldError> {
        (self.validate)(object)
    }

    /// What is wrong with `new` as the successor of `old`; both are defaulted.
    pub fn check_updated(&self, new: &dyn TypedObject, old: &dyn TypedObject) -> Vec<FieldError> {
        (self.validate_update)(new, old)
    }

    /// Reads of an object that was stored what the rules of its status look at to judge that of `new`, but for its
    /// metadata; `None` for kinds without such rules.
    ///
    /// # Errors
    /// The object does not decode.
    pub fn parse_for_status(
        &self,
        stored: &Scanned,
        new: &dyn TypedObject,
    ) -> Result<Option<Box<dyn TypedObject>>, DecodeError> {
        self.status.and_then(|rules| rules.parse).map(|parse| parse(stored, new)).transpose()
    }

    /// Keeps what a write of the status may leave out, and notes what has changed `now`; `old` is from
    /// [`Codec::parse_for_status`]. Of `new` only metadata and status are looked at.
    pub fn prepare_status(&self, new: &mut dyn TypedObject, old: &dyn TypedObject, now: Timestamp) {
        if let Some(rules) = self.status {
            (rules.prepare)(new, old, now);
        }
    }

    /// What is wrong with the status of `new` as the successor of that of `old`, which is from
    /// [`Codec::parse_for_status`].
    pub fn check_status(&self, new: &dyn TypedObject, old: Option<&dyn TypedObject>) -> Vec<FieldError> {
        self.status.map(|rules| (rules.validate)(new, old)).unwrap_or_default()
    }

    /// What a client is told of a valid object, new or the successor of `old`: fields that are deprecated, or do not what
    /// they seem to do.
    pub fn warnings(&self, new: &dyn TypedObject, old: Option<&dyn TypedObject>) -> Vec<String> {
        (self.warnings)(new, old)
    }

    /// The fields of the JSON `given` that its type does not know, in their order; `read` is what was read of it.
    ///
    /// # Errors
    /// A value has no JSON form.
    pub fn unknown_fields(
        &self,
        given: &Value,
        read: &dyn TypedObject,
    ) -> Result<Vec<FieldPath>, DecodeError> {
        (self.unknown)(given, read)
    }

    /// The columns that the kind has beside its name; empty where [`crate::table`] knows the kind, or for the age alone.
    pub fn printer_columns(&self) -> &'static [PrinterColumn] {
        (self.columns)()
    }

    /// Fills in what was left out.
    ///
    /// # Errors
    /// The object does not decode.
    pub fn set_defaults(&self, object: &mut Value) -> Result<(), DecodeError> {
        let mut typed = self.read(object)?;
        self.default_typed(&mut *typed);
        *object = typed.to_json()?;
        Ok(())
    }

    /// Fills in what was left out of a new object, and tells what is wrong with it.
    ///
    /// # Errors
    /// The object does not decode.
    pub fn create(&self, object: &mut Value) -> Judged {
        let mut typed = self.read(object)?;
        self.default_typed(&mut *typed);
        *object = typed.to_json()?;
        Ok(self.check_created(&*typed))
    }

    /// Fills in what was left out of a changed object, and tells what is wrong with it as the successor of `old`,
    /// which is JSON.
    ///
    /// # Errors
    /// One of the objects does not decode.
    pub fn update(&self, old: &[u8], object: &mut Value) -> Judged {
        let mut typed = self.read(object)?;
        self.default_typed(&mut *typed);
        let mut old = self.parse(old)?;
        self.default_typed(&mut *old);
        self.prepare_typed(&mut *typed, &*old);
        *object = typed.to_json()?;
        Ok(self.check_updated(&*typed, &*old))
    }

    /// Which field of an object that does not decode is to blame; the root when all of it is, or none.
    pub fn locate(&self, object: &Value) -> FieldPath {
        locate::locate(object, &|object| self.read(object).err().map(|error| error.to_string()))
    }

    /// What names of the kind look like.
    pub fn name_rule(&self) -> NameRule {
        self.name_rule
    }
}

impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Codec")
    }
}

fn parse<K: Resource>(json: &[u8]) -> Decoded {
    Ok(Box::new(K::from_json(json)?))
}

fn parse_for_status<K: Kind>(stored: &Scanned, new: &dyn TypedObject) -> Decoded {
    let read = match new.as_kind::<K>() {
        Some(new) => K::decode_for_status(stored, new),
        None => serde_json::from_slice(stored.bytes()),
    };
    Ok(Box::new(read.map_err(DecodeError::new)?))
}

fn read_head<K: Kind>(object: &Value) -> Decoded {
    let fields = object.as_object().into_iter().flatten().filter(|(name, _)| is_head(name));
    let fields = fields.map(|(name, value)| (name.as_str(), value));
    let fields = MapDeserializer::<_, serde_json::Error>::new(fields);
    Ok(Box::new(K::deserialize(fields).map_err(DecodeError::new)?))
}

/// Whether the field is no part of what is wanted of an object, but its type, its metadata or its status.
pub fn is_head(field: &str) -> bool {
    matches!(field, "apiVersion" | "kind" | "metadata" | "status")
}

fn copy<K: Kind>(object: &dyn TypedObject, extent: Extent) -> Option<Box<dyn TypedObject>> {
    let mut own = if K::AS_IT_IS { object.as_kind::<K>()?.clone() } else { return None };
    if extent == Extent::WithoutStatus {
        own.drop_status();
    }
    Some(Box::new(own))
}
