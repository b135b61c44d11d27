//! Brings a fleet to a control plane: registers nodes, beats, and writes what the fleet reports.

use crate::fleet::{Fleet, Heartbeats, SimFleet, Task, lease_object, node_object, node_status};
use crate::machine::{Effect, Now};
use async_trait::async_trait;
use futures::future::{Either, select};
use futures::stream::{FuturesUnordered, StreamExt};
use kube_core::env::{Env, Mono};
use kube_core::error::{ApiError, Retry};
use kube_core::resource::{KindInfo, ObjectKey, find_builtin};
use kube_core::view::{NodeView, PodView};
use kube_store::client::{Component, StopToken};
use kube_store::informer::{Change, Informer, Informers};
use kube_store::mutant::{self, Mutant};
use kube_store::service::{DeleteOptions, ObjectService, Patch, Subresource, Write, WriteOptions};
use kube_store::storage::ReadAt;
use serde_json::json;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Status writes under way at one time.
const WRITES_IN_FLIGHT: usize = 64;

/// Nodes registered, and leases renewed, in one transaction: the object layer's own bound.
const WRITES_PER_TRANSACTION: usize = 64;

/// Wait before a write that failed for a passing reason is tried again.
const RETRY_DELAY: Duration = Duration::from_millis(500);

/// A component that runs a [`SimFleet`].
#[derive(Debug)]
pub struct FleetDriver {
    config: SimFleet,
    service: Arc<dyn ObjectService>,
    pods: Informer<PodView>,
    /// Read by fleets that beat: a node that was given up has to report again.
    nodes: Option<Informer<NodeView>>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    fleet: Mutex<Fleet>,
    changed: Notify,
    env: Env,
}

impl Shared {
    fn fleet(&self) -> MutexGuard<'_, Fleet> {
        // The fleet is a table of independent pods: what a panic left is still a table.
        self.fleet.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Now {
        Now { mono: self.env.now(), wall: self.env.wall_seconds() }
    }

    fn on_change(&self, change: &Change<PodView>) {
        let Some(pod) = change.new.as_ref().or(change.old.as_ref()) else { return };
        // A pod of the same name but another uid replaced the old one: that one is gone.
        let replaced = change.old.as_ref().filter(|old| change.new.is_none() || old.meta.uid != pod.meta.uid);
        let now = self.now();
        let mut fleet = self.fleet();
        if let Some(old) = replaced {
            fleet.observe(&old.meta.uid, None, now);
        }
        fleet.observe(&pod.meta.uid, change.new.as_ref(), now);
        drop(fleet);
        self.changed.notify_one();
    }
}

impl FleetDriver {
    /// A driver of `config` that reads and writes through `informers`.
    pub fn new(config: SimFleet, informers: &Informers) -> Self {
        let env = informers.env().clone();
        let fleet = Fleet::new(config.clone(), env.rng(&format!("fleet/{}", config.prefix)));
        let shared = Arc::new(Shared { fleet: Mutex::new(fleet), changed: Notify::new(), env });
        let pods = informers.informer::<PodView>();
        let listener = shared.clone();
        pods.on_change(move |change| listener.on_change(change));
        let nodes = config.beats().then(|| informers.informer::<NodeView>());
        Self { config, service: informers.service().clone(), pods, nodes, shared }
    }

