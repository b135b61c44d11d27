//! Lean views: projections of an object's bytes, for readers that need a part of it often.
//!
//! A 4 KB Pod costs 25 KB as a full value; a view holds what its readers use. Typed kinds are views as well (of
//! everything), and so is [`DynamicObject`].
//!
//! ```
//! use kube_core::view::{self, DecodeError, RawObject, View};
//! use serde_json::json;
//!
//! /// All that a balancer wants to know of a pod.
//! struct Backend { ip: Option<String> }
//!
//! impl View for Backend {
//!     fn decode(raw: &RawObject) -> Result<Self, DecodeError> {
//!         #[derive(serde::Deserialize)]
//!         struct Pod { status: Option<Status> }
//!         #[derive(serde::Deserialize)]
//!         struct Status { #[serde(rename = "podIP")] pod_ip: Option<String> }
//!
//!         let pod: Pod = serde_json::from_slice(&raw.bytes).map_err(DecodeError::new)?;
//!         Ok(Self { ip: pod.status.and_then(|status| status.pod_ip) })
//!     }
//! }
//!
//! let pod = json!({"metadata": {"name": "web"}, "status": {"podIP": "10.0.0.1"}});
//! assert_eq!(view::from_value::<Backend>(pod)?.ip.as_deref(), Some("10.0.0.1"));
//! # Ok::<(), DecodeError>(())
//! ```

mod meta;
mod node;
mod pod;
mod pod_resources;
mod pod_spec;
#[cfg(test)]
mod tests;

pub use meta::{Meta, OwnerRef};
pub use node::{NodeImage, NodeSpecView, NodeStatusView, NodeView};
pub use pod::{
    ConditionView, ContainerStateView, ContainerStatusView, PodIp, PodPhase, PodStatusView, PodView,
    TerminatedView,
};
pub use pod_spec::{
    AffinityView, ClaimSource, ContainerPort, ContainerView, EphemeralSource, ImageSource, NamedGate,
    NodeAffinityView, PodSpecView, ReadinessGate, RestartRule, SchedulingGroupView, VolumeView,
};

use crate::dynamic::DynamicObject;
use crate::resource::{KindInfo, ObjectKey, Resource, ResourceVersion, find_builtin};
use bytes::Bytes;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::any::Any;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

/// One object as it is stored: canonical JSON without `resourceVersion`, the version beside it, and the metadata
/// parsed once for all readers. A clone is one more holder of the same: long lists cost little.
#[derive(Clone, Debug)]
pub struct RawObject(Arc<RawParts>);

/// What a [`RawObject`] holds.
#[derive(Debug)]
#[non_exhaustive]
pub struct RawParts {
    /// Metadata.
    pub meta: Arc<Meta>,
    /// Canonical JSON, without `metadata.resourceVersion`.
    pub bytes: Bytes,
    /// The version.
    pub version: ResourceVersion,
    /// A view that many readers of one object ask for.
    shared: OnceLock<Arc<dyn Any + Send + Sync>>,
}

impl Deref for RawObject {
    type Target = RawParts;

    fn deref(&self) -> &RawParts {
        &self.0
    }
}

impl RawObject {
    /// Reads the metadata of `bytes`.
    ///
    /// # Errors
    /// `bytes` is not an object with metadata.
    pub fn new(bytes: Bytes, version: ResourceVersion) -> Result<Self, DecodeError> {
        let meta: MetaOnly = serde_json::from_slice(&bytes).map_err(DecodeError::new)?;
        Ok(Self::of(Arc::new(meta.metadata), bytes, version))
    }

    /// An object whose metadata, which `bytes` hold as well, was read before.
    pub fn of(meta: Arc<Meta>, bytes: Bytes, version: ResourceVersion) -> Self {
        Self(Arc::new(RawParts { meta, bytes, version, shared: OnceLock::new() }))
    }

    /// The same at another version, as a deletion is told.
    #[must_use]
    pub fn at(self, version: ResourceVersion) -> Self {
        Self::of(self.meta.clone(), self.bytes.clone(), version)
    }

    /// What `decode` reads of the object, read once for all who hold it: for the one view of a kind that most of its
    /// readers ask for. Another view is read anew each time.
    ///
    /// # Errors
    /// What `decode` returns.
    pub fn share<V: View>(&self, decode: fn(&Self) -> Result<V, DecodeError>) -> Result<Arc<V>, DecodeError> {
        if let Some(view) = self.shared.get().and_then(|known| known.clone().downcast().ok()) {
            return Ok(view);
        }
        let view = Arc::new(decode(self)?);
        let _first = self.shared.set(view.clone()).is_ok();
        Ok(view)
    }

