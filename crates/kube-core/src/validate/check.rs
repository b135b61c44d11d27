//! What the tests of kinds say: an object is filled, refused, or refused as the successor of another.

use serde_json::{Value, json};

use super::Kind;
use crate::error::FieldError;
use crate::wire::Scanned;
use jiff::Timestamp;

/// Defaulted, as JSON.
pub(super) fn filled<K: Kind>(object: &Value) -> Value {
    let mut decoded = K::decode(object).unwrap();
    decoded.set_defaults();
    let once = serde_json::to_value(&decoded).unwrap();
    decoded.set_defaults();
    assert_eq!(once, serde_json::to_value(&decoded).unwrap(), "defaults must give the same when run twice");
    once
}

/// The errors of a new object, as they are printed.
pub(super) fn refusals<K: Kind>(object: &Value) -> Vec<String> {
    printed(&defaulted::<K>(object).validate())
}

/// The errors of `new` as the successor of `old`.
pub(super) fn update_refusals<K: Kind>(old: &Value, new: &Value) -> Vec<String> {
    let (old, mut new) = (defaulted::<K>(old), defaulted::<K>(new));
    assert_eq!(printed(&old.validate()), Vec::<String>::new(), "the old object must be right");
    new.prepare_update(&old);
    printed(&new.validate_update(&old))
}

/// The errors of the status of `new` as the successor of that of `old`, of which nothing but metadata and status is
/// known, as in a status write; both statuses as they come out.
pub(super) fn status_refusals<K: Kind>(old: &Value, new: &Value) -> Vec<String> {
    let stored = defaulted::<K>(old);
    let head = json!({"metadata": new["metadata"], "status": new["status"]});
    let mut new = K::decode(&head).unwrap();
    let mut old = K::decode_for_status(&Scanned::new(serde_json::to_vec(&stored).unwrap()), &new).unwrap();
    old.metadata_mut().clone_from(stored.metadata());
    new.prepare_status_update(&old, Timestamp::UNIX_EPOCH);
    printed(&new.validate_status_update(&old))
}

/// `base` with the value at each pointer set; `null` removes it.
pub(super) fn with(base: &Value, changes: &[(&str, Value)]) -> Value {
    let mut object = base.clone();
    for (pointer, value) in changes {
        set(&mut object, pointer, value);
    }
    object
}

fn set(object: &mut Value, pointer: &str, value: &Value) {
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    let mut at = object;
    for part in parent.split('/').skip(1) {
        at = match part.parse::<usize>() {
            Ok(index) => &mut at[index],
            Err(_) => &mut at[part],
        };
    }
    match (at, field.parse::<usize>()) {
        (Value::Array(list), Ok(index)) if index < list.len() => list[index] = value.clone(),
        (Value::Array(list), Ok(_)) => list.push(value.clone()),
        (at, _) if value.is_null() => drop(at.as_object_mut().unwrap().remove(field)),
        (at, _) => at[field] = value.clone(),
    }
}

/// A template of pods labelled `app: x`.
pub(super) fn template() -> Value {
    json!({"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}})
}

fn defaulted<K: Kind>(object: &Value) -> K {
    let mut decoded = K::decode(object).unwrap();
    decoded.set_defaults();
    decoded
}

fn printed(errors: &[FieldError]) -> Vec<String> {
    errors.iter().map(ToString::to_string).collect()
}
