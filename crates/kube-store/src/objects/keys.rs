//! Where objects stand in the store.

use crate::storage::{Key, KeyRange};
use kube_core::resource::{KindInfo, ObjectKey};
use std::sync::Arc;

/// Makes the keys of objects: `<prefix>/<group or core>/<resource>/[<namespace>/]<name>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    prefix: Arc<str>,
}

impl Keys {
    /// Keys below `prefix`, as `/registry`.
    pub fn new(prefix: &str) -> Self {
        Self { prefix: prefix.trim_end_matches('/').into() }
    }

    /// What the keys of a kind begin with, up to the last `/`.
    pub fn kind_prefix(&self, kind: &KindInfo) -> String {
        let group = if kind.group.is_empty() { "core" } else { &*kind.group };
        format!("{}/{group}/{}/", self.prefix, kind.plural)
    }

    /// The key of one object.
    pub fn object(&self, kind: &KindInfo, key: &ObjectKey) -> Key {
        Key::new(format!("{}{key}", self.kind_prefix(kind)))
    }

    /// The keys of a kind, or of its objects in one namespace.
    pub fn range(&self, kind: &KindInfo, namespace: Option<&str>) -> KeyRange {
        let prefix = self.kind_prefix(kind);
        KeyRange::prefix(match namespace {
            Some(namespace) => format!("{prefix}{namespace}/"),
            None => prefix,
        })
    }

    /// The key that the winner of the election `name` wrote.
    pub fn fence(name: &str) -> Key {
        Key::new(format!("/fence/{name}"))
    }
}
