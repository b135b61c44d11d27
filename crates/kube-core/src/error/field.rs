//! One wrong field: where, what kind of wrong, and the words a user reads.

use super::FieldPath;
use std::fmt;

/// What kind of wrong a field is. The names are those of `status.details.causes[].reason`.
///
/// Source: `k8s.io/apimachinery/pkg/util/validation/field` (`ErrorType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FieldErrorKind {
    /// A reference to something that does not exist.
    NotFound,
    /// A required field without a value.
    Required,
    /// A value that must be unique stands twice.
    Duplicate,
    /// A value of the right type that is not allowed.
    Invalid,
    /// A value outside an enumeration.
    NotSupported,
    /// A value that would be allowed elsewhere but not here.
    Forbidden,
    /// A value with too many characters or bytes.
    TooLong,
    /// A list or map with too many entries.
    TooMany,
    /// A failure of ours.
    Internal,
    /// A value of the wrong type.
    TypeInvalid,
}

impl FieldErrorKind {
    /// The machine-readable reason of a status cause: `FieldValueRequired`, …
    pub fn reason(self) -> &'static str {
        match self {
            Self::NotFound => "FieldValueNotFound",
            Self::Required => "FieldValueRequired",
            Self::Duplicate => "FieldValueDuplicate",
            Self::Invalid => "FieldValueInvalid",
            Self::NotSupported => "FieldValueNotSupported",
            Self::Forbidden => "FieldValueForbidden",
            Self::TooLong => "FieldValueTooLong",
            Self::TooMany => "FieldValueTooMany",
            Self::Internal => "InternalError",
            Self::TypeInvalid => "FieldValueTypeInvalid",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::NotFound => "Not found",
            Self::Required => "Required value",
            Self::Duplicate => "Duplicate value",
            Self::Invalid | Self::TypeInvalid => "Invalid value",
            Self::NotSupported => "Unsupported value",
            Self::Forbidden => "Forbidden",
            Self::TooLong => "Too long",
            Self::TooMany => "Too many",
            Self::Internal => "Internal error",
        }
    }
}

/// One wrong field, in Kubernetes' words.
///
/// `Display` gives `path: message`; [`FieldError::message`] the message alone, as it stands in a status cause.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldError {
    /// What kind of wrong.
    pub kind: FieldErrorKind,
    /// Where.
    pub path: FieldPath,
    /// The offending value as it is printed (`"x"` quoted for texts, JSON for structures); `None` where none is shown.
    pub value: Option<String>,
    /// What was expected; may be empty.
    pub detail: String,
}

#[expect(clippy::needless_pass_by_value, reason = "texts, numbers and references are all passed bare")]
impl FieldError {
    fn new(kind: FieldErrorKind, path: &FieldPath, value: Option<String>, detail: impl Into<String>) -> Self {
        Self { kind, path: path.clone(), value, detail: detail.into() }
    }

    /// A required field without a value.
    pub fn required(path: &FieldPath, detail: impl Into<String>) -> Self {
        Self::new(FieldErrorKind::Required, path, None, detail)
    }

    /// A value that is not allowed.
    pub fn invalid(path: &FieldPath, value: impl ShownValue, detail: impl Into<String>) -> Self {
        Self::new(FieldErrorKind::Invalid, path, Some(value.shown()), detail)
    }

    /// A structure that is not allowed as it is; it is not shown.
    pub fn invalid_whole(path: &FieldPath, detail: impl Into<String>) -> Self {
        Self::new(FieldErrorKind::Invalid, path, None, detail)
    }

    /// A value of the wrong type.
    pub fn type_invalid(path: &FieldPath, value: impl ShownValue, detail: impl Into<String>) -> Self {
        Self::new(FieldErrorKind::TypeInvalid, path, Some(value.shown()), detail)
    }

    /// A value that stands twice.
    pub fn duplicate(path: &FieldPath, value: impl ShownValue) -> Self {
        Self::new(FieldErrorKind::Duplicate, path, Some(value.shown()), "")
    }

    /// A reference to something that does not exist.
    pub fn not_found(path: &FieldPath, value: impl ShownValue) -> Self {
        Self::new(FieldErrorKind::NotFound, path, Some(value.shown()), "")
    }

    /// A value outside the enumeration `valid` (shown in the given order).
    pub fn not_supported<S: AsRef<str>>(path: &FieldPath, value: impl ShownValue, valid: &[S]) -> Self {
        let valid: Vec<String> = valid.iter().map(|v| quoted(v.as_ref())).collect();
        let detail =
            if valid.is_empty() { String::new() } else { format!("supported values: {}", valid.join(", ")) };
        Self::new(FieldErrorKind::NotSupported, path, Some(value.shown()), detail)
    }

