//! Blocks of PEM, as far as they tell what is in them.

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// What the blocks of `input` say they are, in their order: those that are whole. Their content is not decoded.
///
/// Source: `Decode` of Go's `encoding/pem`.
pub(super) fn kinds(input: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(input);
    let mut found = Vec::new();
    let mut begun: Option<&str> = None;
    for line in text.lines().map(str::trim_end) {
        let named = |mark: &str| line.strip_prefix(mark).and_then(|rest| rest.strip_suffix(DASHES));
        if let Some(kind) = named(BEGIN) {
            begun = Some(kind);
        } else if let Some(kind) = named(END) {
            found.extend(begun.take().filter(|begun| *begun == kind).map(str::to_owned));
        } else if !line.is_empty() && !is_content(line) {
            begun = None;
        }
    }
    found
}

/// Base64, or a header.
fn is_content(line: &str) -> bool {
    line.contains(": ") || line.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='))
}
