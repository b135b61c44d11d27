//! Objects on their way into the store, and those that they replace.

use bytes::Bytes;
use jiff::Timestamp;
use kube_core::codec::{Codec, TypedObject};
use kube_core::error::ApiError;
use kube_core::kinds::meta::v1::ObjectMeta;
use kube_core::resource::Resource;
use kube_core::view::DecodeError;
use kube_core::wire::{RawField, Scanned, canonical, fields, object_of};
use serde::Deserialize;
use serde_json::Value;
use std::sync::OnceLock;

/// An object on its way into the store: typed where its kind has a type, JSON otherwise.
///
/// Plugins and contributions read and change it by type ([`Candidate::typed`], [`Candidate::typed_mut`]) or, whatever
/// its kind, as JSON ([`Candidate::to_value`], [`Candidate::replace`]). It is decoded once and encoded once.
///
/// ```
/// use kube_core::codec::find_codec;
/// use kube_core::kinds::core::v1::{ConfigMap, Pod};
/// use kube_store::objects::Candidate;
/// use serde_json::json;
///
/// let map = json!({"metadata": {"name": "a"}, "data": {"x": "1"}});
/// let mut object = Candidate::read(&map, find_codec("", "v1", "ConfigMap"))?;
/// object.typed_mut::<ConfigMap>().expect("it is one").immutable = Some(true);
/// assert_eq!(object.to_value()?["immutable"], true);
/// assert!(object.typed::<Pod>().is_none());
///
/// let mut value = object.to_value()?;
/// value["data"]["y"] = "2".into();
/// object.replace(&value)?;
/// assert_eq!(object.typed::<ConfigMap>().unwrap().data.as_ref().unwrap().len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Candidate {
    body: Body,
}

#[derive(Debug)]
enum Body {
    Typed {
        typed: Box<dyn TypedObject>,
        codec: Codec,
    },
    /// Metadata is held apart: it has a type whatever the kind.
    Json {
        meta: Box<ObjectMeta>,
        rest: Value,
    },
    /// Metadata and status, typed; everything else is that of the stored object.
    Status {
        typed: Box<dyn TypedObject>,
        stored: Scanned,
        codec: Codec,
    },
}

impl Candidate {
    /// The typed object, or as much of it as a status write brings: its metadata and status.
    pub(super) fn given(&self) -> Option<&dyn TypedObject> {
        match &self.body {
            Body::Typed { typed, .. } | Body::Status { typed, .. } => Some(&**typed),
            Body::Json { .. } => None,
        }
    }

    pub(super) fn given_mut(&mut self) -> Option<&mut dyn TypedObject> {
        match &mut self.body {
            Body::Typed { typed, .. } | Body::Status { typed, .. } => Some(&mut **typed),
            Body::Json { .. } => None,
        }
    }

    /// Reads an object that a client sent: by `codec`, or as it is.
    ///
    /// # Errors
    /// It does not decode.
    pub fn read(object: &Value, codec: Option<Codec>) -> Result<Self, DecodeError> {
        let body = match codec {
            Some(codec) => Body::Typed { typed: codec.read(object)?, codec },
            None => Body::json(object.clone())?,
        };
        Ok(Self { body })
    }

    /// A typed object.
    pub(super) fn of_typed(typed: Box<dyn TypedObject>, codec: Codec) -> Self {
        Self { body: Body::Typed { typed, codec } }
    }

    /// The stored object with the metadata and status of `given`, which may lack everything else.
    pub(super) fn status(given: Box<dyn TypedObject>, stored: &Scanned, codec: Codec) -> Self {
        Self { body: Body::Status { typed: given, stored: stored.clone(), codec } }
    }

    /// Its metadata.
    pub fn meta(&self) -> &ObjectMeta {
        match &self.body {
            Body::Typed { typed, .. } | Body::Status { typed, .. } => typed.meta(),
            Body::Json { meta, .. } => meta,
        }
    }

