//! Which fields a schema does not know.

use super::Structural;
use crate::error::FieldPath;
use serde_json::Value;

pub(super) fn unknown_fields(schema: &Structural, value: &Value, path: &FieldPath) -> Vec<FieldPath> {
    let mut unknown = Vec::new();
    find(&[schema], value, path, &mut unknown);
    unknown
}

/// Looks for fields that none of `schemas` knows, nor any that is a part of them.
fn find(schemas: &[&Structural], value: &Value, path: &FieldPath, unknown: &mut Vec<FieldPath>) {
    let mut all = Vec::new();
    for schema in schemas {
        collect(schema, &mut all);
    }
    match value {
        Value::Object(fields) => {
            if all.iter().any(|schema| schema.takes_any_field()) {
                return;
            }
            for (name, value) in fields {
                let mut below: Vec<&Structural> =
                    all.iter().filter_map(|schema| schema.properties.get(name)).collect();
                if below.is_empty() {
                    below.extend(all.iter().filter_map(|schema| schema.others.as_deref()));
                }
                let path = path.child(name);
                if below.is_empty() { unknown.push(path) } else { find(&below, value, &path, unknown) }
            }
        }
        Value::Array(items) => {
            let below: Vec<&Structural> = all.iter().filter_map(|schema| schema.items.as_deref()).collect();
            if !below.is_empty() {
                for (index, value) in items.iter().enumerate() {
                    find(&below, value, &path.index(index), unknown);
                }
            }
        }
        _ => {}
    }
}

fn collect<'a>(schema: &'a Structural, all: &mut Vec<&'a Structural>) {
    all.push(schema);
    for part in schema.all_of.iter().chain(&schema.any_of).chain(&schema.one_of) {
        collect(part, all);
    }
}

impl Structural {
    fn takes_any_field(&self) -> bool {
        let says_nothing = self.kind.is_none()
            && self.properties.is_empty()
            && self.others.is_none()
            && self.items.is_none()
            && self.values.is_empty()
            && [&self.all_of, &self.any_of, &self.one_of].iter().all(|parts| parts.is_empty());
        // A part that only demands fields is not about their shape.
        self.open || says_nothing && self.required.is_empty()
    }
}
