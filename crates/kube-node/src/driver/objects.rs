//! What the store has of the objects that variables come from: their keys, and nothing of what they hold.

use crate::machine::{Known, KnownObjects, Reference, SourceKind};
use kube_core::error::ApiError;
use kube_core::resource::{ObjectKey, find_builtin};
use kube_core::view::{DecodeError, RawObject, View};
use kube_store::informer::{Informer, Informers};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The keys of a config map or a secret.
#[derive(Debug)]
pub(super) struct Keys(Vec<Box<str>>);

impl View for Keys {
    fn decode(raw: &RawObject) -> Result<Self, DecodeError> {
        #[derive(Deserialize)]
        #[expect(clippy::zero_sized_map_values, reason = "a set is not read from an object")]
        struct Object {
            data: Option<BTreeMap<Box<str>, IgnoredAny>>,
        }
        let object: Object = serde_json::from_slice(&raw.bytes).map_err(DecodeError::new)?;
        Ok(Self(object.data.unwrap_or_default().into_keys().collect()))
    }
}

/// The store's config maps and secrets.
#[derive(Clone, Debug)]
pub(super) struct StoredObjects {
    config_maps: Informer<Keys>,
    secrets: Informer<Keys>,
}

impl StoredObjects {
    pub(super) fn new(informers: &Informers) -> Self {
        let of = |kind| {
            #[expect(clippy::expect_used, reason = "both are in the committed discovery data")]
            let kind = find_builtin("", "v1", kind).expect("a built-in kind");
            informers.informer_of(Arc::new(kind.clone()))
        };
        Self { config_maps: of("ConfigMap"), secrets: of("Secret") }
    }

    /// Waits until what is there is known.
    pub(super) async fn synced(&self) -> Result<(), ApiError> {
        self.config_maps.synced().await?;
        self.secrets.synced().await
    }
}

impl KnownObjects for StoredObjects {
    fn look(&self, namespace: &str, reference: &Reference) -> Known {
        let objects = match reference.kind {
            SourceKind::ConfigMap => &self.config_maps,
            SourceKind::Secret => &self.secrets,
        };
        let Some(keys) = objects.get(&ObjectKey::new(namespace, reference.name.clone())) else {
            return Known::Nothing;
        };
        match &reference.key {
            Some(key) if !keys.0.iter().any(|other| **other == **key) => Known::NoKey,
            _ => Known::There,
        }
    }
}