    /// A value that may not be given here.
    pub fn forbidden(path: &FieldPath, detail: impl Into<String>) -> Self {
        Self::new(FieldErrorKind::Forbidden, path, None, detail)
    }

    /// A text of more than `max` bytes.
    pub fn too_long(path: &FieldPath, max: usize) -> Self {
        let unit = if max == 1 { "byte" } else { "bytes" };
        Self::new(FieldErrorKind::TooLong, path, None, format!("may not be more than {max} {unit}"))
    }

    /// A list or map of `actual` entries where `max` are allowed.
    pub fn too_many(path: &FieldPath, actual: usize, max: usize) -> Self {
        let unit = if max == 1 { "item" } else { "items" };
        Self::new(
            FieldErrorKind::TooMany,
            path,
            Some(actual.to_string()),
            format!("must have at most {max} {unit}"),
        )
    }

    /// A failure of ours that concerns this field.
    pub fn internal(path: &FieldPath, detail: impl Into<String>) -> Self {
        Self::new(FieldErrorKind::Internal, path, None, detail)
    }

    /// The message without the path, as it stands in a status cause.
    pub fn message(&self) -> String {
        let mut text = self.kind.words().to_owned();
        if let Some(value) = &self.value {
            text.push_str(": ");
            text.push_str(value);
        }
        if !self.detail.is_empty() {
            text.push_str(": ");
            text.push_str(&self.detail);
        }
        text
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message())
    }
}

impl std::error::Error for FieldError {}

/// A value as an error message shows it: texts quoted, numbers bare, structures as JSON.
pub trait ShownValue {
    /// The text shown.
    fn shown(&self) -> String;
}

impl ShownValue for &str {
    fn shown(&self) -> String {
        quoted(self)
    }
}

impl ShownValue for &String {
    fn shown(&self) -> String {
        quoted(self)
    }
}

impl ShownValue for String {
    fn shown(&self) -> String {
        quoted(self)
    }
}

impl ShownValue for i64 {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl ShownValue for i32 {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl ShownValue for bool {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl ShownValue for &serde_json::Value {
    fn shown(&self) -> String {
        match self {
            serde_json::Value::String(text) => quoted(text),
            other => other.to_string(),
        }
    }
}

/// A value that error messages show as JSON: structures, lists, and texts with a type of their own.
#[derive(Clone, Copy, Debug)]
pub struct ShownAsJson<'a, T: ?Sized>(pub &'a T);

impl<T: serde::Serialize + ?Sized> ShownValue for ShownAsJson<'_, T> {
    fn shown(&self) -> String {
        // Go escapes what HTML would read, wherever it stands; it can only stand inside texts.
        serde_json::to_string(self.0)
            .unwrap_or_default()
            .replace('<', "\\u003c")
            .replace('>', "\\u003e")
            .replace('&', "\\u0026")
            .replace('\u{2028}', "\\u2028")
            .replace('\u{2029}', "\\u2029")
    }
}

/// `text` in double quotes, with what cannot be printed escaped, as error messages show values (Go's `%q`).
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            ' '..='~' => out.push(c),
            c => out.push_str(&escaped(c)),
        }
    }
    out.push('"');
    out
}

fn escaped(c: char) -> String {
    let code = u32::from(c);
    match c {
        '\n' => "\\n".to_owned(),
        '\t' => "\\t".to_owned(),
        '\r' => "\\r".to_owned(),
        '\u{7}' => "\\a".to_owned(),
        '\u{8}' => "\\b".to_owned(),
        '\u{b}' => "\\v".to_owned(),
        '\u{c}' => "\\f".to_owned(),
        '\0'..=' ' | '\u{7f}' => format!("\\x{code:02x}"),
        c if is_printable(c) => c.to_string(),
        '\u{80}'..='\u{ffff}' => format!("\\u{code:04x}"),
        _ => format!("\\U{code:08x}"),
    }
}

/// Whether `c` is a letter, mark, number, punctuation, symbol or the ASCII space (Go's `unicode.IsPrint`).
pub fn is_printable(c: char) -> bool {
    // The standard library decides by the same categories when it escapes a text, but escapes marks that
    // start one: so a letter is put before.
    match c {
        '"' | '\'' | '\\' => true,
        _ => format!("a{c}").escape_debug().nth(1) == Some(c),
    }
}
