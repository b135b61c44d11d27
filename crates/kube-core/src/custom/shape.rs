//! The schemas of a custom kind, from its types.

use super::CustomKind;
use crate::error::FieldPath;
use crate::kinds::apiextensions::v1::JSONSchemaProps;
use crate::kinds::meta::v1::ObjectMeta;
use crate::schema::Structural;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Deserialize;
use serde_json::{Value, json};
use std::any::TypeId;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// The schemas of a kind's parts, made ready.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) spec: Structural,
    pub(super) status: Structural,
}

/// Made once for each kind; there are as many as kinds in the program.
static SHAPES: Mutex<BTreeMap<TypeId, &'static Shape>> = Mutex::new(BTreeMap::new());

/// The schemas of `S`.
pub(super) fn shape_of<S: CustomKind>() -> &'static Shape {
    let known = |shapes: &BTreeMap<TypeId, &'static Shape>| shapes.get(&TypeId::of::<S>()).copied();
    if let Some(shape) = known(&SHAPES.lock().unwrap_or_else(PoisonError::into_inner)) {
        return shape;
    }
    let shape = Shape { spec: ready::<S>(), status: ready::<S::Status>() };
    let mut shapes = SHAPES.lock().unwrap_or_else(PoisonError::into_inner);
    // Another thread may have been faster.
    known(&shapes).unwrap_or_else(|| {
        let shape: &'static Shape = Box::leak(Box::new(shape));
        shapes.insert(TypeId::of::<S>(), shape);
        shape
    })
}

/// The fields of an object of the kind that neither its schema nor metadata knows.
pub(super) fn unknown_in<S: CustomKind>(object: &Value) -> Vec<FieldPath> {
    let (shape, root) = (shape_of::<S>(), FieldPath::root());
    let mut unknown = Vec::new();
    for (name, value) in object.as_object().into_iter().flatten() {
        let path = root.child(name);
        match name.as_str() {
            "apiVersion" | "kind" => {}
            "metadata" => unknown.extend(unknown_metadata(value, &path)),
            "spec" => unknown.extend(shape.spec.unknown_fields(value, &path)),
            "status" => unknown.extend(shape.status.unknown_fields(value, &path)),
            _ => unknown.push(path),
        }
    }
    unknown
}

fn unknown_metadata(given: &Value, path: &FieldPath) -> Vec<FieldPath> {
    let kept = ObjectMeta::deserialize(given).ok().and_then(|meta| serde_json::to_value(meta).ok());
    let known = |name: &String| kept.as_ref().is_none_or(|kept| kept.get(name).is_some());
    let given = given.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    given.filter(|(name, _)| !known(name)).map(|(name, _)| path.child(name)).collect()
}

/// A schema that says nothing where the type's own cannot be used.
fn ready<T: JsonSchema>() -> Structural {
    let schema = Structural::new(&props(structural_schema::<T>()));
    schema.unwrap_or_else(|_| Structural::anything())
}

/// `{spec, status}` with every reference inlined, as structural schemas ask.
pub(super) fn object_schema<S: CustomKind>() -> JSONSchemaProps {
    props(json!({
        "type": "object",
        "required": ["spec"],
        "properties": {"spec": structural_schema::<S>(), "status": structural_schema::<S::Status>()},
    }))
}

/// A schema that the API type cannot hold keeps every field instead of losing the kind.
fn props(schema: Value) -> JSONSchemaProps {
    serde_json::from_value(schema).unwrap_or_else(|_| JSONSchemaProps {
        type_: Some("object".to_owned()),
        x_kubernetes_preserve_unknown_fields: Some(true),
        ..JSONSchemaProps::default()
    })
}

fn structural_schema<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::openapi3().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    make_structural(&mut schema);
    schema
}

/// Drops what structural schemas do not know: titles, and number formats of Rust's own.
fn make_structural(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if map.get("type").is_some_and(Value::is_string) {
                map.remove("title");
                let foreign = map
                    .get("format")
                    .and_then(Value::as_str)
                    .is_some_and(|f| f.starts_with("uint") || f == "int8" || f == "int16");
                if foreign {
                    map.remove("format");
                }
            }
            map.remove("$schema");
            map.values_mut().for_each(make_structural);
        }
        Value::Array(items) => items.iter_mut().for_each(make_structural),
        _ => {}
    }
}