    /// Creates the nodes, many in one transaction; one that is there already gets its status anew.
    async fn register(&self) -> Result<(), ApiError> {
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

    async fn register_some(&self, indexes: &[usize]) -> Result<(), ApiError> {
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

    /// Renews every lease, many in one transaction.
    async fn beat(&self) -> Result<(), ApiError> {
        let Some(kind) = self.service.find_kind("coordination.k8s.io/v1", "Lease") else {
            return Ok(());
        };
        let now = self.shared.env.wall();
        let is_out = |index: &usize| self.config.cables.is_out(&self.config.node_name(*index));
        let indexes: Vec<usize> = (0..self.config.nodes).filter(|index| !is_out(index)).collect();
        for chunk in indexes.chunks(WRITES_PER_TRANSACTION) {
            let writes = chunk.iter().map(|&index| Write::Apply {
                kind: kind.clone(),
                namespace: "kube-node-lease".to_owned(),
                object: lease_object(&self.config, index, now),
            });
            self.service
                .transact(writes.collect(), &WriteOptions::default())
                .await
                .map_err(|failed| failed.error)?;
        }
        let given_up = |index: &usize| {
            let key = ObjectKey::cluster(self.config.node_name(*index));
            let node = self.nodes.as_ref().and_then(|nodes| nodes.get(&key));
            node.is_some_and(|node| !node.is_ready())
        };
        let given_up: Vec<usize> = indexes.into_iter().filter(given_up).collect();
        for chunk in given_up.chunks(WRITES_PER_TRANSACTION) {
            self.register_some(chunk).await?;
        }
        Ok(())
    }

    async fn beat_forever(&self) -> ApiError {
        let Heartbeats::Leases(period) = self.config.heartbeats else { return std::future::pending().await };
        loop {
            if let Err(error) = self.beat().await {
                if error.is_closed() {
                    return error;
                }
                tracing::warn!(%error, "heartbeats were not written");
            }
            self.shared.env.sleep(period).await;
        }
    }

    async fn report_forever(&self) -> ApiError {
        let mut writes = FuturesUnordered::new();
        loop {
            let now = self.shared.now();
            let (tasks, deadline) = {
                let mut fleet = self.shared.fleet();
                (fleet.due(now), fleet.next_deadline())
            };
            for task in tasks {
                while writes.len() >= WRITES_IN_FLIGHT {
                    if let Some(Err(closed)) = writes.next().await {
                        return closed;
                    }
                }
                writes.push(self.write(task));
            }
            if writes.is_empty() {
                self.wait(deadline).await;
            } else {
                let wait = pin!(self.wait(deadline));
                if let Either::Left((Some(Err(closed)), _)) = select(writes.next(), wait).await {
                    return closed;
                }
            }
        }
    }

    /// Resolves at `deadline`, or when a pod changed.
    async fn wait(&self, deadline: Option<Mono>) {
        let changed = pin!(self.shared.changed.notified());
        match deadline {
            Some(at) => {
                select(changed, self.shared.env.sleep_until(at)).await;
            }
            None => changed.await,
        }
    }

    /// Writes one report. Only a closed store is an error; everything else is tried again or has become moot.
    async fn write(&self, task: Task) -> Result<(), ApiError> {
        if self.is_cut_off(&task) {
            let now = self.shared.now();
            self.shared.fleet().retry(&task.uid, RETRY_DELAY, now);
            return Ok(());
        }
        let written = match &task.effect {
            Effect::Report(report) => {
                let patch = Patch::Merge(json!({
                    "metadata": { "uid": task.uid }, "status": report.status,
                }));
                let options = WriteOptions::default();
                let kind = pod_kind();
                self.service.patch(kind, &task.key, Subresource::Status, &patch, &options).await.map(drop)
            }
            Effect::Remove => {
                let mut options = DeleteOptions::now().uid(task.uid.clone());
                options.uid = options.uid.filter(|_| !mutant::is(Mutant::DeletesByName));
                self.service.delete(pod_kind(), &task.key, &options).await.map(drop)
            }
        };
        let now = self.shared.now();
        match written {
            Err(error) if error.is_closed() => return Err(error),
            // A conflict here is the uid: the pod was replaced, its end will reach us as a change.
            Err(error)
                if error.retry() != Retry::Never
                    && !error.is_conflict()
                    && !mutant::is(Mutant::DropsFailedReports) =>
            {
                tracing::debug!(%error, pod = %task.key, "a report was not written");
                self.shared.fleet().retry(&task.uid, RETRY_DELAY, now);
            }
            _ => self.shared.fleet().written(&task.uid, now),
        }
        Ok(())
    }

    fn is_cut_off(&self, task: &Task) -> bool {
        let node = self.shared.fleet().node_of(&task.uid);
        node.is_some_and(|node| self.config.cables.is_out(&node))
    }

    async fn work(&self) -> ApiError {
        if let Err(error) = self.register().await {
            return error;
        }
        let reports = pin!(self.report_forever());
        let beats = pin!(self.beat_forever());
        let closed = pin!(self.pods.closed());
        match select(select(reports, beats), closed).await {
            Either::Left((Either::Left((error, _)) | Either::Right((error, _)), _))
            | Either::Right((error, _)) => error,
        }
    }
}

#[async_trait]
impl Component for FleetDriver {
    fn name(&self) -> &'static str {
        "fleet"
    }

    async fn run(self: Box<Self>, stop: StopToken) -> Result<(), ApiError> {
        let stopped = pin!(stop.stopped());
        let work = pin!(self.work());
        match select(stopped, work).await {
            Either::Left(_) => Ok(()),
            Either::Right((error, _)) => Err(error),
        }
    }
}

fn pod_kind() -> &'static KindInfo {
    <PodView as kube_core::view::KindView>::kind()
}

fn node_kind() -> &'static KindInfo {
    #[expect(clippy::expect_used, reason = "nodes are in the committed discovery data")]
    find_builtin("", "v1", "Node").expect("the kind of nodes")
}
