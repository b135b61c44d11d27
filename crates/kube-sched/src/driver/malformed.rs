//! Pods that cannot be read: nobody can find a node for them, and they are told why.

use super::cause::{POD_SCHEDULED, UNSCHEDULABLE};
use super::shared::Shared;
use crate::queue::DEFAULT_NAME;
use kube_core::condition;
use kube_core::kinds::core::v1::{Pod, PodCondition};
use kube_core::kinds::meta::v1::Time;
use kube_core::resource::ObjectKey;
use kube_store::api::Api;
use kube_store::client::events::{EventTarget, EventType};
use kube_store::unreadable::Unreadable;

impl Shared {
    /// Notes a pod that cannot be read. It is told so by the scheduler's task.
    pub(super) fn pod_unreadable(&self, pod: &Unreadable) {
        let key = ObjectKey::from(&*pod.key);
        let (mut state, now) = (self.state(), self.env.now());
        // What it was before is no longer true.
        state.settled(&key, now);
        state.malformed.insert(key, problem(pod));
        drop(state);
        self.changed.notify_one();
    }

    pub(super) fn next_malformed(&self) -> Option<(ObjectKey, String)> {
        self.state().malformed.pop_first()
    }

    /// Writes the pod's condition and an event, if the pod is one that this scheduler would have to find a node for.
    pub(super) async fn tell_malformed(&self, (key, problem): (ObjectKey, String)) {
        let pods: Api<Pod> = Api::namespaced(self.service.clone(), &key.namespace);
        let now = Time(self.env.wall_seconds());
        let mut told = false;
        let edited = pods.edit_status(&key.name, |stored| {
            told = false;
            if !self.is_wanted(stored) {
                return;
            }
            let wanted = PodCondition {
                type_: POD_SCHEDULED.to_owned(),
                status: condition::FALSE.to_owned(),
                reason: Some(UNSCHEDULABLE.to_owned()),
                message: Some(problem.clone()),
                ..PodCondition::default()
            };
            let conditions = stored.status.get_or_insert_default().conditions.get_or_insert_default();
            let known = condition::find(conditions, POD_SCHEDULED);
            told = known.is_none_or(|known| known.message.as_deref() != Some(&*problem));
            condition::set(conditions, wanted, &now);
        });
        match edited.await {
            Ok(pod) if told => {
                let target = EventTarget::of(&pod);
                self.recorder.record(&target, EventType::Warning, "FailedScheduling", &problem);
            }
            Ok(_) => {}
            Err(error) => tracing::debug!(pod = %key, %error, "the pod's condition was not written"),
        }
    }

    fn is_wanted(&self, pod: &Pod) -> bool {
        let Some(spec) = &pod.spec else { return false };
        let name = spec.scheduler_name.as_deref().filter(|name| !name.is_empty()).unwrap_or(DEFAULT_NAME);
        spec.node_name.is_none()
            && pod.metadata.deletion_timestamp.is_none()
            && self.profiles.0.contains_key(name)
    }
}

fn problem(pod: &Unreadable) -> String {
    if pod.field.is_empty() {
        format!("the pod cannot be read: {}", pod.reason)
    } else {
        format!("the pod cannot be read: {}: {}", pod.field, pod.reason)
    }
}
