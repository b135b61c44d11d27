//! Names of Services.

use kube_core::resource::ObjectKey;

/// Reads `name`, `name.namespace`, `name.namespace.svc` and `name.namespace.svc.<domain>`, in any case, with or without a
/// last dot.
pub(super) fn parse(name: &str, namespace: &str, domain: &str) -> Option<ObjectKey> {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let domain = domain.trim_matches('.').to_ascii_lowercase();
    let absolute = name.strip_suffix(&domain).and_then(|rest| rest.strip_suffix('.'));
    let labels: Vec<&str> = absolute.unwrap_or(&name).split('.').collect();
    if labels.iter().any(|label| label.is_empty()) {
        return None;
    }
    match (labels.as_slice(), absolute) {
        ([service], None) => Some(ObjectKey::new(namespace, *service)),
        ([service, namespace], None) | ([service, namespace, "svc"], _) => {
            Some(ObjectKey::new(*namespace, *service))
        }
        _ => None,
    }
}
