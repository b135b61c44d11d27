//! Every kind of `k8s-openapi` that has `ObjectMeta`, as a [`Resource`]: one line each.
//!
//! Release builds compile a generic function again in every crate that calls it with a type, and the decoder of a Pod
//! takes seconds each time. The functions made here are not generic: those of the kinds that this workspace reads and
//! writes are compiled in this crate and nowhere else, those of the other kinds only where somebody calls them.
//!
//! The list is complete for every version of Kubernetes that `k8s-openapi` knows, so that applications may select
//! another one than ours: nobody else could implement our trait for its types.

use super::{KindInfo, NameList, Resource, Scope, find_builtin};
use crate::codec::TypedObject;
use crate::kinds::meta::v1::ObjectMeta;
use crate::view::DecodeError;
use k8s_openapi::api;
use serde::Deserialize;
use serde_json::Value;
use std::borrow::Cow;
use std::sync::OnceLock;

trait StaticScope {
    const SCOPE: Scope;
}

impl StaticScope for k8s_openapi::NamespaceResourceScope {
    const SCOPE: Scope = Scope::Namespaced;
}

impl StaticScope for k8s_openapi::ClusterResourceScope {
    const SCOPE: Scope = Scope::Cluster;
}

impl StaticScope for k8s_openapi::SubResourceScope {
    const SCOPE: Scope = Scope::Namespaced;
}

/// The kind of a type that discovery does not list: it still has a name and a scope.
const fn unlisted<K: k8s_openapi::Resource>() -> KindInfo
where
    K::Scope: StaticScope,
{
    KindInfo {
        group: Cow::Borrowed(K::GROUP),
        version: Cow::Borrowed(K::VERSION),
        kind: Cow::Borrowed(K::KIND),
        plural: Cow::Borrowed(K::URL_PATH_SEGMENT),
        singular: Cow::Borrowed(K::URL_PATH_SEGMENT),
        short_names: NameList::Static(&[]),
        categories: NameList::Static(&[]),
        subresources: NameList::Static(&[]),
        scope: <K::Scope as StaticScope>::SCOPE,
    }
}

/// Implements [`Resource`]; `$inline` says where the functions are compiled.
macro_rules! resources {
    (#[$inline:meta] $($kind:path),+ $(,)?) => {$(
        impl Resource for $kind {
            fn kind_info() -> &'static KindInfo {
                static INFO: OnceLock<&KindInfo> = OnceLock::new();
                static UNLISTED: KindInfo = unlisted::<$kind>();
                INFO.get_or_init(|| {
                    let KindInfo { group, version, kind, .. } = &UNLISTED;
                    find_builtin(group, version, kind).unwrap_or(&UNLISTED)
                })
            }

            fn metadata(&self) -> &ObjectMeta {
                &self.metadata
            }

            fn metadata_mut(&mut self) -> &mut ObjectMeta {
                &mut self.metadata
            }

            #[$inline]
            fn from_json(json: &[u8]) -> Result<Self, DecodeError> {
                serde_json::from_slice(json).map_err(DecodeError::new)
            }

            #[$inline]
            fn from_json_value(value: &Value) -> Result<Self, DecodeError> {
                Self::deserialize(value).map_err(DecodeError::new)
            }

            #[$inline]
            fn append_json(&self, json: &mut Vec<u8>) -> Result<(), DecodeError> {
                serde_json::to_writer(json, self).map_err(DecodeError::new)
            }

            #[$inline]
            fn to_json_value(&self) -> Result<Value, DecodeError> {
                serde_json::to_value(self).map_err(DecodeError::new)
            }

            #[$inline]
            fn as_typed(&self) -> &dyn TypedObject {
                self
            }

            #[$inline]
            fn into_typed(self) -> Box<dyn TypedObject> {
                Box::new(self)
            }
        }
    )+};
}

// What this workspace reads and writes.
resources! {
    #[inline(never)]
    api::admissionregistration::v1::MutatingWebhookConfiguration,
    api::admissionregistration::v1::ValidatingAdmissionPolicy,
    api::admissionregistration::v1::ValidatingAdmissionPolicyBinding,
    api::admissionregistration::v1::ValidatingWebhookConfiguration,
    api::apps::v1::ControllerRevision,
    api::apps::v1::DaemonSet,
    api::apps::v1::Deployment,
    api::apps::v1::ReplicaSet,
    api::apps::v1::StatefulSet,
    api::autoscaling::v1::Scale,
    api::autoscaling::v2::HorizontalPodAutoscaler,
    api::batch::v1::CronJob,
    api::batch::v1::Job,
    api::coordination::v1::Lease,
    api::core::v1::ConfigMap,
    api::core::v1::Endpoints,
    api::core::v1::Event,
    api::core::v1::LimitRange,
    api::core::v1::Namespace,
    api::core::v1::Node,
    api::core::v1::PersistentVolume,
    api::core::v1::PersistentVolumeClaim,
    api::core::v1::Pod,
    api::core::v1::PodTemplate,
    api::core::v1::ReplicationController,
    api::core::v1::ResourceQuota,
    api::core::v1::Secret,
    api::core::v1::Service,
    api::core::v1::ServiceAccount,
    api::discovery::v1::EndpointSlice,
    api::events::v1::Event,
    api::networking::v1::IPAddress,
    api::networking::v1::Ingress,
    api::networking::v1::IngressClass,
    api::networking::v1::NetworkPolicy,
    api::networking::v1::ServiceCIDR,
    api::node::v1::RuntimeClass,
    api::policy::v1::PodDisruptionBudget,
    api::rbac::v1::ClusterRole,
    api::rbac::v1::ClusterRoleBinding,
    api::rbac::v1::Role,
    api::rbac::v1::RoleBinding,
    api::scheduling::v1::PriorityClass,
    api::storage::v1::CSIDriver,
    api::storage::v1::CSINode,
    api::storage::v1::CSIStorageCapacity,
    api::storage::v1::StorageClass,
    api::storage::v1::VolumeAttachment,
    k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
}

