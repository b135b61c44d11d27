//! What a pod's containers find around them: environment variables, files, and how they resolve names.
//!
//! - [`container_env`]: the variables of one container, from its `env`, `envFrom` and the services around it.
//! - [`expand`]: `$(VAR)` in values, commands and arguments.
//! - [`field_value`], [`resource_value`]: the downward API.
//! - [`config_map_files`], [`secret_files`], [`downward_files`], [`projected_files`]: volumes of files.
//! - [`service_variables`]: the variables that tell of services.
//! - [`pod_dns`]: the resolver's configuration.
//!
//! The quality-of-service class is [`qos_class`](crate::pod_resources::qos_class).
//!
//! ```
//! use kube_core::pod_env::expand;
//!
//! let known = |name: &str| (name == "HOME").then_some("/home/app");
//! assert_eq!(expand("$(HOME)/bin, $(SHELL), $$(HOME)", known), "/home/app/bin, $(SHELL), $(HOME)");
//! ```
//!
//! Source: `k8s.io/kubernetes/pkg/kubelet` (`kubelet_pods.go`, `envvars`, `network/dns`), `pkg/fieldpath`,
//! `pkg/api/v1/resource`, `third_party/forked/golang/expansion`, `pkg/volume`, Kubernetes 1.36.

mod container;
mod dns;
mod expansion;
mod field;
mod files;
mod resolv_conf;
mod resource;
mod services;
#[cfg(test)]
mod tests;

pub use container::{EnvError, Objects, container_env};
pub use dns::{ClusterDns, DnsConfig, pod_dns};
pub use expansion::expand;
pub use field::{FieldPathError, field_value, metadata_value, split_subscript};
pub use files::{ProjectedFile, config_map_files, downward_files, projected_files, secret_files};
pub use resource::{ResourceFieldError, find_container, resource_value, with_allocatable};
pub use services::{service_variables, services_of_pod};
