//! Why a name did not lead to an endpoint.

use kube_core::resource::ObjectKey;
use std::sync::Arc;

/// Why a name, address or port did not lead to an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// No Service has this name, address or port.
    #[error("no service {name:?}")]
    NotFound {
        /// What was asked for.
        name: String,
    },
    /// The Service is there, but none of its endpoints can be used now: trying again later can help.
    #[error("service {service} has no endpoints that are ready")]
    NoEndpoints {
        /// The Service.
        service: ObjectKey,
    },
    /// The Service does not have this port.
    #[error("service {service} has no port {port:?}")]
    NoSuchPort {
        /// The Service.
        service: ObjectKey,
        /// The port's name or number, as it was asked for.
        port: String,
    },
    /// The Service stands for a name outside, and has no endpoints of its own: resolve `target` elsewhere.
    #[error("service {service} is an alias of {target}")]
    External {
        /// The Service.
        service: ObjectKey,
        /// The name it stands for.
        target: Arc<str>,
    },
}
