//! What templates can call.

use super::Surroundings;
use serde_json::{Map, Value};

/// The functions that templates can call: Go's own, and those of KWOK that tell of time, addresses and text.
pub const FUNCTIONS: &[&str] = &[
    "Now",
    "NodeIP",
    "NodeIPWith",
    "PodIP",
    "PodIPWith",
    "Quote",
    "YAML",
    "add1",
    "and",
    "dict",
    "eq",
    "ge",
    "gt",
    "index",
    "le",
    "len",
    "lt",
    "ne",
    "not",
    "or",
    "printf",
];

pub(super) fn call(name: &str, given: &[Value], around: &Surroundings) -> Result<Value, String> {
    let needs = |count: usize| {
        let enough = given.len() >= count;
        if enough { Ok(()) } else { Err(format!("{name} needs {count} arguments, and got {}", given.len())) }
    };
    Ok(match name {
        "Now" => around.now.to_string().into(),
        "NodeIP" | "NodeIPWith" => around.node.to_string().into(),
        "PodIP" => around.own.to_string().into(),
        "PodIPWith" => {
            let host_network = given.get(1).is_some_and(is_true);
            if host_network { around.node } else { around.own }.to_string().into()
        }
        "Quote" => {
            needs(1)?;
            Value::String(shown(&given[0])).to_string().into()
        }
        "YAML" => {
            needs(1)?;
            // JSON is YAML on one line, which fits every indentation.
            given[0].to_string().into()
        }
        "add1" => {
            needs(1)?;
            (given[0].as_i64().unwrap_or(0) + 1).into()
        }
        "and" => {
            given.iter().find(|value| !is_true(value)).or_else(|| given.last()).cloned().unwrap_or_default()
        }
        "or" => {
            given.iter().find(|value| is_true(value)).or_else(|| given.last()).cloned().unwrap_or_default()
        }
        "not" => {
            needs(1)?;
            (!is_true(&given[0])).into()
        }
        "eq" => {
            needs(2)?;
            given[1..].contains(&given[0]).into()
        }
        "ne" => {
            needs(2)?;
            (given[0] != given[1]).into()
        }
        "lt" | "le" | "gt" | "ge" => {
            needs(2)?;
            ordered(name, &given[0], &given[1])?.into()
        }
        "len" => {
            needs(1)?;
            length(&given[0])?.into()
        }
        "index" => {
            needs(1)?;
            given[1..].iter().fold(given[0].clone(), |value, key| item(&value, key))
        }
        "dict" => dict(given)?,
        "printf" => {
            needs(1)?;
            printf(&given[0], &given[1..]).into()
        }
        _ => return Err(format!("there is no function {name:?}")),
    })
}

/// What Go takes for true.
pub(super) fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}

/// A value as it is printed.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn ordered(name: &str, left: &Value, right: &Value) -> Result<bool, String> {
    let order = match (left, right) {
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => left.as_f64().zip(right.as_f64()).and_then(|(left, right)| left.partial_cmp(&right)),
    };
    let order = order.ok_or_else(|| format!("{left} and {right} have no order"))?;
    Ok(match name {
        "lt" => order.is_lt(),
        "le" => order.is_le(),
        "gt" => order.is_gt(),
        _ => order.is_ge(),
    })
}

fn length(value: &Value) -> Result<usize, String> {
    match value {
        Value::Null => Ok(0),
        Value::String(text) => Ok(text.len()),
        Value::Array(items) => Ok(items.len()),
        Value::Object(fields) => Ok(fields.len()),
        other => Err(format!("{other} has no length")),
    }
}

fn item(value: &Value, key: &Value) -> Value {
    let found = match key {
        Value::Number(index) => {
            let index = index.as_u64().and_then(|index| usize::try_from(index).ok());
            index.and_then(|index| value.get(index))
        }
        Value::String(name) => value.get(name),
        _ => None,
    };
    found.cloned().unwrap_or_default()
}

fn dict(given: &[Value]) -> Result<Value, String> {
    let mut all = Map::new();
    for pair in given.chunks(2) {
        let [Value::String(name), value] = pair else {
            return Err("dict needs names and values in turn".to_owned());
        };
        all.insert(name.clone(), value.clone());
    }
    Ok(all.into())
}

/// `%s`, `%d`, `%v` and `%q` in turn, and `%%`.
fn printf(format: &Value, given: &[Value]) -> String {
    let mut out = String::new();
    let mut given = given.iter();
    let text = shown(format);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('q') => {
                out.push_str(&given.next().map(|v| Value::String(shown(v)).to_string()).unwrap_or_default());
            }
            Some('s' | 'd' | 'v') => out.push_str(&given.next().map(shown).unwrap_or_default()),
            Some(other) => out.push(other),
            None => out.push('%'),
        }
    }
    out
}
