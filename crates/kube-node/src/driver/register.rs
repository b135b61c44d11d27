//! Bringing the nodes themselves into the store.

use super::{FleetDriver, RETRY_DELAY, WRITES_PER_TRANSACTION};
use crate::fleet::{node_object, node_status};
use kube_core::error::{ApiError, Retry};
use kube_core::resource::{KindInfo, ObjectKey, find_builtin};
use kube_store::service::{Subresource, Write, WriteOptions};
use kube_store::storage::ReadAt;
use std::sync::Arc;

impl FleetDriver {
    /// Creates the nodes, many in one transaction; one that is there already gets its status anew.
    pub(super) async fn register(&self) -> Result<(), ApiError> {
        let indexes: Vec<usize> = (0..self.config.nodes).collect();
        for chunk in indexes.chunks(WRITES_PER_TRANSACTION) {
            while let Err(error) = self.register_some(chunk).await {
                // A conflict is somebody who wrote one of the nodes in between: look at them again.
                let passing =
                    error.is_conflict() || error.is_already_exists() || error.retry() != Retry::Never;
                if !passing {
                    return Err(error);
                }
                tracing::debug!(%error, "nodes were not registered");
                self.shared.env.sleep(RETRY_DELAY).await;
            }
        }
        Ok(())
    }

    pub(super) async fn register_some(&self, indexes: &[usize]) -> Result<(), ApiError> {
        let kind = Arc::new(node_kind().clone());
        let now = self.shared.env.wall_seconds();
        let mut writes = Vec::with_capacity(indexes.len());
        for &index in indexes {
            let mut new = node_object(&self.config, index);
            let status = node_status(&self.config, index, now);
            let key = ObjectKey::cluster(new["metadata"]["name"].as_str().unwrap_or_default());
            writes.push(match self.service.get(&kind, &key, ReadAt::Latest).await {
                Ok(present) => {
                    let mut object = present.to_value().map_err(ApiError::internal)?;
                    for (field, value) in status.as_object().into_iter().flatten() {
                        object["status"][field] = value.clone();
                    }
                    let (kind, subresource) = (kind.clone(), Subresource::Status);
                    Write::Update { kind, key, subresource, object }
                }
                Err(error) if error.is_not_found() => {
                    new["status"] = status;
                    Write::Create { kind: kind.clone(), namespace: String::new(), object: new }
                }
                Err(error) => return Err(error),
            });
        }
        self.service.transact(writes, &WriteOptions::default()).await.map_err(|failed| failed.error)?;
        Ok(())
    }
}

pub(super) fn node_kind() -> &'static KindInfo {
    #[expect(clippy::expect_used, reason = "nodes are in the committed discovery data")]
    find_builtin("", "v1", "Node").expect("the kind of nodes")
}
