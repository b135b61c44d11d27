//! The built-in kinds: `k8s-openapi`'s types, at one path.

pub use k8s_openapi::api::{
    admissionregistration, apps, authentication, authorization, autoscaling, batch, certificates,
    coordination, core, discovery, events, networking, node, policy, rbac, scheduling, storage,
};
pub use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions;
pub use k8s_openapi::apimachinery::pkg::api::resource::Quantity as ApiQuantity;
pub use k8s_openapi::apimachinery::pkg::apis::meta;
pub use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