    /// An object made by hand: `value` may carry a `resourceVersion`, which becomes the version.
    ///
    /// # Errors
    /// `value` is not an object with metadata.
    pub fn from_value(mut value: Value) -> Result<Self, DecodeError> {
        let version = value
            .get_mut("metadata")
            .and_then(Value::as_object_mut)
            .and_then(|meta| meta.remove("resourceVersion"))
            .and_then(|v| v.as_str().and_then(|text| text.parse().ok()))
            .unwrap_or_default();
        Self::new(crate::wire::canonical(&value), version)
    }

    /// Namespace (empty for none) and name.
    pub fn key(&self) -> ObjectKey {
        self.meta.key()
    }

    /// The object as JSON, with its version.
    ///
    /// # Errors
    /// The bytes are not JSON.
    pub fn to_value(&self) -> Result<Value, DecodeError> {
        let mut value: Value = serde_json::from_slice(&self.bytes).map_err(DecodeError::new)?;
        if let Some(meta) = value.get_mut("metadata").and_then(Value::as_object_mut) {
            meta.insert("resourceVersion".to_owned(), self.version.to_string().into());
        }
        Ok(value)
    }
}

#[derive(Deserialize)]
struct MetaOnly {
    metadata: Meta,
}

/// Bytes that do not read as the wanted view.
#[derive(Debug, thiserror::Error)]
#[error("the object does not decode: {0}")]
pub struct DecodeError(#[source] serde_json::Error);

impl DecodeError {
    /// Wraps the parser's error.
    pub fn new(error: serde_json::Error) -> Self {
        Self(error)
    }
}

/// What a reader wants to know of an object.
pub trait View: Sized + Send + Sync + 'static {
    /// Reads the projection.
    ///
    /// # Errors
    /// The bytes do not hold it.
    fn decode(raw: &RawObject) -> Result<Self, DecodeError>;

    /// The same for readers that keep it: a view that many ask for is read once for all of them, by
    /// [`RawObject::share`].
    ///
    /// # Errors
    /// As [`View::decode`].
    fn decode_shared(raw: &RawObject) -> Result<Arc<Self>, DecodeError> {
        Self::decode(raw).map(Arc::new)
    }
}

/// A view of one kind.
pub trait KindView: View {
    /// The kind it reads.
    fn kind() -> &'static KindInfo;
}

impl<K: Resource> View for K {
    fn decode(raw: &RawObject) -> Result<Self, DecodeError> {
        let mut object = Self::from_json(&raw.bytes)?;
        object.metadata_mut().resource_version = Some(raw.version.to_string());
        Ok(object)
    }
}

impl<K: Resource> KindView for K {
    fn kind() -> &'static KindInfo {
        K::kind_info()
    }
}

impl View for DynamicObject {
    fn decode(raw: &RawObject) -> Result<Self, DecodeError> {
        let mut object: Self = serde_json::from_slice(&raw.bytes).map_err(DecodeError::new)?;
        object.metadata.resource_version = Some(raw.version.to_string());
        Ok(object)
    }
}

/// Metadata alone, of any kind: costs nothing to read, since it is parsed once for all readers.
#[derive(Clone, Debug)]
pub struct MetaView(pub Arc<Meta>);

impl View for MetaView {
    fn decode(raw: &RawObject) -> Result<Self, DecodeError> {
        Ok(Self(raw.meta.clone()))
    }
}

/// Reads a view of an object given as JSON: for objects made by hand.
///
/// # Errors
/// `value` does not hold the view.
pub fn from_value<V: View>(value: Value) -> Result<V, DecodeError> {
    V::decode(&RawObject::from_value(value)?)
}

/// Reads a view of a typed object: for objects made by hand.
///
/// # Errors
/// The object does not hold the view (it has no metadata, for example).
pub fn of<V: View>(object: &impl Resource) -> Result<V, DecodeError> {
    from_value(object.to_json_value()?)
}

/// The built-in kind of a lean view of ours.
fn builtin(group: &str, kind: &str) -> &'static KindInfo {
    #[expect(clippy::expect_used, reason = "views exist for kinds of the committed discovery data only")]
    find_builtin(group, "v1", kind).expect("a built-in kind")
}

/// Reads `null` as absent, as Kubernetes' own decoder does.
pub(crate) fn null_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
