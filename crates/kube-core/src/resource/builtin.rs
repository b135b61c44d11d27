//! The kinds of Kubernetes v1.36, from its discovery documents.

use super::{KindInfo, NameList, Scope};
use crate::map::FxMap;
use serde::Deserialize;
use std::sync::LazyLock;

static DISCOVERY: &str = include_str!("../../data/resources.json");

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    group: String,
    version: String,
    resource: String,
    kind: String,
    singular: String,
    scope: String,
    short_names: Vec<String>,
    categories: Vec<String>,
    subresources: Vec<Subresource>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Subresource {
    Name(String),
    Described { name: String },
}

/// Asked for whenever a typed object is read or written, and never iterated.
type Index = FxMap<(&'static str, &'static str, &'static str), &'static KindInfo>;

static KINDS: LazyLock<Vec<KindInfo>> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the document is part of this crate and read by a test")]
    let entries: Vec<Entry> = serde_json::from_str(DISCOVERY).expect("the committed discovery data is valid");
    entries.into_iter().map(KindInfo::from).collect()
});

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    KINDS.iter().map(|k| ((k.group.as_ref(), k.version.as_ref(), k.kind.as_ref()), k)).collect()
});

impl From<Entry> for KindInfo {
    fn from(entry: Entry) -> Self {
        let names = entry.subresources.into_iter().map(|s| match s {
            Subresource::Name(name) | Subresource::Described { name } => name,
        });
        Self {
            group: entry.group.into(),
            version: entry.version.into(),
            kind: entry.kind.into(),
            plural: entry.resource.into(),
            singular: entry.singular.into(),
            short_names: NameList::Owned(entry.short_names),
            categories: NameList::Owned(entry.categories),
            subresources: NameList::Owned(names.collect()),
            scope: if entry.scope == "Namespaced" { Scope::Namespaced } else { Scope::Cluster },
        }
    }
}

/// Every built-in kind of Kubernetes v1.36.2, in discovery order.
pub fn builtin_kinds() -> &'static [KindInfo] {
    &KINDS
}

/// The built-in kind of that group, version and kind.
pub fn find_builtin(group: &str, version: &str, kind: &str) -> Option<&'static KindInfo> {
    INDEX.get(&(group, version, kind)).copied()
}
