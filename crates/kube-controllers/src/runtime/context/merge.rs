//! Comparing objects as JSON: is what is wanted there, and what is the smallest patch to get it?

use serde_json::{Map, Value};

/// Whether `present` has everything that `wanted` says: fields that `wanted` does not name may be anything, lists must
/// be as long.
pub(super) fn covers(present: &Value, wanted: &Value) -> bool {
    match (present, wanted) {
        (Value::Object(present), Value::Object(wanted)) => wanted.iter().all(|(key, wanted)| {
            present.get(key).map_or_else(|| is_empty(wanted), |present| covers(present, wanted))
        }),
        (Value::Array(present), Value::Array(wanted)) => {
            present.len() == wanted.len() && present.iter().zip(wanted).all(|(p, w)| covers(p, w))
        }
        _ => present == wanted,
    }
}

/// What says nothing: `null`, `{}` and `[]` are the same as absent.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(map) => map.values().all(is_empty),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// Lays `wanted` over `present`: objects are merged, lists of equal length item by item, everything else replaced.
pub(super) fn overlay(present: &mut Value, wanted: &Value) {
    match (present, wanted) {
        (Value::Object(present), Value::Object(wanted)) => {
            for (key, wanted) in wanted {
                overlay(present.entry(key.clone()).or_insert(Value::Null), wanted);
            }
        }
        (Value::Array(present), Value::Array(wanted)) if present.len() == wanted.len() => {
            present.iter_mut().zip(wanted).for_each(|(present, wanted)| overlay(present, wanted));
        }
        (present, wanted) => *present = wanted.clone(),
    }
}

/// The merge patch (RFC 7386) that makes `new` of `old`; `None` when they are the same.
pub(crate) fn merge_diff(old: &Value, new: &Value) -> Option<Value> {
    let (Value::Object(old), Value::Object(new)) = (old, new) else {
        return (old != new).then(|| new.clone());
    };
    let mut patch = Map::new();
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    for (key, new) in new {
        let change = old.get(key).map_or_else(|| Some(new.clone()), |old| merge_diff(old, new));
        patch.extend(change.map(|change| (key.clone(), change)));
    }
    (!patch.is_empty()).then_some(Value::Object(patch))
}