// The rest.
resources! {
    #[inline]
    api::apiserverinternal::v1alpha1::StorageVersion,
    api::authentication::v1::SelfSubjectReview,
    api::authentication::v1::TokenRequest,
    api::authentication::v1::TokenReview,
    api::authorization::v1::LocalSubjectAccessReview,
    api::authorization::v1::SelfSubjectAccessReview,
    api::authorization::v1::SelfSubjectRulesReview,
    api::authorization::v1::SubjectAccessReview,
    api::autoscaling::v1::HorizontalPodAutoscaler,
    api::certificates::v1::CertificateSigningRequest,
    api::certificates::v1beta1::ClusterTrustBundle,
    api::coordination::v1alpha2::LeaseCandidate,
    api::coordination::v1beta1::LeaseCandidate,
    api::core::v1::Binding,
    api::core::v1::ComponentStatus,
    api::flowcontrol::v1::FlowSchema,
    api::flowcontrol::v1::PriorityLevelConfiguration,
    api::policy::v1::Eviction,
    api::resource::v1alpha3::DeviceTaintRule,
    api::resource::v1beta1::DeviceClass,
    api::resource::v1beta1::ResourceClaim,
    api::resource::v1beta1::ResourceClaimTemplate,
    api::resource::v1beta1::ResourceSlice,
    api::resource::v1beta2::DeviceClass,
    api::resource::v1beta2::ResourceClaim,
    api::resource::v1beta2::ResourceClaimTemplate,
    api::resource::v1beta2::ResourceSlice,
    k8s_openapi::kube_aggregator::pkg::apis::apiregistration::v1::APIService,
}

k8s_openapi::k8s_if_le_1_33! {
    resources! {
        #[inline]
        api::admissionregistration::v1beta1::ValidatingAdmissionPolicy,
        api::admissionregistration::v1beta1::ValidatingAdmissionPolicyBinding,
        api::resource::v1alpha3::DeviceClass,
        api::resource::v1alpha3::ResourceClaim,
        api::resource::v1alpha3::ResourceClaimTemplate,
        api::resource::v1alpha3::ResourceSlice,
    }
}

k8s_openapi::k8s_if_ge_1_34! {
    resources! {
        #[inline]
        api::admissionregistration::v1beta1::MutatingAdmissionPolicy,
        api::admissionregistration::v1beta1::MutatingAdmissionPolicyBinding,
        api::resource::v1::DeviceClass,
        api::resource::v1::ResourceClaim,
        api::resource::v1::ResourceClaimTemplate,
        api::resource::v1::ResourceSlice,
        api::storage::v1::VolumeAttributesClass,
    }
}

k8s_openapi::k8s_if_1_34! {
    resources! {
        #[inline]
        api::certificates::v1alpha1::PodCertificateRequest,
    }
}

k8s_openapi::k8s_if_le_1_34! {
    resources! {
        #[inline]
        api::storage::v1alpha1::VolumeAttributesClass,
        api::storagemigration::v1alpha1::StorageVersionMigration,
    }
}

k8s_openapi::k8s_if_ge_1_35! {
    resources! {
        #[inline]
        api::certificates::v1beta1::PodCertificateRequest,
        api::storagemigration::v1beta1::StorageVersionMigration,
    }
}

k8s_openapi::k8s_if_1_35! {
    resources! {
        #[inline]
        api::scheduling::v1alpha1::Workload,
    }
}

k8s_openapi::k8s_if_ge_1_36! {
    resources! {
        #[inline]
        api::admissionregistration::v1::MutatingAdmissionPolicy,
        api::admissionregistration::v1::MutatingAdmissionPolicyBinding,
        api::resource::v1alpha3::ResourcePoolStatusRequest,
        api::resource::v1beta2::DeviceTaintRule,
    }
}

k8s_openapi::k8s_if_1_36! {
    resources! {
        #[inline(never)]
        api::scheduling::v1alpha2::PodGroup,
        api::scheduling::v1alpha2::Workload,
    }
}

k8s_openapi::k8s_if_le_1_36! {
    resources! {
        #[inline]
        api::certificates::v1alpha1::ClusterTrustBundle,
        api::networking::v1beta1::IPAddress,
        api::networking::v1beta1::ServiceCIDR,
        api::storage::v1beta1::VolumeAttributesClass,
    }
}

k8s_openapi::k8s_if_ge_1_37! {
    resources! {
        #[inline]
        api::certificates::v1::ClusterTrustBundle,
        api::certificates::v1::PodCertificateRequest,
        api::lifecycle::v1alpha1::Eviction,
        api::lifecycle::v1alpha1::EvictionRequest,
        api::resource::v1::DeviceTaintRule,
        api::scheduling::v1alpha3::CompositePodGroup,
        api::scheduling::v1alpha3::PodGroup,
        api::scheduling::v1alpha3::Workload,
        api::scheduling::v1beta1::PodGroup,
        api::scheduling::v1beta1::Workload,
        api::storagemigration::v1::StorageVersionMigration,
    }
}
