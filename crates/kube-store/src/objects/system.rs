//! The namespaces that every cluster has.

use super::Objects;
use crate::service::{ObjectService, WriteOptions};
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::Namespace;
use kube_core::resource::Resource;
use serde_json::json;

/// The namespaces that are there from the start.
///
/// Source: `k8s.io/kubernetes/pkg/controlplane/controller/systemnamespaces`.
pub(super) const SYSTEM_NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

impl Objects {
    /// Creates the namespaces `default`, `kube-node-lease`, `kube-public` and `kube-system` where they are missing.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn ensure_system_namespaces(&self) -> Result<(), ApiError> {
        for name in SYSTEM_NAMESPACES {
            let object = json!({"metadata": {"name": name}});
            match self.create(Namespace::kind_info(), "", object, &WriteOptions::default()).await {
                Err(error) if !error.is_already_exists() => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}
