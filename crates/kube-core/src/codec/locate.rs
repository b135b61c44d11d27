//! Which field of an object does not decode.

use crate::error::FieldPath;
use serde_json::Value;

/// The field without which `fails` would say something else; the root when that cannot be told.
///
/// Decoders do not say where they stopped, and ones that do would have to be compiled for every type once more. Objects
/// that do not decode are rare and small: they are decoded again and again without one of their fields.
pub(super) fn locate(object: &Value, fails: &dyn Fn(&Value) -> Option<String>) -> FieldPath {
    let mut path = FieldPath::root();
    let Some(complaint) = fails(object) else { return path };
    let mut pointer = String::new();
    while let Some((step, field)) =
        culprit(object, &pointer, &|without| fails(without).as_ref() != Some(&complaint))
    {
        pointer.push_str(&step);
        path = match field {
            Field::Name(name) => path.child(&name),
            Field::Index(index) => path.index(index),
        };
    }
    path
}

enum Field {
    Name(String),
    Index(usize),
}

/// The part of what stands at `pointer` whose absence changes the complaint, as a step of a JSON pointer.
fn culprit(object: &Value, pointer: &str, changes: &dyn Fn(&Value) -> bool) -> Option<(String, Field)> {
    let without = |take: &dyn Fn(&mut Value)| {
        let mut copy = object.clone();
        copy.pointer_mut(pointer).map(take).is_some_and(|()| changes(&copy))
    };
    match object.pointer(pointer)? {
        Value::Object(fields) => fields.keys().find_map(|name| {
            let found = without(&|parent| drop(parent.as_object_mut().and_then(|map| map.remove(name))));
            let step = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
            found.then(|| (step, Field::Name(name.clone())))
        }),
        Value::Array(items) => (0..items.len()).find_map(|index| {
            let found = without(&|parent| drop(parent.as_array_mut().map(|list| list.remove(index))));
            found.then(|| (format!("/{index}"), Field::Index(index)))
        }),
        _ => None,
    }
}
