//! Which namespaces have a default ServiceAccount. Pure.

use kube_core::kinds::core::v1::{Namespace, ServiceAccount};
use kube_core::kinds::meta::v1::ObjectMeta;
use kube_core::resource::ResourceExt;

/// The name of the ServiceAccount that pods have which name none.
pub const DEFAULT: &str = "default";

/// Whether the namespace is in use.
pub fn is_wanted(namespace: &Namespace) -> bool {
    let phase = namespace.status.as_ref().and_then(|status| status.phase.as_deref());
    !namespace.is_terminating() && matches!(phase, None | Some("" | "Active"))
}

/// The ServiceAccount to create.
pub fn service_account(namespace: &str) -> ServiceAccount {
    ServiceAccount {
        metadata: ObjectMeta {
            name: Some(DEFAULT.to_owned()),
            namespace: Some(namespace.to_owned()),
            ..ObjectMeta::default()
        },
        ..ServiceAccount::default()
    }
}
