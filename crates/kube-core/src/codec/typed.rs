//! A typed object behind a plain trait.

use crate::kinds::meta::v1::ObjectMeta;
use crate::resource::{KindInfo, Resource};
use crate::view::DecodeError;
use serde_json::Value;
use std::any::Any;
use std::fmt;

/// A typed object whose type only its codec and those who ask for it know. Every [`Resource`] is one.
pub trait TypedObject: Any + Send + Sync + fmt::Debug {
    /// Its kind.
    fn kind(&self) -> &'static KindInfo;

    /// Its metadata.
    fn meta(&self) -> &ObjectMeta;

    /// Its metadata, to change it.
    fn meta_mut(&mut self) -> &mut ObjectMeta;

    /// The object as JSON.
    ///
    /// # Errors
    /// A value in it has no JSON form.
    fn to_json(&self) -> Result<Value, DecodeError>;

    /// The object as JSON text, as its type orders its fields.
    ///
    /// # Errors
    /// A value in it has no JSON form.
    fn to_json_text(&self) -> Result<Vec<u8>, DecodeError>;

    /// The same object once more.
    fn boxed(&self) -> Box<dyn TypedObject>;
}

impl<K: Resource> TypedObject for K {
    fn kind(&self) -> &'static KindInfo {
        K::kind_info()
    }

    fn meta(&self) -> &ObjectMeta {
        self.metadata()
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        self.metadata_mut()
    }

    fn to_json(&self) -> Result<Value, DecodeError> {
        self.to_json_value()
    }

    fn to_json_text(&self) -> Result<Vec<u8>, DecodeError> {
        self.to_json_bytes()
    }

    fn boxed(&self) -> Box<dyn TypedObject> {
        Box::new(self.clone())
    }
}

impl dyn TypedObject {
    /// The object as a `K`, if it is one.
    pub fn as_kind<K: Resource>(&self) -> Option<&K> {
        let any: &dyn Any = self;
        any.downcast_ref()
    }

    /// The object as a `K`, to change it.
    pub fn as_kind_mut<K: Resource>(&mut self) -> Option<&mut K> {
        let any: &mut dyn Any = self;
        any.downcast_mut()
    }
}
