//! How objects of a kind are shown: its columns, and what fills them.

use super::age::since;
use super::columns::{Column, columns};
use super::path::{Path, shown};
use super::row;
use crate::kinds::apiextensions::v1::CustomResourceColumnDefinition;
use crate::resource::{KindInfo, find_builtin};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::sync::Arc;

/// A column of a kind of your own.
///
/// Source: `CustomResourceColumnDefinition` of `k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PrinterColumn {
    /// Heading.
    pub name: &'static str,
    /// `string`, `integer`, `number`, `boolean` or `date`.
    pub kind: &'static str,
    /// Where its value stands, as `.spec.replicas` or `.status.conditions[?(@.type=="Ready")].status`.
    pub json_path: &'static str,
    /// What it tells; may be empty.
    pub description: &'static str,
    /// 0 is shown always, 1 only where there is room.
    pub priority: i32,
}

impl PrinterColumn {
    /// A column that is shown always.
    pub const fn new(name: &'static str, kind: &'static str, json_path: &'static str) -> Self {
        Self { name, kind, json_path, description: "", priority: 0 }
    }

    /// The same, and what it tells.
    #[must_use]
    pub const fn described(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    /// The same, shown only where there is room (`kubectl get -o wide`).
    #[must_use]
    pub const fn wide(mut self) -> Self {
        self.priority = 1;
        self
    }
}

/// What a row carries beside its cells.
///
/// Source: `IncludeObjectPolicy` of `k8s.io/apimachinery/pkg/apis/meta/v1`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IncludeObject {
    /// Nothing.
    None,
    /// The object's metadata.
    #[default]
    Metadata,
    /// The object.
    Object,
}

/// What a table tells.
///
/// Source: `TableOptions` of `k8s.io/apimachinery/pkg/apis/meta/v1`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableOptions {
    /// Leaves the columns out, as all but the first table of a watch do.
    pub no_headers: bool,
    /// What a row carries beside its cells.
    pub include: IncludeObject,
}

impl TableOptions {
    /// Rows carry this beside their cells.
    #[must_use]
    pub fn including(mut self, include: IncludeObject) -> Self {
        self.include = include;
        self
    }

    /// Without columns.
    #[must_use]
    pub fn without_headers(mut self) -> Self {
        self.no_headers = true;
        self
    }
}

/// How objects of a kind are shown: its columns, and what fills them.
///
/// ```
/// use kube_core::table::{Layout, PrinterColumn, TableOptions};
/// use serde_json::json;
///
/// let layout = Layout::custom(&[
///     PrinterColumn::new("Map", "string", ".spec.map"),
///     PrinterColumn::new("Ready", "string", r#".status.conditions[?(@.type=="Ready")].status"#),
/// ]);
/// let server = json!({
///     "metadata": {"name": "ctf"}, "spec": {"map": "dust"},
///     "status": {"conditions": [{"type": "Ready", "status": "True"}]},
/// });
/// let now = "2026-01-01T00:00:00Z".parse()?;
/// assert_eq!(layout.row(&server, now), [json!("ctf"), json!("dust"), json!("True")]);
/// let table = layout.table([&server], &json!({"resourceVersion": "7"}), now, &TableOptions::default());
/// assert_eq!(table["columnDefinitions"][2]["name"], "Ready");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Layout {
    columns: Cow<'static, [Column]>,
    cells: Cells,
}

#[derive(Clone, Debug)]
enum Cells {
    Builtin(KindInfo),
    /// A path for each column after the name; none where the path is no path.
    Paths(Arc<[Option<Path>]>),
}

/// What is said of the name of an object and of when it was made (`ObjectMeta`).
const NAME: &str = "Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names";
const CREATED: &str = "CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

/// The column of a kind that has none of its own.
const AGE: PrinterColumn =
    PrinterColumn::new("Age", "date", ".metadata.creationTimestamp").described(CREATED);

impl Layout {
    /// How Kubernetes shows the kind: by its own columns where it is one of Kubernetes' own, by name and age otherwise.
    pub fn of(kind: &KindInfo) -> Self {
        match find_builtin(&kind.group, &kind.version, &kind.kind) {
            Some(_) => Self { columns: Cow::Borrowed(columns(kind)), cells: Cells::Builtin(kind.clone()) },
            None => Self::custom(&[]),
        }
    }