    /// Its metadata, to change it.
    pub fn meta_mut(&mut self) -> &mut ObjectMeta {
        match &mut self.body {
            Body::Typed { typed, .. } | Body::Status { typed, .. } => typed.meta_mut(),
            Body::Json { meta, .. } => meta,
        }
    }

    /// The object as a `K`; `None` where it is another kind.
    pub fn typed<K: Resource>(&self) -> Option<&K> {
        self.object()?.as_kind()
    }

    /// The object as a `K`, to change it; `None` where it is another kind.
    pub fn typed_mut<K: Resource>(&mut self) -> Option<&mut K> {
        self.object_mut()?.as_kind_mut()
    }

    /// The typed object, whole.
    pub(super) fn object(&self) -> Option<&dyn TypedObject> {
        match &self.body {
            Body::Typed { typed, .. } => Some(&**typed),
            Body::Json { .. } | Body::Status { .. } => None,
        }
    }

    pub(super) fn object_mut(&mut self) -> Option<&mut dyn TypedObject> {
        match &mut self.body {
            Body::Typed { typed, .. } => Some(&mut **typed),
            Body::Json { .. } | Body::Status { .. } => None,
        }
    }

    /// The object as JSON.
    ///
    /// # Errors
    /// 500 when a value in it has no JSON form.
    pub fn to_value(&self) -> Result<Value, ApiError> {
        match &self.body {
            Body::Typed { typed, .. } => typed.to_json().map_err(ApiError::internal),
            Body::Json { meta, rest } => {
                let mut object = rest.clone();
                object["metadata"] = serde_json::to_value(meta).map_err(ApiError::internal)?;
                Ok(object)
            }
            Body::Status { .. } => {
                serde_json::from_slice(&self.print().map_err(ApiError::internal)?).map_err(ApiError::internal)
            }
        }
    }

    /// Another object in its place.
    ///
    /// # Errors
    /// 400 when it does not decode.
    pub fn replace(&mut self, object: &Value) -> Result<(), ApiError> {
        let codec = match self.body {
            Body::Typed { codec, .. } | Body::Status { codec, .. } => Some(codec),
            Body::Json { .. } => None,
        };
        let replaced = Self::read(object, codec);
        *self = replaced.map_err(|error| ApiError::bad_request(error.to_string()))?;
        Ok(())
    }

    /// Makes a status write whole, for those who want to see all of the object.
    pub(super) fn complete(&mut self) -> Result<(), DecodeError> {
        if let Body::Status { codec, .. } = self.body {
            self.body = Body::Typed { typed: codec.parse(&self.print()?)?, codec };
        }
        Ok(())
    }

    /// The object as it is stored: canonical JSON.
    pub(super) fn print(&self) -> Result<Bytes, DecodeError> {
        match &self.body {
            Body::Typed { typed, codec } => codec.print(&**typed),
            Body::Json { meta, rest } => {
                let mut object = rest.clone();
                object["metadata"] = serde_json::to_value(meta).map_err(DecodeError::new)?;
                Ok(canonical(&object))
            }
            Body::Status { typed, stored, codec } => codec.print_status(&**typed, stored),
        }
    }
}

impl Body {
    fn json(mut object: Value) -> Result<Self, DecodeError> {
        let metadata = object.as_object_mut().and_then(|fields| fields.remove("metadata"));
        let meta = match metadata {
            Some(metadata) if !metadata.is_null() => {
                Box::new(ObjectMeta::deserialize(metadata).map_err(DecodeError::new)?)
            }
            _ => Box::default(),
        };
        Ok(Self::Json { meta, rest: object })
    }
}

/// The bytes of an object with other metadata.
pub(super) fn with_meta(object: &Bytes, meta: &ObjectMeta) -> Result<Bytes, DecodeError> {
    let printed = canonical(&serde_json::to_value(meta).map_err(DecodeError::new)?);
    Ok(object_of(fields(object).map(|field| match field.name {
        "metadata" => RawField { name: "metadata", value: &printed },
        _ => field,
    })))
}

