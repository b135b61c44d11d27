//! What an event is about.

use kube_core::resource::{KindInfo, Resource, ResourceExt, Uid};
use kube_core::view::Meta;
use std::fmt;

/// The object that an event is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventTarget {
    /// `group/version` of its kind.
    pub api_version: String,
    /// Its kind.
    pub kind: String,
    /// Its namespace; empty for cluster-scoped objects, whose events go to `default`.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid; may be empty.
    pub uid: Uid,
}

impl EventTarget {
    /// A typed object.
    pub fn of<K: Resource>(object: &K) -> Self {
        let kind = K::kind_info();
        Self {
            api_version: kind.api_version(),
            kind: kind.kind.clone().into_owned(),
            namespace: object.namespace().to_owned(),
            name: object.name().to_owned(),
            uid: object.uid(),
        }
    }

    /// An object of `kind` with that metadata.
    pub fn with_meta(kind: &KindInfo, meta: &Meta) -> Self {
        Self {
            api_version: kind.api_version(),
            kind: kind.kind.clone().into_owned(),
            namespace: meta.namespace.to_string(),
            name: meta.name.to_string(),
            uid: meta.uid.clone(),
        }
    }
}

/// Whether people should worry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventType {
    /// All is well.
    Normal,
    /// Something is wrong.
    Warning,
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
