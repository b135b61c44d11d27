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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRange {
    start: Arc<str>,
    end: Option<Arc<str>>,
}

impl KeyRange {
    /// Every key.
    pub fn all() -> Self {
        Self { start: "".into(), end: None }
    }

    /// One key.
    pub fn one(key: &Key) -> Self {
        // No text lies between a key and the key with a zero byte appended.
        Self { start: key.0.clone(), end: Some(format!("{key}\0").into()) }
    }

    /// The keys that begin with `prefix`.
    pub fn prefix(prefix: impl Into<Arc<str>>) -> Self {
        let start = prefix.into();
        let end = successor(&start);
        Self { start, end }
    }

    /// The keys from `start` on, up to and without `end`; without `end` up to the last.
    pub fn between(start: impl Into<Arc<str>>, end: Option<Arc<str>>) -> Self {
        Self { start: start.into(), end }
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
        key.as_str() >= &*self.start && self.end.as_ref().is_none_or(|end| key.as_str() < &**end)
    }
}

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
