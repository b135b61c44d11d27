//! What the tests' informers read.

use super::script::Put;
use kube_core::resource::{KindInfo, find_builtin};
use kube_core::view::{DecodeError, RawObject, View};
use kube_store::informer::{Change, Index, Informer};
use serde::Deserialize;
use serde_json::json;
use std::sync::{Arc, Mutex};

/// A view that fails to decode when `data` is missing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Thing {
    #[serde(skip)]
    pub(crate) name: String,
    #[serde(skip)]
    pub(crate) version: u64,
    pub(crate) data: Data,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Data {
    pub(crate) group: String,
}

impl View for Thing {
    fn decode(raw: &RawObject) -> Result<Self, DecodeError> {
        let mut thing: Self = serde_json::from_slice(&raw.bytes).map_err(DecodeError::new)?;
        thing.name = raw.meta.name.to_string();
        thing.version = raw.version.revision();
        Ok(thing)
    }
}

pub(crate) fn kind() -> Arc<KindInfo> {
    Arc::new(find_builtin("", "v1", "ConfigMap").unwrap().clone())
}

pub(crate) fn by_group() -> Index<Thing> {
    Index::new("group", |thing: &Thing| vec![thing.data.group.as_str().into()])
}

/// A write of a thing in a group.
pub(crate) fn put(name: &str, group: &str) -> Put {
    (format!("ns/{name}").as_str().into(), Some(json!({ "metadata": {}, "data": { "group": group } })))
}

/// A write that does not decode.
pub(crate) fn bad(name: &str) -> Put {
    (format!("ns/{name}").as_str().into(), Some(json!({ "metadata": {} })))
}

pub(crate) fn gone(name: &str) -> Put {
    (format!("ns/{name}").as_str().into(), None)
}

/// Everything a handler was told.
#[derive(Clone, Default)]
pub(crate) struct Diary(Arc<Mutex<Vec<Change<Thing>>>>);

impl Diary {
    pub(crate) fn of(informer: &Informer<Thing>) -> Self {
        let diary = Self::default();
        let writing = diary.clone();
        informer.on_change(move |change| writing.0.lock().unwrap().push(change.clone()));
        diary
    }

    pub(crate) fn changes(&self) -> Vec<Change<Thing>> {
        self.0.lock().unwrap().clone()
    }

    /// Key, version and whether the object is there, of every change.
    pub(crate) fn told(&self) -> Vec<(String, u64, bool)> {
        let told =
            |change: &Change<Thing>| (change.key.to_string(), change.revision.get(), !change.is_deletion());
        self.changes().iter().map(told).collect()
    }
}
