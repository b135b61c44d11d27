//! How objects look in a table.

use serde_json::Value;

/// One column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Column {
    /// Heading.
    pub name: &'static str,
    /// `string`, `integer`, `date`, …
    pub kind: &'static str,
    /// 0 is always shown, 1 only where there is room.
    pub priority: u8,
}

impl Column {
    /// A column of texts that is always shown.
    pub const fn text(name: &'static str) -> Self {
        Self { name, kind: "string", priority: 0 }
    }

    /// The same, shown only where there is room.
    #[must_use]
    pub const fn wide(self) -> Self {
        Self { priority: 1, ..self }
    }
}

/// Columns, and how an object fills them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Table {
    /// The columns, in order.
    pub columns: Vec<Column>,
    /// The cells of one object, one per column.
    pub row: fn(&Value) -> Vec<Value>,
}

impl Table {
    /// A table of these columns.
    pub fn new(columns: Vec<Column>, row: fn(&Value) -> Vec<Value>) -> Self {
        Self { columns, row }
    }
}
