//! The sentences that more than one validator says.

/// A value that is too long, in the words of `util/validation.MaxLenError`.
pub(super) fn max_len_characters(max: usize) -> String {
    format!("must be no more than {max} characters")
}

/// A value that is too long, in the words of `api/validate/content.MaxLenError`.
pub(super) fn max_len_bytes(max: usize) -> String {
    format!("must be no more than {max} bytes")
}

/// A value that is empty (`EmptyError`).
pub(super) const EMPTY: &str = "must be non-empty";

/// A value outside a range that includes both ends (`InclusiveRangeError`).
pub(super) fn inclusive_range(low: i64, high: i64) -> String {
    format!("must be between {low} and {high}, inclusive")
}

/// A value that does not match `pattern`, with examples of values that do (`RegexError`).
pub(super) fn regex(message: &str, pattern: &str, examples: &[&str]) -> String {
    let mut text = message.to_owned();
    text.push_str(" (");
    for (position, example) in examples.iter().enumerate() {
        text.push_str(if position == 0 { "e.g. '" } else { " or '" });
        text.push_str(example);
        text.push_str("', ");
    }
    text.push_str("regex used for validation is '");
    text.push_str(pattern);
    text.push_str("')");
    text
}

/// Whether `value` is not empty, starts and ends with an ASCII letter or digit that `edge` takes, and holds
/// only bytes that `inner` takes: the shape of most patterns here.
pub(super) fn is_bounded(value: &[u8], edge: fn(u8) -> bool, inner: fn(u8) -> bool) -> bool {
    let (Some(&first), Some(&last)) = (value.first(), value.last()) else {
        return false;
    };
    edge(first) && edge(last) && value.iter().all(|&b| inner(b))
}

/// Whether `b` is one of `a-z0-9`.
pub(super) fn is_lower_alphanumeric(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit()
}

/// Whether `b` is one of `A-Za-z0-9`.
pub(super) fn is_alphanumeric(b: u8) -> bool {
    b.is_ascii_alphanumeric()
}
