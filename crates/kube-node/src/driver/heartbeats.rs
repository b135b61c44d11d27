//! How nodes show that they live.

use super::register::node_kind;
use super::{FleetDriver, WRITES_PER_TRANSACTION};
use crate::fleet::{HEARTBEATS, Heartbeats, lease_object};
use kube_core::error::ApiError;
use kube_core::resource::{KindInfo, ObjectKey};
use kube_store::service::{Patch, Subresource, Write, WriteOptions};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// In how many steps all nodes of a fleet renew their leases one by one.
const STEPS: u32 = 100;

impl FleetDriver {
    pub(super) async fn beat_forever(&self) -> ApiError {
        match self.config.heartbeats {
            Heartbeats::Off => std::future::pending().await,
            Heartbeats::Leases(period) => self.beat_together(period).await,
            Heartbeats::Single(period) => self.beat_one_by_one(period).await,
            Heartbeats::Virtual(period) => self.beat_by_exception(period).await,
        }
    }

    async fn beat_together(&self, period: Duration) -> ApiError {
        loop {
            let connected: Vec<usize> = (0..self.config.nodes).filter(|index| !self.is_out(*index)).collect();
            let beaten = async {
                for chunk in connected.chunks(WRITES_PER_TRANSACTION) {
                    self.renew(chunk).await?;
                }
                self.report_again(&connected).await
            };
            if let Some(closed) = told(beaten.await) {
                return closed;
            }
            self.shared.env.sleep(period).await;
        }
    }

    /// Every node writes its own lease, and not all at one time.
    async fn beat_one_by_one(&self, period: Duration) -> ApiError {
        let (nodes, step) = (self.config.nodes, period / STEPS);
        loop {
            for number in 0..STEPS as usize {
                let part = nodes * number / STEPS as usize..nodes * (number + 1) / STEPS as usize;
                let connected: Vec<usize> = part.filter(|index| !self.is_out(*index)).collect();
                let beaten = async {
                    for index in &connected {
                        self.renew(&[*index]).await?;
                    }
                    self.report_again(&connected).await
                };
                if let Some(closed) = told(beaten.await) {
                    return closed;
                }
                self.shared.env.sleep(step).await;
            }
        }
    }

    /// Only of nodes that fall silent, or come back, anything is written: a lease that was renewed just before the silence,
    /// and that nobody need watch a node which speaks again.
    async fn beat_by_exception(&self, period: Duration) -> ApiError {
        let mut silent = BTreeSet::new();
        loop {
            let out: BTreeSet<usize> =
                self.config.cables.all_out().iter().filter_map(|name| self.config.node_index(name)).collect();
            let followed = async {
                for index in out.difference(&silent) {
                    self.watch_node(*index, true).await?;
                }
                let back: Vec<usize> = silent.difference(&out).copied().collect();
                for index in &back {
                    self.watch_node(*index, false).await?;
                }
                for chunk in back.chunks(WRITES_PER_TRANSACTION) {
                    self.register_some(chunk).await?;
                }
                Ok(())
            };
            let followed = followed.await;
            if followed.is_ok() {
                silent = out;
            }
            if let Some(closed) = told(followed) {
                return closed;
            }
            self.shared.env.sleep(period).await;
        }
    }

    /// Writes the node's lease, and whether its silence counts.
    async fn watch_node(&self, index: usize, counts: bool) -> Result<(), ApiError> {
        self.renew(&[index]).await?;
        let off = if counts { Value::Null } else { "off".into() };
        let write = Write::Patch {
            kind: Arc::new(node_kind().clone()),
            key: ObjectKey::cluster(self.config.node_name(index)),
            subresource: Subresource::Main,
            patch: Patch::Merge(json!({ "metadata": { "annotations": { HEARTBEATS: off } } })),
        };
        let written = self.service.transact(vec![write], &WriteOptions::default()).await;
        written.map(drop).map_err(|failed| failed.error)
    }

    /// Renews the leases of these nodes in one transaction.
    async fn renew(&self, indexes: &[usize]) -> Result<(), ApiError> {
        let Some(kind) = self.lease_kind() else { return Ok(()) };
        let now = self.shared.env.wall();
        let writes = indexes.iter().map(|&index| Write::Apply {
            kind: kind.clone(),
            namespace: "kube-node-lease".to_owned(),
            object: lease_object(&self.config, index, now),
        });
        let written = self.service.transact(writes.collect(), &WriteOptions::default()).await;
        written.map(drop).map_err(|failed| failed.error)
    }

    /// Nodes that were given up say that they are there.
    async fn report_again(&self, indexes: &[usize]) -> Result<(), ApiError> {
        let Some(nodes) = &self.nodes else { return Ok(()) };
        let given_up = |index: &usize| {
            let node = nodes.get(&ObjectKey::cluster(self.config.node_name(*index)));
            node.is_some_and(|node| !node.is_ready())
        };
        let given_up: Vec<usize> = indexes.iter().copied().filter(given_up).collect();
        for chunk in given_up.chunks(WRITES_PER_TRANSACTION) {
            self.register_some(chunk).await?;
        }
        Ok(())
    }

    fn lease_kind(&self) -> Option<Arc<KindInfo>> {
        self.service.find_kind("coordination.k8s.io/v1", "Lease")
    }

    fn is_out(&self, index: usize) -> bool {
        self.config.cables.is_out(&self.config.node_name(index))
    }
}

/// The error that ends the beating; others are told of, and the next beat may do better.
fn told(beaten: Result<(), ApiError>) -> Option<ApiError> {
    let error = beaten.err()?;
    if error.is_closed() {
        return Some(error);
    }
    tracing::warn!(%error, "heartbeats were not written");
    None
}
