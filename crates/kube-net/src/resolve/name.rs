//! Names of Services.

use std::borrow::Cow;

/// A name in lower case. One that is copies nothing.
pub(super) fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

/// Reads `name`, `name.namespace`, `name.namespace.svc` and `name.namespace.svc.<domain>`, in lower case as the domain is,
/// with or without a last dot: namespace and name.
pub(super) fn parse<'a>(name: &'a str, namespace: &'a str, domain: &str) -> Option<(&'a str, &'a str)> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let absolute = name.strip_suffix(domain).and_then(|rest| rest.strip_suffix('.'));
    let mut labels = absolute.unwrap_or(name).split('.');
    let first = (labels.next()?, labels.next(), labels.next(), labels.next());
    let (namespace, service) = match first {
        (service, None, None, None) if absolute.is_none() => (namespace, service),
        (service, Some(namespace), None, None) if absolute.is_none() => (namespace, service),
        (service, Some(namespace), Some("svc"), None) => (namespace, service),
        _ => return None,
    };
    let is_whole = !service.is_empty() && (first.1.is_none() || !namespace.is_empty());
    is_whole.then_some((namespace, service))
}
