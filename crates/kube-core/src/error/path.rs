//! Where a field stands.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// The path of a field inside an object, built while descending: `spec.containers[0].name`.
///
/// Source: `k8s.io/apimachinery/pkg/util/validation/field` (`Path`).
#[derive(Clone)]
pub struct FieldPath(Text);

/// Rules make a path for every field that they look at, right or wrong: allocating and formatting them would be most of
/// what rules cost. Most fit in here, and only an error's path is kept.
#[derive(Clone)]
enum Text {
    Short { length: u8, bytes: [u8; SHORT] },
    Long(String),
}

/// Bytes of a path that is not allocated: it is then as large as a line of a processor's cache, and an error small enough
/// to be returned.
const SHORT: usize = 62;

impl FieldPath {
    /// A path that starts at `name`.
    pub fn new(name: &str) -> Self {
        Self::root().then(&[name])
    }

    /// The path of the object itself.
    pub fn root() -> Self {
        Self(Text::Short { length: 0, bytes: [0; SHORT] })
    }

    /// The field `name` below this one.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        if self.bytes().is_empty() { self.then(&[name]) } else { self.then(&[".", name]) }
    }

    /// The list element at `index`.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        let mut digits = [0_u8; 20];
        self.then(&["[", decimal(index, &mut digits), "]"])
    }

    /// The map entry `key`.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.then(&["[", key, "]"])
    }

    /// The same with more behind.
    fn then(&self, parts: &[&str]) -> Self {
        let more: usize = parts.iter().map(|part| part.len()).sum();
        if let Text::Short { length, mut bytes } = self.0
            && usize::from(length) + more <= SHORT
        {
            let mut end = usize::from(length);
            for part in parts {
                bytes[end..end + part.len()].copy_from_slice(part.as_bytes());
                end += part.len();
            }
            return Self(Text::Short { length: u8::try_from(end).unwrap_or(u8::MAX), bytes });
        }
        let mut text = String::with_capacity(self.bytes().len() + more);
        text.push_str(self.as_str());
        text.extend(parts.iter().copied());
        Self(Text::Long(text))
    }

    fn bytes(&self) -> &[u8] {
        match &self.0 {
            Text::Short { length, bytes } => &bytes[..usize::from(*length)],
            Text::Long(text) => text.as_bytes(),
        }
    }

    /// The path as text; empty for the object itself.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            // Made of whole texts: it is one.
            Text::Short { .. } => std::str::from_utf8(self.bytes()).unwrap_or_default(),
            Text::Long(text) => text,
        }
    }
}

/// A number in decimal digits.
fn decimal(mut number: usize, digits: &mut [u8; 20]) -> &str {
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
        if number == 0 {
            return std::str::from_utf8(&digits[start..]).unwrap_or_default();
        }
    }
}

impl Default for FieldPath {
    fn default() -> Self {
        Self::root()
    }
}

impl fmt::Debug for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FieldPath").field(&self.as_str()).finish()
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.as_str();
        f.write_str(if text.is_empty() { "<nil>" } else { text })
    }
}

impl PartialEq for FieldPath {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for FieldPath {}

impl PartialOrd for FieldPath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for FieldPath {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bytes().cmp(other.bytes())
    }
}

impl Hash for FieldPath {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}
