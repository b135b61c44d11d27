//! Which fields of an object its type does not know.

use crate::error::FieldPath;
use serde_json::Value;

/// The fields of `given` that are not in `kept`, which is what the type made of it.
///
/// Decoders drop what they do not know without a word, and ones that tell would have to be compiled for every type once
/// more. What was read is written again instead, and compared. A field that is null cannot be told from one that is
/// known and null, and counts as known.
pub(super) fn unknown_fields(given: &Value, kept: &Value) -> Vec<FieldPath> {
    let mut unknown = Vec::new();
    compare(given, kept, &FieldPath::root(), &mut unknown);
    unknown
}

fn compare(given: &Value, kept: &Value, path: &FieldPath, unknown: &mut Vec<FieldPath>) {
    match (given, kept) {
        (Value::Object(given), Value::Object(kept)) => {
            for (name, value) in given.iter().filter(|(_, value)| !value.is_null()) {
                match kept.get(name) {
                    Some(known) => {
                        // A path costs: most values have nothing below.
                        if value.is_object() || value.is_array() {
                            compare(value, known, &path.child(name), unknown);
                        }
                    }
                    None => unknown.push(path.child(name)),
                }
            }
        }
        (Value::Array(given), Value::Array(kept)) => {
            for (index, (value, known)) in given.iter().zip(kept).enumerate() {
                if value.is_object() || value.is_array() {
                    compare(value, known, &path.index(index), unknown);
                }
            }
        }
        _ => {}
    }
}
