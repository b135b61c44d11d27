//! The pod that a template makes.

use kube_core::kinds::core::v1::{Pod, PodTemplateSpec};
use kube_core::kinds::meta::v1::ObjectMeta;
use kube_core::resource::{Resource, ResourceExt, owner_reference};

/// A pod of `template`, managed by `owner`; its name is still to be generated.
///
/// Source: `k8s.io/kubernetes/pkg/controller` (`GetPodFromTemplate`).
pub(super) fn pod_from<K: Resource>(owner: &K, template: &PodTemplateSpec) -> Pod {
    let meta = template.metadata.clone().unwrap_or_default();
    Pod {
        metadata: ObjectMeta {
            generate_name: Some(format!("{}-", owner.name())),
            namespace: Some(owner.namespace().to_owned()),
            labels: meta.labels,
            annotations: meta.annotations,
            finalizers: meta.finalizers,
            owner_references: Some(vec![owner_reference(owner)]),
            ..ObjectMeta::default()
        },
        spec: template.spec.clone(),
        status: None,
    }
}
