//! Fields that selectors may name, and how they are read from an object's bytes without decoding all of it.

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// A field that selectors may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectableField {
    label: Cow<'static, str>,
    path: Cow<'static, str>,
    absent: &'static str,
}

impl SelectableField {
    /// The field that stands at `path`, as `spec.nodeName`, and is selected by the same name.
    pub const fn new(path: &'static str) -> Self {
        Self { label: Cow::Borrowed(path), path: Cow::Borrowed(path), absent: "" }
    }

    /// The field that stands at `path` and is selected by the name `label`.
    pub const fn named(label: &'static str, path: &'static str) -> Self {
        Self { label: Cow::Borrowed(label), path: Cow::Borrowed(path), absent: "" }
    }

    /// A field known at run time only.
    pub fn dynamic(path: impl Into<String>) -> Self {
        let path: String = path.into();
        Self { label: path.clone().into(), path: path.into(), absent: "" }
    }

    /// The same, reading as `absent` where the object does not have it.
    #[must_use]
    pub const fn or(mut self, absent: &'static str) -> Self {
        self.absent = absent;
        self
    }

    /// The name in selectors.
    pub fn label(&self) -> &str {
        &self.label
    }
}

/// Reads the values of some fields in one pass over the bytes, skipping everything else.
#[derive(Debug)]
pub(crate) struct FieldTree {
    root: Node,
    absent: Vec<&'static str>,
}

#[derive(Debug, Default)]
struct Node {
    children: Vec<(String, Self)>,
    /// Slots of the fields that end here.
    slots: Vec<usize>,
}

impl FieldTree {
    pub(crate) fn new(fields: &[SelectableField]) -> Self {
        let mut root = Node::default();
        for (slot, field) in fields.iter().enumerate() {
            let mut node = &mut root;
            for part in field.path.split('.') {
                let at = node.children.iter().position(|(name, _)| name == part).unwrap_or_else(|| {
                    node.children.push((part.to_owned(), Node::default()));
                    node.children.len() - 1
                });
                node = &mut node.children[at].1;
            }
            node.slots.push(slot);
        }
        Self { root, absent: fields.iter().map(|f| f.absent).collect() }
    }

    /// The values, one per field.
    pub(crate) fn read(&self, bytes: &[u8]) -> Box<[Arc<str>]> {
        let mut values: Vec<Option<Arc<str>>> = vec![None; self.absent.len()];
        if !values.is_empty() {
            let mut json = serde_json::Deserializer::from_slice(bytes);
            // What does not parse has no fields.
            let _unreadable = Pick { node: &self.root, values: &mut values }.deserialize(&mut json).is_err();
        }
        let filled = values.into_iter().zip(&self.absent);
        filled.map(|(value, absent)| value.unwrap_or_else(|| Arc::from(*absent))).collect()
    }
}

struct Pick<'a> {
    node: &'a Node,
    values: &'a mut Vec<Option<Arc<str>>>,
}

impl Pick<'_> {
    fn put(self, text: &str) {
        let text: Arc<str> = text.into();
        for slot in &self.node.slots {
            self.values[*slot] = Some(text.clone());
        }
    }
}

impl<'de> DeserializeSeed<'de> for Pick<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Pick<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.put(text);
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.put(if value { "true" } else { "false" });
        Ok(())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.put(&value.to_string());
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.put(&value.to_string());
        Ok(())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.put(&value.to_string());
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Cow<'_, str>>()? {
            match self.node.children.iter().find(|(name, _)| *name == key) {
                Some((_, node)) => map.next_value_seed(Pick { node, values: self.values })?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}
