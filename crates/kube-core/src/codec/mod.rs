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
#[cfg(test)]
mod tests;

pub use builtin::find_codec;

use crate::error::FieldError;
use crate::names::{NameRule, name_is_dns_subdomain};
use crate::resource::Resource;
use crate::validate::{Kind, validate_builtin_finalizers};
use crate::view::DecodeError;
use serde_json::Value;
use std::fmt;

/// What is wrong with an object that decodes, or why it does not decode.
pub type Judged = Result<Vec<FieldError>, DecodeError>;

/// Decoding, defaults and rules of one type, as functions of JSON.
///
/// An object that went through one of them has the one form that its type gives it: unknown fields and nulls are
/// gone, times and quantities are written in one way.
#[derive(Clone, Copy)]
pub struct Codec {
    defaults: fn(&mut Value) -> Result<(), DecodeError>,
    create: fn(&mut Value) -> Judged,
    update: fn(&[u8], &mut Value) -> Judged,
    name_rule: NameRule,
}

impl Codec {
    /// The type `K` without any rules but its own shape.
    pub const fn of<K: Resource>() -> Self {
        Self {
            defaults: |object| encode(object, &decode::<K>(object)?),
            create: |object| encode(object, &decode::<K>(object)?).map(|()| Vec::new()),
            update: |_, object| encode(object, &decode::<K>(object)?).map(|()| Vec::new()),
            name_rule: name_is_dns_subdomain,
        }
    }

    /// The type `K` with the rules that [`Kind`] states for it.
    pub fn ruled<K: Kind>() -> Self {
        Self {
            defaults: |object| encode(object, &defaulted::<K>(object)?),
            create: |object| {
                let typed = defaulted::<K>(object)?;
                encode(object, &typed)?;
                let mut errors = validate_builtin_finalizers(typed.metadata());
                errors.extend(typed.validate());
                Ok(errors)
            },
            update: |old, object| {
                let mut typed = defaulted::<K>(object)?;
                let mut old: K = serde_json::from_slice(old).map_err(DecodeError::new)?;
                old.set_defaults();
                typed.prepare_update(&old);
                encode(object, &typed)?;
                let mut errors = validate_builtin_finalizers(typed.metadata());
                errors.extend(typed.validate_update(&old));
                Ok(errors)
            },
            name_rule: K::name_rule(),
        }
    }

    /// Fills in what was left out.
    ///
    /// # Errors
    /// The object does not decode.
    pub fn set_defaults(&self, object: &mut Value) -> Result<(), DecodeError> {
        (self.defaults)(object)
    }

    /// Fills in what was left out of a new object, and tells what is wrong with it.
    ///
    /// # Errors
    /// The object does not decode.
    pub fn create(&self, object: &mut Value) -> Judged {
        (self.create)(object)
    }

    /// Fills in what was left out of a changed object, and tells what is wrong with it as the successor of `old`,
    /// which is JSON.
    ///
    /// # Errors
    /// One of the objects does not decode.
    pub fn update(&self, old: &[u8], object: &mut Value) -> Judged {
        (self.update)(old, object)
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

fn decode<K: Resource>(object: &Value) -> Result<K, DecodeError> {
    K::deserialize(object).map_err(DecodeError::new)
}

fn defaulted<K: Kind>(object: &Value) -> Result<K, DecodeError> {
    let mut typed = K::decode(object).map_err(DecodeError::new)?;
    typed.set_defaults();
    Ok(typed)
}

fn encode<K: Resource>(object: &mut Value, typed: &K) -> Result<(), DecodeError> {
    *object = serde_json::to_value(typed).map_err(DecodeError::new)?;
    Ok(())
}
