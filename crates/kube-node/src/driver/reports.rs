//! Writing what the fleet reports, many reports in one transaction.

use super::{FleetDriver, RETRY_DELAY, WRITES_PER_TRANSACTION};
use crate::fleet::Task;
use crate::machine::{Effect, NodePod};
use futures::future::{Either, select};
use futures::stream::{FuturesUnordered, StreamExt};
use kube_core::env::Mono;
use kube_core::error::{ApiError, Retry};
use kube_core::resource::{KindInfo, ResourceVersion};
use kube_core::view::KindView;
use kube_store::mutant::{self, Mutant};
use kube_store::service::{DeleteOptions, Patch, Subresource, Write, WriteOptions};
use serde_json::{Value, json};
use std::pin::pin;
use std::sync::{Arc, LazyLock};

/// Reports made at one time: they wait in memory until they are written.
const AT_ONCE: usize = 1024;

/// Transactions and deletions under way at one time.
const IN_FLIGHT: usize = 64;

impl FleetDriver {
    pub(super) async fn report_forever(&self) -> ApiError {
        let mut writes = FuturesUnordered::new();
        loop {
            let now = self.shared.now();
            let (tasks, deadline, told) = {
                let mut fleet = self.shared.fleet();
                (fleet.due_some(now, AT_ONCE), fleet.next_deadline(), fleet.take_told())
            };
            if let Some(teller) = &self.shared.teller {
                teller.tell(&told);
            }
            for batch in batches(tasks) {
                while writes.len() >= IN_FLIGHT {
                    if let Some(Err(closed)) = writes.next().await {
                        return closed;
                    }
                }
                writes.push(self.write_all(batch));
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

    /// Writes several reports as one, or one after the other where one of them keeps the others from being written.
    async fn write_all(&self, tasks: Vec<Task>) -> Result<(), ApiError> {
        let (cut_off, tasks): (Vec<Task>, Vec<Task>) =
            tasks.into_iter().partition(|task| self.is_cut_off(task));
        let now = self.shared.now();
        for task in cut_off {
            self.shared.fleet().retry(&task.uid, RETRY_DELAY, now);
        }
        if tasks.len() > 1 {
            let writes = tasks.iter().filter_map(|task| Some(write(task, patch(task)?)));
            if let Ok(written) = self.service.transact(writes.collect(), &WriteOptions::default()).await {
                let now = self.shared.now();
                let mut fleet = self.shared.fleet();
                for (task, object) in tasks.iter().zip(&written) {
                    fleet.written(&task.uid, Some(object.version), now);
                }
                drop(fleet);
                self.shared.changed.notify_one();
                return Ok(());
            }
        }
        for task in &tasks {
            self.write_one(task).await?;
        }
        Ok(())
    }

    /// Writes one report. Only a closed store is an error; everything else is tried again or has become moot.
    async fn write_one(&self, task: &Task) -> Result<(), ApiError> {
        let written: Result<Option<ResourceVersion>, ApiError> = if let Some((part, patch)) = patch(task) {
            let options = WriteOptions::default();
            let written = self.service.patch(NodePod::kind(), &task.key, part, &patch, &options).await;
            written.map(|object| Some(object.version))
        } else {
            let mut options = DeleteOptions::now().uid(task.uid.clone());
            options.uid = options.uid.filter(|_| !mutant::is(Mutant::DeletesByName));
            self.service.delete(NodePod::kind(), &task.key, &options).await.map(|_| None)
        };
        let now = self.shared.now();
        match written {
            Err(error) if error.is_closed() => return Err(error),
            Err(error) if is_passing(&error, task) && !mutant::is(Mutant::DropsFailedReports) => {
                tracing::debug!(%error, pod = %task.key, "a report was not written");
                self.shared.fleet().retry(&task.uid, RETRY_DELAY, now);
            }
            written => self.shared.fleet().written(&task.uid, written.ok().flatten(), now),
        }
        // The report may have had a successor waiting.
        self.shared.changed.notify_one();
        Ok(())
    }

    fn is_cut_off(&self, task: &Task) -> bool {
        let node = self.shared.fleet().node_of(&task.uid);
        node.is_some_and(|node| self.config.cables.is_out(&node))
    }
}

/// Reports by transaction, where there are more than one transaction takes. Fewer are written one by one, as kubelets do:
/// who counts pods between two of them sees each number. So is a deletion, and what changes more than the status.
fn batches(tasks: Vec<Task>) -> Vec<Vec<Task>> {
    let (reports, others): (Vec<Task>, Vec<Task>) =
        tasks.into_iter().partition(|task| matches!(task.effect, Effect::Report(_)));
    let size = if reports.len() > WRITES_PER_TRANSACTION { WRITES_PER_TRANSACTION } else { 1 };
    let mut batches: Vec<Vec<Task>> = Vec::new();
    for task in reports {
        match batches.last_mut() {
            Some(batch) if batch.len() < size => batch.push(task),
            _ => batches.push(vec![task]),
        }
    }
    batches.extend(others.into_iter().map(|task| vec![task]));
    batches
}

/// Whether a write that failed so is to be made again. A conflict is somebody who wrote the status in between, whose
/// change is on its way to us; or the uid: then the pod's end is.
fn is_passing(error: &ApiError, task: &Task) -> bool {
    error.retry() != Retry::Never || (error.is_conflict() && matches!(task.effect, Effect::Report(_)))
}

/// What a task changes; `None` of a deletion. Others' conditions are listed with it: it holds for the version that they
/// were read of.
fn patch(task: &Task) -> Option<(Subresource, Patch)> {
    let meta = |version: Value| json!({ "uid": task.uid, "resourceVersion": version });
    match &task.effect {
        Effect::Report(report) => {
            let meta = meta(task.version.to_string().into());
            let patch = json!({ "metadata": meta, "status": report.status });
            Some((Subresource::Status, Patch::Merge(patch)))
        }
        Effect::Finalizers(finalizers) => {
            let mut meta = meta(task.version.to_string().into());
            meta["finalizers"] = finalizers.clone().into();
            Some((Subresource::Main, Patch::Merge(json!({ "metadata": meta }))))
        }
        Effect::Remove => None,
    }
}

fn write(task: &Task, (subresource, patch): (Subresource, Patch)) -> Write {
    static KIND: LazyLock<Arc<KindInfo>> = LazyLock::new(|| Arc::new(NodePod::kind().clone()));
    Write::Patch { kind: KIND.clone(), key: task.key.clone(), subresource, patch }
}
