//! Labels: what a selector looks at, and the immutable set that lean views hold.

use super::text::Text;
use super::{SelectorError, requirement};
use crate::error::FieldPath;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Labels, however they are stored.
pub trait Labels {
    /// The value of the label `key`; `None` where the label is not set.
    fn value(&self, key: &str) -> Option<&str>;
}

impl<T: Labels + ?Sized> Labels for &T {
    fn value(&self, key: &str) -> Option<&str> {
        (**self).value(key)
    }
}

impl<T: Labels> Labels for Option<T> {
    fn value(&self, key: &str) -> Option<&str> {
        self.as_ref()?.value(key)
    }
}

impl Labels for BTreeMap<String, String> {
    fn value(&self, key: &str) -> Option<&str> {
        self.get(key).map(String::as_str)
    }
}

impl Labels for BTreeMap<Arc<str>, Arc<str>> {
    fn value(&self, key: &str) -> Option<&str> {
        self.get(key).map(AsRef::as_ref)
    }
}

impl Labels for LabelSet {
    fn value(&self, key: &str) -> Option<&str> {
        self.get(key).map(AsRef::as_ref)
    }
}

/// An immutable set of labels, sorted by key. A clone shares the memory.
///
/// As JSON it is an object; `null` reads as empty and the last of two equal keys wins.
/// `FromStr` reads `key=value` pairs (`labels.ConvertSelectorToLabelsMap`), `Display` writes them (`labels.Set.String`).
///
/// ```
/// use kube_core::selector::LabelSet;
///
/// let labels: LabelSet = "tier=front, app=web".parse()?;
/// assert_eq!(labels.get("app").map(AsRef::as_ref), Some("web"));
/// assert_eq!(labels.to_string(), "app=web,tier=front");
/// # Ok::<(), kube_core::selector::SelectorError>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LabelSet(
    // Never `Some` of an empty slice: an empty set costs no allocation.
    Option<Arc<[Pair]>>,
);

type Pair = (Arc<str>, Arc<str>);

impl LabelSet {
    /// A set without labels.
    pub const EMPTY: Self = Self(None);

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&Arc<str>> {
        let pairs = self.as_slice();
        let at = pairs.binary_search_by(|(k, _)| (**k).cmp(key)).ok()?;
        pairs.get(at).map(|(_, value)| value)
    }

    /// Whether `key` is set.
    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// The labels by key.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Arc<str>, &Arc<str>)> {
        self.as_slice().iter().map(|(key, value)| (key, value))
    }

    /// The labels by key, as pairs.
    pub fn as_slice(&self) -> &[(Arc<str>, Arc<str>)] {
        self.0.as_deref().unwrap_or_default()
    }

    /// How many labels there are.
    pub fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// What kubectl prints: the labels, or `<none>`. Source: `labels.FormatLabels`.
    pub fn format(&self) -> String {
        if self.is_empty() { "<none>".to_owned() } else { self.to_string() }
    }

    fn from_pairs(mut pairs: Vec<Pair>) -> Self {
        if pairs.is_empty() {
            return Self::EMPTY;
        }
        pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
        pairs.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same {
                std::mem::swap(later, kept);
            }
            same
        });
        Self(Some(pairs.into()))
    }
}

impl fmt::Debug for LabelSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl fmt::Display for LabelSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Kubernetes sorts the pairs as texts, which differs from sorting by key: `-` and `.` come before `=`.
        let mut pairs: Vec<String> = self.iter().map(|(key, value)| format!("{key}={value}")).collect();
        pairs.sort_unstable();
        f.write_str(&pairs.join(","))
    }
}

impl FromStr for LabelSet {
    type Err = SelectorError;

    /// Source: `labels.ConvertSelectorToLabelsMap`.
    fn from_str(selector: &str) -> Result<Self, SelectorError> {
        if selector.is_empty() {
            return Ok(Self::EMPTY);
        }
        let mut pairs = Vec::new();
        for term in selector.split(',') {
            let sides: Vec<&str> = term.split('=').collect();
            let [key, value] = sides.as_slice() else {
                return Err(SelectorError::new(format!("invalid selector: [{}]", sides.join(" "))));
            };
            let (key, value) = (key.trim(), value.trim());
            let invalid = requirement::check_key(key, FieldPath::root)
                .or_else(|| requirement::check_value(value, || FieldPath::root().key(key)));
            if let Some(error) = invalid {
                return Err(SelectorError::new(error.to_string()));
            }
            pairs.push((key.into(), value.into()));
        }
        Ok(Self::from_pairs(pairs))
    }
}

impl<K: Into<Arc<str>>, V: Into<Arc<str>>> FromIterator<(K, V)> for LabelSet {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self::from_pairs(pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}

impl From<&Self> for LabelSet {
    fn from(labels: &Self) -> Self {
        labels.clone()
    }
}

impl From<&BTreeMap<String, String>> for LabelSet {
    fn from(labels: &BTreeMap<String, String>) -> Self {
        labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
    }
}

impl From<Option<&BTreeMap<String, String>>> for LabelSet {
    fn from(labels: Option<&BTreeMap<String, String>>) -> Self {
        labels.map(Self::from).unwrap_or_default()
    }
}

impl Serialize for LabelSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for LabelSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_option(LabelSetVisitor)
    }
}

struct LabelSetVisitor;

impl<'de> Visitor<'de> for LabelSetVisitor {
    type Value = LabelSet;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of strings")
    }

    fn visit_none<E>(self) -> Result<LabelSet, E> {
        Ok(LabelSet::EMPTY)
    }

    fn visit_unit<E>(self) -> Result<LabelSet, E> {
        Ok(LabelSet::EMPTY)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<LabelSet, D::Error> {
        deserializer.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<LabelSet, A::Error> {
        let mut pairs = Vec::with_capacity(map.size_hint().unwrap_or(0).min(64));
        while let Some((Text(key), Text(value))) = map.next_entry()? {
            pairs.push((key, value));
        }
        Ok(LabelSet::from_pairs(pairs))
    }
}
