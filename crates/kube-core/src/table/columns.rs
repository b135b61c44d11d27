//! The columns of each kind, as data.

use crate::resource::KindInfo;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// One column of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Column {
    /// Heading.
    pub name: String,
    /// `string`, `integer`, `boolean` or `date`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `name` for the one that names the object.
    #[serde(default)]
    pub format: String,
    /// What it tells.
    #[serde(default)]
    pub description: String,
    /// 0 is shown always, 1 only where there is room.
    pub priority: i32,
}

/// Columns of Kubernetes v1.36.2, by `group/version/Kind`.
const TABLES: &str = include_str!("../../data/tables.json");

static COLUMNS: LazyLock<BTreeMap<String, Vec<Column>>> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the document is part of this crate and read by a test")]
    let columns = serde_json::from_str(TABLES).expect("the committed columns are valid");
    columns
});

static PLAIN: LazyLock<[Column; 2]> = LazyLock::new(|| {
    let column = |name: &str, kind: &str, format: &str| Column {
        name: name.to_owned(),
        kind: kind.to_owned(),
        format: format.to_owned(),
        description: String::new(),
        priority: 0,
    };
    [column("Name", "string", "name"), column("Created At", "date", "")]
});

/// The columns of a kind: its own, or its name and when it was made.
pub fn columns(kind: &KindInfo) -> &'static [Column] {
    let key = format!("{}/{}/{}", kind.group, kind.version, kind.kind);
    COLUMNS.get(&key).map_or(&*PLAIN, Vec::as_slice)
}
