//! The ConfigMap that tells pods whom to trust. Pure.

use kube_core::kinds::core::v1::ConfigMap;
use kube_core::kinds::meta::v1::ObjectMeta;
use std::collections::BTreeMap;

/// The name of the ConfigMap.
pub const NAME: &str = "kube-root-ca.crt";

/// The entry that holds the certificates.
pub const ENTRY: &str = "ca.crt";

/// Annotation: what the ConfigMap is for.
const DESCRIPTION: &str = "kubernetes.io/description";
const TEXT: &str = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

/// The ConfigMap of a namespace, with these certificates in PEM.
pub fn config_map(namespace: &str, certificates: &str) -> ConfigMap {
    ConfigMap {
        metadata: ObjectMeta {
            name: Some(NAME.to_owned()),
            namespace: Some(namespace.to_owned()),
            annotations: Some(BTreeMap::from([(DESCRIPTION.to_owned(), TEXT.to_owned())])),
            ..ObjectMeta::default()
        },
        data: Some(BTreeMap::from([(ENTRY.to_owned(), certificates.to_owned())])),
        ..ConfigMap::default()
    }
}

/// `present` with the certificates and the annotation, and no other data; `None` where it has both already, whatever the
/// annotation says.
pub fn corrected(present: &ConfigMap, certificates: &str) -> Option<ConfigMap> {
    let wanted = config_map("", certificates);
    let described = present.metadata.annotations.as_ref().and_then(|all| all.get(DESCRIPTION));
    if present.data == wanted.data && described.is_some_and(|text| !text.is_empty()) {
        return None;
    }
    let mut corrected = present.clone();
    corrected.data = wanted.data;
    corrected
        .metadata
        .annotations
        .get_or_insert_default()
        .extend(wanted.metadata.annotations.unwrap_or_default());
    Some(corrected)
}
