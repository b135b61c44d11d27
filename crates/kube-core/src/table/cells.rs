//! Reading what cells show.

use super::age::since;
use crate::error::FieldError;
use crate::kinds::meta::v1::LabelSelector;
use crate::selector::Selector;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// Said where nothing is.
pub(super) const NONE: &str = "<none>";
/// Said where nothing was set.
pub(super) const UNSET: &str = "<unset>";
/// Said where nothing is known.
pub(super) const UNKNOWN: &str = "<unknown>";

/// An object or a part of one, read by JSON pointers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Object<'a> {
    value: &'a Value,
    now: Timestamp,
}

impl<'a> Object<'a> {
    pub(super) fn new(value: &'a Value, now: Timestamp) -> Self {
        Self { value, now }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    /// What stands there, unless it is null.
    pub(super) fn value(&self, pointer: &str) -> Option<&'a Value> {
        self.value.pointer(pointer).filter(|value| !value.is_null())
    }

    pub(super) fn has(&self, pointer: &str) -> bool {
        self.value(pointer).is_some()
    }

    /// The part there; nothing can be read of one that is not.
    pub(super) fn part(&self, pointer: &str) -> Self {
        Self { value: self.value(pointer).unwrap_or(&Value::Null), ..*self }
    }

    /// The text there; empty if there is none.
    pub(super) fn text(&self, pointer: &str) -> &'a str {
        self.value(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// The text there, or `other` where it is absent or empty.
    pub(super) fn text_or(&self, pointer: &str, other: &'a str) -> &'a str {
        let text = self.text(pointer);
        if text.is_empty() { other } else { text }
    }

    /// The number there; 0 if there is none.
    pub(super) fn int(&self, pointer: &str) -> i64 {
        self.value(pointer).and_then(Value::as_i64).unwrap_or_default()
    }

    pub(super) fn flag(&self, pointer: &str) -> bool {
        self.value(pointer).and_then(Value::as_bool).unwrap_or_default()
    }

    /// The items there.
    pub(super) fn list(
        &self,
        pointer: &str,
    ) -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator + use<'a> {
        let items = self.value(pointer).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let now = self.now;
        items.iter().map(move |value| Object { value, now })
    }

    /// The texts there.
    pub(super) fn texts(&self, pointer: &str) -> Vec<&'a str> {
        let items = self.value(pointer).and_then(Value::as_array);
        items.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// How many entries the object or list there has.
    pub(super) fn count(&self, pointer: &str) -> usize {
        match self.value(pointer) {
            Some(Value::Object(fields)) => fields.len(),
            Some(Value::Array(items)) => items.len(),
            _ => 0,
        }
    }

    /// The entries of the object there whose values are texts.
    pub(super) fn entries(&self, pointer: &str) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let fields = self.value(pointer).and_then(Value::as_object);
        fields.into_iter().flatten().filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
    }

    /// A number or a text, as it is printed.
    pub(super) fn shown(&self, pointer: &str) -> Option<String> {
        match self.value(pointer)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// The condition of that type.
    pub(super) fn condition(&self, kind: &str) -> Option<Self> {
        self.list("/status/conditions").find(|condition| condition.text("/type") == kind)
    }

    pub(super) fn is_terminating(&self) -> bool {
        self.has("/metadata/deletionTimestamp")
    }

    pub(super) fn name(&self) -> Value {
        self.text("/metadata/name").into()
    }

    pub(super) fn age(&self) -> Value {
        self.ago("/metadata/creationTimestamp").into()
    }

    /// How long ago the time there was.
    pub(super) fn ago(&self, pointer: &str) -> String {
        since(self.text(pointer), self.now)
    }

    /// Labels as `a=b,c=d`.
    pub(super) fn labels(&self, pointer: &str) -> Value {
        let labels: Vec<String> =
            self.entries(pointer).map(|(key, value)| format!("{key}={value}")).collect();
        if labels.is_empty() { NONE.into() } else { labels.join(",").into() }
    }

    /// The label selector there, as it is written on a command line.
    ///
    /// Source: `FormatLabelSelector` of `k8s.io/apimachinery/pkg/apis/meta/v1`.
    pub(super) fn selector(&self, pointer: &str) -> Value {
        match self.label_selector(pointer) {
            Err(_) => "<error>".into(),
            Ok(none) if none.is_empty() => NONE.into(),
            Ok(selector) => selector.into(),
        }
    }

    /// As [`Object::selector`], but empty where nothing or everything is selected.
    pub(super) fn bare_selector(&self, pointer: &str) -> Value {
        self.label_selector(pointer).unwrap_or_default().into()
    }

    fn label_selector(&self, pointer: &str) -> Result<String, FieldError> {
        let selector = self.value(pointer).and_then(|selector| LabelSelector::deserialize(selector).ok());
        Selector::from_label_selector(selector.as_ref()).map(|selector| selector.to_string())
    }

    /// Names and images of containers.
    pub(super) fn containers(&self, pointer: &str) -> [Value; 2] {
        ["/name", "/image"].map(|field| {
            let texts: Vec<&str> = self.list(pointer).map(|container| container.text(field)).collect();
            texts.join(",").into()
        })
    }
}

/// The first `max` of `items`, and how many there are beyond.
pub(super) fn first_of(items: &[String], max: usize, separator: &str) -> String {
    let shown = items.get(..max).unwrap_or(items).join(separator);
    match items.len().checked_sub(max).filter(|more| *more > 0) {
        Some(more) => format!("{shown} + {more} more..."),
        None => shown,
    }
}
