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
#[cfg(test)]
mod tests;
mod typed;

pub use builtin::find_codec;
pub use typed::TypedObject;

use crate::error::{FieldError, FieldPath};
use crate::names::{NameRule, name_is_dns_subdomain};
use crate::resource::Resource;
use crate::validate::{Kind, validate_builtin_finalizers};
use crate::view::DecodeError;
use crate::wire::{canonical, fields, object_of};
use bytes::Bytes;
use serde_json::Value;
use std::fmt;

/// What is wrong with an object that decodes, or why it does not decode.
pub type Judged = Result<Vec<FieldError>, DecodeError>;

/// A typed object, or why the JSON is none.
pub type Decoded = Result<Box<dyn TypedObject>, DecodeError>;

/// Decoding, defaults and rules of one type, as functions of JSON and of [`TypedObject`]s.
///
/// An object that went through one of them has the one form that its type gives it: unknown fields and nulls are
/// gone, times and quantities are written in one way. Functions of typed objects leave objects of another type alone.
#[derive(Clone, Copy)]
pub struct Codec {
    read: fn(&Value) -> Decoded,
    parse: fn(&[u8]) -> Decoded,
    print: fn(&dyn TypedObject) -> Result<Bytes, DecodeError>,
    defaults: fn(&mut dyn TypedObject),
    prepare_create: fn(&mut dyn TypedObject),
    prepare_update: fn(&mut dyn TypedObject, &dyn TypedObject),
    validate: fn(&dyn TypedObject) -> Vec<FieldError>,
    validate_update: fn(&dyn TypedObject, &dyn TypedObject) -> Vec<FieldError>,
    name_rule: NameRule,
}

impl Codec {
    /// The type `K` without any rules but its own shape.
    pub const fn of<K: Resource>() -> Self {
        Self {
            read: |object| Ok(Box::new(K::deserialize(object).map_err(DecodeError::new)?)),
            parse: parse::<K>,
            print: |object| Ok(canonical(&object.to_json()?)),
            defaults: |_| {},
            prepare_create: |_| {},
            prepare_update: |_, _| {},
            validate: |object| object.as_kind::<K>().map(K::validate_shape).unwrap_or_default(),
            validate_update: |new, _| new.as_kind::<K>().map(K::validate_shape).unwrap_or_default(),
            name_rule: name_is_dns_subdomain,
        }
    }

    /// The type `K` with the rules that [`Kind`] states for it.
    pub fn ruled<K: Kind>() -> Self {
        Self {
            read: |object| Ok(Box::new(K::decode(object).map_err(DecodeError::new)?)),
            parse: parse::<K>,
            print: print_in_order::<K>,
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

    /// Reads an object that was stored. Nothing is filled in.
    ///
    /// # Errors
    /// The object does not decode.
    pub fn parse(&self, json: &[u8]) -> Decoded {
        (self.parse)(json)
    }

    /// Writes the object as canonical JSON.
    ///
    /// # Errors
    /// A value in it has no JSON form.
    pub fn print(&self, object: &dyn TypedObject) -> Result<Bytes, DecodeError> {
        (self.print)(object)
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
    Ok(Box::new(serde_json::from_slice::<K>(json).map_err(DecodeError::new)?))
}

/// Prints a built-in kind: its structures write their fields sorted by name already, save that `apiVersion` and
/// `kind` come first.
fn print_in_order<K: Kind>(object: &dyn TypedObject) -> Result<Bytes, DecodeError> {
    let Some(object) = object.as_kind::<K>() else { return Ok(canonical(&object.to_json()?)) };
    let json = serde_json::to_vec(object).map_err(DecodeError::new)?;
    let mut sorted = Vec::with_capacity(8);
    sorted.extend(fields(&json));
    let in_order = sorted.is_sorted_by_key(|field| field.name);
    let printed = if in_order {
        drop(sorted);
        Bytes::from(json)
    } else {
        sorted.sort_by_key(|field| field.name);
        object_of(sorted)
    };
    debug_assert_eq!(printed, canonical(&object.to_json()?), "one object has one form");
    Ok(printed)
}
