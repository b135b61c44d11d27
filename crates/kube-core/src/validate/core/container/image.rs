//! References to images, as far as defaults depend on them.
//!
//! Source: `k8s.io/kubernetes/pkg/util/parsers` (`ParseImageName`), `github.com/distribution/reference`.

/// Whether `image` means the tag `latest`: it names it, or names neither tag nor digest. What is no reference does not.
pub(super) fn is_latest(image: &str) -> bool {
    let (named, digest) = match image.split_once('@') {
        Some((named, digest)) => (named, Some(digest)),
        None => (image, None),
    };
    let last = named.rfind('/').map_or(0, |slash| slash + 1);
    let (name, tag) = match named[last..].split_once(':') {
        Some((last_part, tag)) => (&named[..last + last_part.len()], Some(tag)),
        None => (named, None),
    };
    if !is_name(name) || tag.is_some_and(|tag| !is_tag(tag)) || digest.is_some_and(|text| !is_digest(text)) {
        return false;
    }
    tag.map_or_else(|| digest.is_none(), |tag| tag == "latest")
}

fn is_name(name: &str) -> bool {
    let is_id = name.len() == 64 && name.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if is_id {
        return false;
    }
    let path = match name.split_once('/') {
        Some((first, path)) if is_domain(first) => path,
        _ => name,
    };
    path.split('/').all(is_path_component)
}

/// The first part of a name is a registry if it cannot be anything else.
fn is_domain(part: &str) -> bool {
    let (host, number) = part.split_once(':').unwrap_or((part, "0"));
    let marked =
        part.contains(['.', ':']) || part == "localhost" || part.bytes().any(|b| b.is_ascii_uppercase());
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    marked && host.split('.').all(label) && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
}

/// Lower case letters and digits, with `.`, `_`, `__` or dashes between them.
fn is_path_component(part: &str) -> bool {
    let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-');
    let separators = part.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    edge(part.bytes().next())
        && edge(part.bytes().next_back())
        && part.bytes().all(inner)
        && separators.into_iter().all(|s| matches!(s, "" | "." | "_" | "__") || s.bytes().all(|b| b == b'-'))
}

fn is_tag(tag: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    tag.len() <= 128
        && tag.bytes().next().is_some_and(word)
        && tag.bytes().all(|b| word(b) || matches!(b, b'.' | b'-'))
}

fn is_digest(digest: &str) -> bool {
    let Some((algorithm, hex)) = digest.split_once(':') else { return false };
    !algorithm.is_empty() && hex.len() >= 32 && hex.bytes().all(|b| b.is_ascii_hexdigit())
}
