//! One version of one object.

use crate::objects::strategy::FieldTree;
use crate::storage::KeyValue;
use kube_core::resource::ResourceVersion;
use kube_core::view::{DecodeError, RawObject};
use std::sync::{Arc, OnceLock};

/// One version of one object: metadata parsed once, selectable fields when somebody first asks.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) raw: RawObject,
    fields: OnceLock<Box<[Arc<str>]>>,
}

impl Entry {
    pub(super) fn new(raw: RawObject) -> Self {
        Self { raw, fields: OnceLock::new() }
    }

    pub(super) fn read(kv: &KeyValue) -> Result<Self, DecodeError> {
        let version = ResourceVersion::new(kv.mod_revision.get());
        RawObject::new(kv.value.clone(), version).map(Self::new)
    }

    /// The values of the fields of `tree`, which is the same for all entries of a cache.
    pub(super) fn fields(&self, tree: &FieldTree) -> &[Arc<str>] {
        self.fields.get_or_init(|| tree.read(&self.raw.bytes))
    }
}
