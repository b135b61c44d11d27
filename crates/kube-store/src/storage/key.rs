//! Keys and ranges of keys.

use std::fmt;
use std::sync::Arc;

/// A key: text, ordered by bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Arc<str>);

impl Key {
    /// The key of this text.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Key {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::borrow::Borrow<str> for Key {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// A range of keys: from `start` on, up to and without `end`.
#[derive(Clone, Debug)]
pub struct KeyRange {
    start: Arc<str>,
    end: Option<Arc<str>>,
    /// How it was made, to look faster. The same range made otherwise behaves the same.
    shape: Shape,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    One,
    Prefix,
    Any,
}

impl KeyRange {
    /// Every key.
    pub fn all() -> Self {
        Self { start: "".into(), end: None, shape: Shape::Prefix }
    }

    /// One key.
    pub fn one(key: &Key) -> Self {
        // No text lies between a key and the key with a zero byte appended.
        Self { start: key.0.clone(), end: Some(format!("{key}\0").into()), shape: Shape::One }
    }

    /// The keys that begin with `prefix`.
    pub fn prefix(prefix: impl Into<Arc<str>>) -> Self {
        let start = prefix.into();
        let end = successor(&start);
        Self { start, end, shape: Shape::Prefix }
    }

    /// The keys from `start` on, up to and without `end`; without `end` up to the last.
    pub fn between(start: impl Into<Arc<str>>, end: Option<Arc<str>>) -> Self {
        Self { start: start.into(), end, shape: Shape::Any }
    }

    /// Where the range begins.
    pub fn start(&self) -> &str {
        &self.start
    }

    /// Where the range ends, itself left out; `None` for open ranges.
    pub fn end(&self) -> Option<&str> {
        self.end.as_deref()
    }

    /// Whether `key` is in the range.
    pub fn contains(&self, key: &Key) -> bool {
        self.holds(key.as_str())
    }

    /// The same for the text of a key.
    pub(super) fn holds(&self, key: &str) -> bool {
        match self.shape {
            // One look at the beginning instead of two comparisons.
            Shape::Prefix => key.starts_with(&*self.start),
            Shape::One => *key == *self.start,
            Shape::Any => *key >= *self.start && self.end.as_ref().is_none_or(|end| *key < **end),
        }
    }

    /// Whether the range is that of one key.
    pub(super) fn is_one(&self) -> bool {
        self.shape == Shape::One
    }

    /// Whether the range is that of all keys with a prefix.
    pub(super) fn is_prefix(&self) -> bool {
        self.shape == Shape::Prefix
    }
}

impl PartialEq for KeyRange {
    fn eq(&self, other: &Self) -> bool {
        self.start == other.start && self.end == other.end
    }
}

impl Eq for KeyRange {}

/// The smallest text above every text that begins with `prefix`; `None` when there is none.
fn successor(prefix: &str) -> Option<Arc<str>> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        // Texts are ordered by code point, so the next code point closes the prefix.
        if let Some(next) = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32) {
            chars.push(next);
            return Some(chars.into_iter().collect::<String>().into());
        }
    }
    None
}
