//! An object whose kind is known only at run time.
//!
//! ```
//! use kube_core::dynamic::DynamicObject;
//! use serde_json::json;
//!
//! let game: DynamicObject = serde_json::from_value(json!({
//!     "apiVersion": "games.example.com/v1", "kind": "Game", "metadata": {"name": "ctf"}, "spec": {"map": "dust"},
//! }))?;
//! assert_eq!(&*game.gvk().group, "games.example.com");
//! assert_eq!(game.data["spec"]["map"], "dust");
//! # Ok::<(), serde_json::Error>(())
//! ```

use crate::kinds::meta::v1::ObjectMeta;
use crate::resource::{GroupVersionKind, ObjectKey};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An object of any kind: type, metadata, and the rest as JSON. Unknown fields survive.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DynamicObject {
    /// `group/version`, or `version` alone in the core group.
    #[serde(default)]
    pub api_version: String,
    /// Kind.
    #[serde(default)]
    pub kind: String,
    /// Metadata, as of every object.
    #[serde(default)]
    pub metadata: ObjectMeta,
    /// Everything else: `spec`, `status`, `data`, …
    #[serde(flatten)]
    pub data: Map<String, Value>,
}

impl DynamicObject {
    /// Group, version and kind.
    pub fn gvk(&self) -> GroupVersionKind {
        GroupVersionKind::from_type_meta(&self.api_version, &self.kind)
    }

    /// Namespace (empty for none) and name.
    pub fn key(&self) -> ObjectKey {
        ObjectKey::new(
            self.metadata.namespace.as_deref().unwrap_or_default(),
            self.metadata.name.as_deref().unwrap_or_default(),
        )
    }
}