/// The stored object that a write changes. What is asked for is decoded once.
#[derive(Debug)]
pub struct Stored {
    scanned: Scanned,
    codec: Option<Codec>,
    meta: ObjectMeta,
    read_at: Timestamp,
    typed: OnceLock<Box<dyn TypedObject>>,
    for_status: OnceLock<Option<Box<dyn TypedObject>>>,
    value: OnceLock<Value>,
}

impl Stored {
    /// # Errors
    /// 500 when the bytes are no object.
    pub(super) fn read(bytes: Bytes, codec: Option<Codec>, read_at: Timestamp) -> Result<Self, ApiError> {
        let scanned = Scanned::new(bytes);
        let meta = scanned.field("metadata").unwrap_or(b"null");
        let meta = serde_json::from_slice(meta).map_err(ApiError::internal)?;
        Ok(Self {
            scanned,
            codec,
            meta,
            read_at,
            typed: OnceLock::new(),
            for_status: OnceLock::new(),
            value: OnceLock::new(),
        })
    }

    /// As it is stored: canonical JSON without version.
    pub fn bytes(&self) -> &Bytes {
        self.scanned.bytes()
    }

    /// The same, with the places of its fields.
    pub(super) fn scanned(&self) -> &Scanned {
        &self.scanned
    }

    /// When the write under way looked at it, in whole seconds.
    pub(super) fn read_at(&self) -> Timestamp {
        self.read_at
    }

    /// Its metadata, without version.
    pub fn meta(&self) -> &ObjectMeta {
        &self.meta
    }

    /// The object as JSON, without version.
    ///
    /// # Errors
    /// 500 when the bytes are not JSON.
    pub fn value(&self) -> Result<&Value, ApiError> {
        if let Some(value) = self.value.get() {
            return Ok(value);
        }
        let value = serde_json::from_slice(self.bytes()).map_err(ApiError::internal)?;
        Ok(self.value.get_or_init(|| value))
    }

    /// The object as a `K`, with its defaults; `None` where it is another kind.
    ///
    /// # Errors
    /// 500 when it does not decode.
    pub fn typed<K: Resource>(&self) -> Result<Option<&K>, ApiError> {
        Ok(self.object()?.and_then(|object| object.as_kind()))
    }

    pub(super) fn object(&self) -> Result<Option<&dyn TypedObject>, ApiError> {
        let Some(codec) = self.codec else { return Ok(None) };
        if let Some(typed) = self.typed.get() {
            return Ok(Some(&**typed));
        }
        let mut typed = codec.parse(self.bytes()).map_err(ApiError::internal)?;
        codec.default_typed(&mut *typed);
        Ok(Some(&**self.typed.get_or_init(|| typed)))
    }

    /// What the rules of the kind's status look at to judge that of `new`; `None` for kinds without such rules.
    pub(super) fn for_status(&self, new: &dyn TypedObject) -> Result<Option<&dyn TypedObject>, ApiError> {
        if let Some(known) = self.for_status.get() {
            return Ok(known.as_deref());
        }
        let read = self.codec.map(|codec| codec.parse_for_status(&self.scanned, new)).transpose();
        let mut read = read.map_err(ApiError::internal)?.flatten();
        if let Some(read) = &mut read {
            read.meta_mut().clone_from(&self.meta);
        }
        Ok(self.for_status.get_or_init(|| read).as_deref())
    }

    /// The same object, to be written once more.
    pub(super) fn candidate(&self) -> Result<Candidate, ApiError> {
        if let (Some(codec), Some(object)) = (self.codec, self.object()?) {
            return Ok(Candidate::of_typed(object.boxed(), codec));
        }
        let body = Body::json(self.value()?.clone()).map_err(ApiError::internal)?;
        Ok(Candidate { body })
    }
}
