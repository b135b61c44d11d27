//! Metadata, lean.

use super::null_default;
use crate::kinds::meta::v1::{ObjectMeta, OwnerReference, Time};
use crate::resource::{ObjectKey, Uid};
use crate::selector::LabelSet;
use jiff::Timestamp;
use serde::Deserialize;
use std::sync::Arc;

/// An object's metadata as controllers read it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Meta {
    /// Name.
    pub name: Arc<str>,
    /// Namespace; empty for cluster-scoped objects.
    pub namespace: Arc<str>,
    /// Uid; empty before the object is stored.
    pub uid: Uid,
    /// Labels.
    #[serde(deserialize_with = "null_default")]
    pub labels: LabelSet,
    /// Annotations.
    #[serde(deserialize_with = "null_default")]
    pub annotations: LabelSet,
    /// Owners.
    #[serde(deserialize_with = "null_default")]
    pub owner_references: Vec<OwnerRef>,
    /// What must happen before the object may go.
    #[serde(deserialize_with = "null_default")]
    pub finalizers: Vec<Arc<str>>,
    /// Counts changes of what is wanted.
    pub generation: i64,
    /// When it was created.
    pub creation_timestamp: Option<Timestamp>,
    /// When it is to be gone; set once deletion has begun.
    pub deletion_timestamp: Option<Timestamp>,
    /// Seconds of grace of the deletion under way.
    pub deletion_grace_period_seconds: Option<i64>,
}

impl From<&ObjectMeta> for Meta {
    /// What reading the printed metadata would give: of times, whole seconds.
    fn from(meta: &ObjectMeta) -> Self {
        let text = |text: &Option<String>| text.as_deref().unwrap_or_default().into();
        Self {
            name: text(&meta.name),
            namespace: text(&meta.namespace),
            uid: Uid::new(meta.uid.as_deref().unwrap_or_default()),
            labels: meta.labels.as_ref().into(),
            annotations: meta.annotations.as_ref().into(),
            owner_references: meta.owner_references.iter().flatten().map(OwnerRef::from).collect(),
            finalizers: meta.finalizers.iter().flatten().map(|name| name.as_str().into()).collect(),
            generation: meta.generation.unwrap_or_default(),
            creation_timestamp: meta.creation_timestamp.as_ref().map(whole_seconds),
            deletion_timestamp: meta.deletion_timestamp.as_ref().map(whole_seconds),
            deletion_grace_period_seconds: meta.deletion_grace_period_seconds,
        }
    }
}

/// The second that a time falls into.
fn whole_seconds(time: &Time) -> Timestamp {
    let before = i64::from(time.0.subsec_nanosecond() < 0);
    Timestamp::from_second(time.0.as_second() - before).unwrap_or(time.0)
}

impl From<&OwnerReference> for OwnerRef {
    fn from(owner: &OwnerReference) -> Self {
        Self {
            api_version: owner.api_version.as_str().into(),
            kind: owner.kind.as_str().into(),
            name: owner.name.as_str().into(),
            uid: Uid::new(&*owner.uid),
            controller: owner.controller.unwrap_or_default(),
            block_owner_deletion: owner.block_owner_deletion.unwrap_or_default(),
        }
    }
}

impl Meta {
    /// Namespace (empty for none) and name.
    pub fn key(&self) -> ObjectKey {
        ObjectKey::new(self.namespace.clone(), self.name.clone())
    }

    /// Whether deletion has begun.
    pub fn is_terminating(&self) -> bool {
        self.deletion_timestamp.is_some()
    }

    /// The owner that manages the object, if one does.
    pub fn controller(&self) -> Option<&OwnerRef> {
        self.owner_references.iter().find(|owner| owner.controller)
    }
}

/// A reference to an owner.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct OwnerRef {
    /// `group/version` of the owner's kind.
    pub api_version: Arc<str>,
    /// The owner's kind.
    pub kind: Arc<str>,
    /// The owner's name.
    pub name: Arc<str>,
    /// The owner's uid.
    pub uid: Uid,
    /// Whether it is the managing owner.
    #[serde(deserialize_with = "null_default")]
    pub controller: bool,
    /// Whether foreground deletion of the owner waits for this object.
    #[serde(deserialize_with = "null_default")]
    pub block_owner_deletion: bool,
}