    /// By name and these columns; by name and age where there are none.
    ///
    /// Source: `k8s.io/apiextensions-apiserver/pkg/registry/customresource/tableconvertor`.
    pub fn custom(given: &[PrinterColumn]) -> Self {
        let given = if given.is_empty() { &[AGE][..] } else { given };
        let columns = given.iter().map(|one| column(one.name, one.kind, "", one.description, one.priority));
        Self::with(columns.collect(), given.iter().map(|one| one.json_path))
    }

    /// By name and the columns of a `CustomResourceDefinition`; by name and age where there are none. A column whose path
    /// is none stays empty.
    pub fn defined(given: &[CustomResourceColumnDefinition]) -> Self {
        if given.is_empty() {
            return Self::custom(&[]);
        }
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let columns = given.iter().map(|one| {
            let (format, description) = (text(&one.format), text(&one.description));
            column(&one.name, &one.type_, &format, &description, one.priority.unwrap_or_default())
        });
        Self::with(columns.collect(), given.iter().map(|one| &*one.json_path))
    }

    fn with<'a>(given: Vec<Column>, paths: impl Iterator<Item = &'a str>) -> Self {
        let mut columns = vec![column("Name", "string", "name", NAME, 0)];
        let mut parsed = Vec::with_capacity(given.len());
        for (mut column, path) in given.into_iter().zip(paths) {
            if column.description.is_empty() {
                column.description =
                    format!("Custom resource definition column (in JSONPath format): {path}");
            }
            columns.push(column);
            parsed.push(Path::parse(path));
        }
        Self { columns: Cow::Owned(columns), cells: Cells::Paths(parsed.into()) }
    }

    /// The columns.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The cells of one object, one per column.
    pub fn row(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        match &self.cells {
            Cells::Builtin(kind) => row(kind, object, now),
            Cells::Paths(paths) => {
                let name = object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
                let columns = self.columns.iter().skip(1);
                let cells = columns.zip(&**paths).map(|(column, path)| {
                    let value = path.as_ref().and_then(|path| path.first(object));
                    value.map_or(Value::Null, |value| cell(&column.kind, value, now))
                });
                std::iter::once(name.into()).chain(cells).collect()
            }
        }
    }

    /// Objects as a `Table`; `metadata` is that of the list, or of the one object.
    ///
    /// Source: `k8s.io/apimachinery/pkg/apis/meta/v1` (`Table`).
    pub fn table<'a>(
        &self,
        objects: impl IntoIterator<Item = &'a Value>,
        metadata: &Value,
        now: Timestamp,
        options: &TableOptions,
    ) -> Value {
        let rows = objects.into_iter().map(|object| {
            let mut row = json!({"cells": self.row(object, now)});
            match options.include {
                IncludeObject::None => {}
                IncludeObject::Metadata => row["object"] = partial(object),
                IncludeObject::Object => row["object"] = object.clone(),
            }
            row
        });
        let rows: Vec<Value> = rows.collect();
        let columns: &[Column] = if options.no_headers { &[] } else { &self.columns };
        json!({
            "apiVersion": "meta.k8s.io/v1",
            "kind": "Table",
            "metadata": metadata,
            "columnDefinitions": columns,
            "rows": rows,
        })
    }
}

fn column(name: &str, kind: &str, format: &str, description: &str, priority: i32) -> Column {
    Column {
        name: name.to_owned(),
        kind: kind.to_owned(),
        format: format.to_owned(),
        description: description.to_owned(),
        priority,
    }
}

/// The metadata of an object, as an object of its own.
fn partial(object: &Value) -> Value {
    json!({
        "apiVersion": "meta.k8s.io/v1",
        "kind": "PartialObjectMetadata",
        "metadata": object.get("metadata").cloned().unwrap_or_else(|| json!({})),
    })
}

/// Source: `cellForJSONValue`.
fn cell(kind: &str, value: &Value, now: Timestamp) -> Value {
    match (kind, value) {
        ("string", Value::Null) => Value::Null,
        ("string", value) => shown(value).into(),
        ("integer", Value::Number(number)) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => whole.into(),
            #[expect(clippy::cast_possible_truncation, reason = "as Kubernetes shows it")]
            (None, Some(float)) => (float as i64).into(),
            (None, None) => Value::Null,
        },
        ("number", Value::Number(_)) | ("boolean", Value::Bool(_)) => value.clone(),
        ("date", Value::String(time)) => match time.parse::<Timestamp>() {
            Ok(_) => since(time, now).into(),
            Err(_) => "<invalid>".into(),
        },
        _ => Value::Null,
    }
}
