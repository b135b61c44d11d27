//! Making room: the pods that have to go are told why, and deleted.

use super::shared::Shared;
use crate::explain::Why;
use crate::queue::QueuedPod;
use kube_core::condition;
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::{Pod, PodCondition};
use kube_core::kinds::meta::v1::Time;
use kube_core::resource::ObjectKey;
use kube_core::view::{KindView, PodView};
use kube_store::api::Api;
use kube_store::client::events::{EventTarget, EventType};
use kube_store::service::DeleteOptions;
use std::sync::Arc;

impl Shared {
    /// Deletes the pods that `why` says have to go. One that cannot be deleted stays, and the pod that wants its room is
    /// tried again.
    pub(super) async fn make_room(&self, popped: &QueuedPod, why: &Why) {
        let Some(node) = &why.nominated else { return };
        self.meter.preempted(why.victims.len());
        let (from, mut all) = (self.env.now(), true);
        for victim in &why.victims {
            let view = self.state().cluster.pod(victim).map(|pod| pod.view().clone());
            let Some(view) = view else { continue };
            match self.evict(&view, popped.pod.key()).await {
                Ok(()) => {
                    let told = format!("Preempted by pod {} on node {node}", popped.pod.uid());
                    let target = EventTarget::with_meta(PodView::kind(), &view.meta);
                    self.recorder.record(&target, EventType::Normal, "Preempted", &told);
                }
                Err(error) if error.is_not_found() || error.is_conflict() => {}
                Err(error) => {
                    all = false;
                    tracing::debug!(%victim, %error, "the pod could not be preempted");
                }
            }
        }
        self.meter.evicted(all, (from, self.env.now()));
    }

    async fn evict(&self, victim: &Arc<PodView>, preemptor: &ObjectKey) -> Result<(), ApiError> {
        let pods: Api<Pod> = Api::namespaced(self.service.clone(), &victim.meta.namespace);
        let uid = victim.meta.uid.as_str();
        let now = Time(self.env.wall_seconds());
        let edited = pods.edit_status(&victim.meta.name, |stored| {
            if stored.metadata.uid.as_deref() != Some(uid) {
                return;
            }
            let wanted = PodCondition {
                type_: "DisruptionTarget".to_owned(),
                status: condition::TRUE.to_owned(),
                reason: Some("PreemptionByScheduler".to_owned()),
                message: Some(format!(
                    "{}: preempting to accommodate a higher priority pod {preemptor}",
                    self.name
                )),
                ..PodCondition::default()
            };
            let conditions = stored.status.get_or_insert_default().conditions.get_or_insert_default();
            condition::set(conditions, wanted, &now);
        });
        edited.await?;
        let options = DeleteOptions::default().uid(victim.meta.uid.clone());
        pods.delete(&victim.meta.name, &options).await?;
        Ok(())
    }
}
