//! One version of one object.

use crate::objects::strategy::FieldTree;
use crate::storage::KeyValue;
use kube_core::resource::{Resource, ResourceVersion};
use kube_core::view::{DecodeError, RawObject, View};
use std::any::Any;
use std::sync::{Arc, OnceLock};

/// One version of one object: metadata parsed once, selectable fields when somebody first asks.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) raw: RawObject,
    fields: OnceLock<Box<[Arc<str>]>>,
    /// The object of the type that somebody asked for first: admission asks for the same few objects again and again.
    typed: OnceLock<Arc<dyn Any + Send + Sync>>,
}

impl Entry {
    pub(super) fn new(raw: RawObject) -> Self {
        Self { raw, fields: OnceLock::new(), typed: OnceLock::new() }
    }

    pub(super) fn read(kv: &KeyValue) -> Result<Self, DecodeError> {
        let version = ResourceVersion::new(kv.mod_revision.get());
        RawObject::new(kv.value.clone(), version).map(Self::new)
    }

    /// The values of the fields of `tree`, which is the same for all entries of a cache.
    pub(super) fn fields(&self, tree: &FieldTree) -> &[Arc<str>] {
        self.fields.get_or_init(|| tree.read(&self.raw.bytes))
    }

    /// The object as a `K`, decoded once.
    pub(crate) fn typed<K: Resource>(&self) -> Result<Arc<K>, DecodeError> {
        if let Some(typed) = self.typed.get()
            && let Ok(typed) = typed.clone().downcast::<K>()
        {
            return Ok(typed);
        }
        let typed = Arc::new(K::decode(&self.raw)?);
        // Kept for the first type asked for; another one is decoded anew.
        let _kept = self.typed.set(typed.clone()).is_ok();
        Ok(typed)
    }
}
