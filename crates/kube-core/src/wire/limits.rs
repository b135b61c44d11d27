//! What input may be at most, and reading it within that.
//!
//! One visitor reads JSON and YAML into a [`Value`] and counts as it goes: what would become too deep or too large is
//! refused before it is built, however it is written. An alias in YAML costs what it stands for.

use crate::error::FieldPath;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::cell::{Cell, RefCell};
use std::fmt;

/// Bytes of a JSON body or of one YAML document, and of all texts in the object that it becomes.
///
/// Source: `MaxRequestBodyBytes` of `k8s.io/apiserver/pkg/server`.
pub const MAX_OBJECT_BYTES: usize = 3 * 1024 * 1024;

/// Objects and lists inside each other. Readers call themselves for each: this many fit on the stack of any thread,
/// also in a debug build.
pub const MAX_DEPTH: usize = 64;

/// Values in an object: fields, items, and the object itself.
pub const MAX_VALUES: usize = 250_000;

/// What is left of the limits.
#[derive(Debug)]
pub(super) struct Allowance {
    bytes: Cell<usize>,
    values: Cell<usize>,
    /// Keys that stand twice, where that is allowed: each costs a value.
    repeated: Option<RefCell<Vec<FieldPath>>>,
}

impl Allowance {
    pub(super) fn new() -> Self {
        Self { bytes: Cell::new(MAX_OBJECT_BYTES), values: Cell::new(MAX_VALUES), repeated: None }
    }

    /// Keys may stand twice: the last one counts.
    pub(super) fn with_repeated() -> Self {
        Self { repeated: Some(RefCell::default()), ..Self::new() }
    }

    /// The keys that stand twice.
    pub(super) fn repeated(self) -> Vec<FieldPath> {
        self.repeated.map(RefCell::into_inner).unwrap_or_default()
    }

    fn spend_bytes<E: Error>(&self, bytes: usize) -> Result<(), E> {
        let left = self.bytes.get().checked_sub(bytes);
        self.bytes.set(left.ok_or_else(|| E::custom(Excess(MAX_OBJECT_BYTES, "bytes of text")))?);
        Ok(())
    }

    fn spend_value<E: Error>(&self) -> Result<(), E> {
        let left = self.values.get().checked_sub(1);
        self.values.set(left.ok_or_else(|| E::custom(Excess(MAX_VALUES, "values")))?);
        Ok(())
    }
}

struct Excess(usize, &'static str);

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the object has more than {} {}", self.0, self.1)
    }
}

/// Where a value stands: a path is made of it only when it is to be told.
#[derive(Clone, Copy, Debug)]
enum At<'a> {
    Root,
    Field(&'a Self, &'a str),
    Item(&'a Self, usize),
}

impl At<'_> {
    fn path(&self) -> FieldPath {
        match self {
            Self::Root => FieldPath::root(),
            Self::Field(parent, name) => parent.path().child(name),
            Self::Item(parent, index) => parent.path().index(*index),
        }
    }
}

/// Reads a value that stands `depth` objects and lists deep.
pub(super) struct Within<'a> {
    allowance: &'a Allowance,
    depth: usize,
    at: At<'a>,
}

impl<'a> Within<'a> {
    pub(super) fn new(allowance: &'a Allowance) -> Self {
        Self { allowance, depth: 0, at: At::Root }
    }

    fn expect_room<E: Error>(&self) -> Result<(), E> {
        if self.depth >= MAX_DEPTH {
            return Err(E::custom(format_args!("the object is more than {MAX_DEPTH} levels deep")));
        }
        Ok(())
    }

    fn below<'b>(&'b self, at: At<'b>) -> Within<'b> {
        Within { allowance: self.allowance, depth: self.depth + 1, at }
    }
}

impl<'de> DeserializeSeed<'de> for Within<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.allowance.spend_value()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Within<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom(format_args!("{value} is not a number in JSON")))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        self.allowance.spend_bytes(value.len())?;
        Ok(value.into())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        self.allowance.spend_bytes(value.len())?;
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        self.expect_room()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.below(At::Item(&self.at, list.len())))? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        self.expect_room()?;
        let mut fields = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            self.allowance.spend_bytes(key.len())?;
            let at = At::Field(&self.at, &key);
            let value = entries.next_value_seed(self.below(at))?;
            if fields.contains_key(&key) {
                let Some(repeated) = &self.allowance.repeated else {
                    return Err(A::Error::custom(format_args!("the key {key:?} stands twice")));
                };
                repeated.borrow_mut().push(at.path());
            }
            fields.insert(key, value);
        }
        Ok(Value::Object(fields))
    }
}
