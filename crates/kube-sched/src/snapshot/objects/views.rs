//! Kinds of which scheduling reads little.

use kube_core::resource::{KindInfo, find_builtin};
use kube_core::selector::{LabelSelector, LabelSet, Selector};
use kube_core::view::{DecodeError, KindView, Meta, RawObject, View};
use serde::Deserialize;
use std::sync::Arc;

/// A namespace: its labels.
#[derive(Clone, Debug, Default)]
pub struct NamespaceView {
    /// Metadata.
    pub meta: Arc<Meta>,
}

/// A Service: whom it selects.
#[derive(Clone, Debug, Default)]
pub struct ServiceView {
    /// Metadata.
    pub meta: Arc<Meta>,
    /// `spec.selector`; empty for none.
    pub selector: LabelSet,
}

/// A ReplicationController: whom it selects.
#[derive(Clone, Debug, Default)]
pub struct ReplicationControllerView {
    /// Metadata.
    pub meta: Arc<Meta>,
    /// `spec.selector`.
    pub selector: LabelSet,
}

/// A ReplicaSet: whom it selects.
#[derive(Clone, Debug)]
pub struct ReplicaSetView {
    /// Metadata.
    pub meta: Arc<Meta>,
    /// `spec.selector`; `None` where it cannot be read.
    pub selector: Option<Selector>,
}

/// A StatefulSet: whom it selects.
#[derive(Clone, Debug)]
pub struct StatefulSetView {
    /// Metadata.
    pub meta: Arc<Meta>,
    /// `spec.selector`; `None` where it cannot be read.
    pub selector: Option<Selector>,
}

#[derive(Deserialize)]
struct Body<S> {
    #[serde(default = "Option::default")]
    spec: Option<Spec<S>>,
}

#[derive(Deserialize)]
struct Spec<S> {
    #[serde(default = "Option::default")]
    selector: Option<S>,
}

fn selector_of<'b, S: Deserialize<'b>>(raw: &'b RawObject) -> Result<Option<S>, DecodeError> {
    let body: Body<S> = serde_json::from_slice(&raw.bytes).map_err(DecodeError::new)?;
    Ok(body.spec.and_then(|spec| spec.selector))
}

fn compiled(raw: &RawObject) -> Result<Option<Selector>, DecodeError> {
    let lean: Option<LabelSelector> = selector_of(raw)?;
    Ok(Selector::from_lean(lean.as_ref()).ok())
}

fn builtin(group: &str, kind: &str) -> &'static KindInfo {
    #[expect(clippy::expect_used, reason = "the names below stand in the committed discovery data")]
    find_builtin(group, "v1", kind).expect("a built-in kind")
}

impl View for NamespaceView {
    fn decode(raw: &RawObject) -> Result<Self, DecodeError> {
        Ok(Self { meta: raw.meta.clone() })
    }
}

impl KindView for NamespaceView {
    fn kind() -> &'static KindInfo {
        builtin("", "Namespace")
    }
}

impl View for ServiceView {
    fn decode(raw: &RawObject) -> Result<Self, DecodeError> {
        Ok(Self { meta: raw.meta.clone(), selector: selector_of(raw)?.unwrap_or_default() })
    }
}

impl KindView for ServiceView {
    fn kind() -> &'static KindInfo {
        builtin("", "Service")
    }
}

impl View for ReplicationControllerView {
    fn decode(raw: &RawObject) -> Result<Self, DecodeError> {
        Ok(Self { meta: raw.meta.clone(), selector: selector_of(raw)?.unwrap_or_default() })
    }
}

impl KindView for ReplicationControllerView {
    fn kind() -> &'static KindInfo {
        builtin("", "ReplicationController")
    }
}

impl View for ReplicaSetView {
    fn decode(raw: &RawObject) -> Result<Self, DecodeError> {
        Ok(Self { meta: raw.meta.clone(), selector: compiled(raw)? })
    }
}

impl KindView for ReplicaSetView {
    fn kind() -> &'static KindInfo {
        builtin("apps", "ReplicaSet")
    }
}

impl View for StatefulSetView {
    fn decode(raw: &RawObject) -> Result<Self, DecodeError> {
        Ok(Self { meta: raw.meta.clone(), selector: compiled(raw)? })
    }
}

impl KindView for StatefulSetView {
    fn kind() -> &'static KindInfo {
        builtin("apps", "StatefulSet")
    }
}
