//! The strategies of Kubernetes' own kinds.

use super::{NamespaceStrategy, Plain, PodStrategy, SelectableField, Strategy, Typed};
use kube_core::kinds;
use kube_core::names::{name_is_dns_label, name_is_path_segment};
use kube_core::resource::{KindInfo, Resource};
use std::sync::Arc;

/// The strategy that a built-in kind has unless another is registered; metadata rules alone for a kind that is not
/// known here.
pub fn default_strategy(kind: &KindInfo) -> Arc<dyn Strategy> {
    match (&*kind.group, &*kind.kind) {
        ("", _) => core(kind),
        ("apps", _) => apps(kind),
        ("batch", "Job") => typed(Typed::<kinds::batch::v1::Job>::new().selectable(JOB)),
        ("batch", "CronJob") => typed(Typed::<kinds::batch::v1::CronJob>::new()),
        ("rbac.authorization.k8s.io", _) => rbac(kind),
        ("discovery.k8s.io", "EndpointSlice") => typed(Typed::<kinds::discovery::v1::EndpointSlice>::new()),
        ("coordination.k8s.io", "Lease") if kind.version == "v1" => {
            typed(Typed::<kinds::coordination::v1::Lease>::new())
        }
        ("networking.k8s.io", "Ingress") => typed(Typed::<kinds::networking::v1::Ingress>::new()),
        ("networking.k8s.io", "NetworkPolicy") => typed(Typed::<kinds::networking::v1::NetworkPolicy>::new()),
        ("policy", "PodDisruptionBudget") => typed(Typed::<kinds::policy::v1::PodDisruptionBudget>::new()),
        ("scheduling.k8s.io", "PriorityClass") if kind.version == "v1" => {
            typed(Typed::<kinds::scheduling::v1::PriorityClass>::new())
        }
        ("storage.k8s.io", "StorageClass") => typed(Typed::<kinds::storage::v1::StorageClass>::new()),
        _ => Arc::new(Plain::default()),
    }
}

const NODE: &[SelectableField] = &[SelectableField::new("spec.unschedulable").or("false")];
const EVENT: &[SelectableField] = &[
    SelectableField::new("involvedObject.kind"),
    SelectableField::new("involvedObject.namespace"),
    SelectableField::new("involvedObject.name"),
    SelectableField::new("involvedObject.uid"),
    SelectableField::new("involvedObject.apiVersion"),
    SelectableField::new("involvedObject.resourceVersion"),
    SelectableField::new("involvedObject.fieldPath"),
    SelectableField::new("reason"),
    SelectableField::named("reportingComponent", "reportingComponent"),
    SelectableField::named("source", "source.component"),
    SelectableField::new("type"),
];
const SECRET: &[SelectableField] = &[SelectableField::new("type")];
const REPLICAS: &[SelectableField] = &[SelectableField::new("status.replicas").or("0")];
const JOB: &[SelectableField] = &[SelectableField::named("status.successful", "status.succeeded").or("0")];

fn typed<K: Resource>(strategy: Typed<K>) -> Arc<dyn Strategy> {
    Arc::new(strategy)
}

fn core(kind: &KindInfo) -> Arc<dyn Strategy> {
    use kinds::core::v1;
    match &*kind.kind {
        "Pod" => Arc::new(PodStrategy::new(Typed::<v1::Pod>::new())),
        "Namespace" => Arc::new(NamespaceStrategy::new(Typed::<v1::Namespace>::new())),
        "Node" => typed(Typed::<v1::Node>::new().selectable(NODE).with_status()),
        "Service" => typed(Typed::<v1::Service>::new().named(name_is_dns_label)),
        "ConfigMap" => typed(Typed::<v1::ConfigMap>::new()),
        "Secret" => typed(Typed::<v1::Secret>::new().selectable(SECRET)),
        "ServiceAccount" => typed(Typed::<v1::ServiceAccount>::new()),
        "Endpoints" => typed(Typed::<v1::Endpoints>::new()),
        "Event" => typed(Typed::<v1::Event>::new().selectable(EVENT)),
        "ReplicationController" => typed(Typed::<v1::ReplicationController>::new().selectable(REPLICAS)),
        "PersistentVolume" => typed(Typed::<v1::PersistentVolume>::new()),
        "PersistentVolumeClaim" => typed(Typed::<v1::PersistentVolumeClaim>::new()),
        "ResourceQuota" => typed(Typed::<v1::ResourceQuota>::new()),
        "LimitRange" => typed(Typed::<v1::LimitRange>::new()),
        _ => Arc::new(Plain::default()),
    }
}

fn apps(kind: &KindInfo) -> Arc<dyn Strategy> {
    use kinds::apps::v1;
    match &*kind.kind {
        "Deployment" => typed(Typed::<v1::Deployment>::new()),
        "ReplicaSet" => typed(Typed::<v1::ReplicaSet>::new().selectable(REPLICAS)),
        "StatefulSet" => typed(Typed::<v1::StatefulSet>::new()),
        "DaemonSet" => typed(Typed::<v1::DaemonSet>::new()),
        _ => Arc::new(Plain::default()),
    }
}

fn rbac(kind: &KindInfo) -> Arc<dyn Strategy> {
    use kinds::rbac::v1;
    match &*kind.kind {
        "Role" => typed(Typed::<v1::Role>::new().named(name_is_path_segment)),
        "ClusterRole" => typed(Typed::<v1::ClusterRole>::new().named(name_is_path_segment)),
        "RoleBinding" => typed(Typed::<v1::RoleBinding>::new().named(name_is_path_segment)),
        "ClusterRoleBinding" => typed(Typed::<v1::ClusterRoleBinding>::new().named(name_is_path_segment)),
        _ => Arc::new(Plain::default()),
    }
}
