//! Pods that were to be disrupted and are still there: after a while that is not said of them any more.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/disruption` (`syncStalePodDisruption`).

use crate::runtime::{Context, Controller, Error, Outcome, Reconciler, Request, Source};
use jiff::{SignedDuration, Timestamp};
use kube_core::condition::{self, FALSE};
use kube_core::kinds::core::v1::{Namespace, Pod, PodCondition};
use kube_core::kinds::meta::v1::Time;
use kube_core::resource::{ObjectKey, ResourceExt};
use kube_core::view::PodView;
use kube_store::informer::{Change, Index};
use std::time::Duration;

/// Condition: the pod is about to be ended by something else than itself.
pub const DISRUPTION_TARGET: &str = "DisruptionTarget";

/// How long a pod may be said to be about to end.
const TIMEOUT: SignedDuration = SignedDuration::from_mins(2);

/// Pods that are said to be about to end, by namespace.
const MARKED: &str = "marked-for-disruption";

/// The controller that takes back [`DISRUPTION_TARGET`] from pods that stay, namespace by namespace.
pub fn controller() -> Controller {
    let marked = Index::new(MARKED, |pod: &PodView| {
        marked_since(pod).map(|_| pod.meta.namespace.clone()).into_iter().collect()
    });
    Controller::builder(StaleDisruptions)
        .named("stale-disruption-controller")
        .watches(Source::new(namespace_of).index(marked))
        .build()
}

fn namespace_of(change: &Change<PodView>, _: &crate::runtime::Listers) -> Vec<ObjectKey> {
    let marked = change.new.as_ref().filter(|pod| marked_since(pod).is_some());
    marked.map(|pod| ObjectKey::cluster(pod.meta.namespace.clone())).into_iter().collect()
}

/// Since when the pod is said to be about to end, if that can become untrue: a pod that ends, or that its node ends,
/// takes what time it takes.
pub(super) fn marked_since(pod: &PodView) -> Option<Timestamp> {
    let target = pod.condition(DISRUPTION_TARGET).filter(|target| &*target.status == "True")?;
    let by_node = target.reason.as_deref() == Some("TerminationByKubelet");
    let stays = !by_node && !pod.is_terminating() && !pod.is_terminal();
    stays.then(|| target.last_transition_time.unwrap_or(Timestamp::UNIX_EPOCH))
}

struct StaleDisruptions;

impl Reconciler for StaleDisruptions {
    type Resource = Namespace;

    async fn reconcile(&self, cx: &Context, request: Request) -> Result<Outcome, Error> {
        let now = cx.now();
        let mut first: Option<Duration> = None;
        for pod in cx.by_index::<PodView>(MARKED, &request.key.name) {
            let Some(since) = marked_since(&pod) else { continue };
            let end = since.saturating_add(TIMEOUT).unwrap_or(since);
            match Duration::try_from(end.duration_since(now)) {
                Ok(left) if !left.is_zero() => first = Some(first.map_or(left, |first| first.min(left))),
                _ => clear(cx, &pod, now).await?,
            }
        }
        Ok(first.into())
    }
}

async fn clear(cx: &Context, pod: &PodView, now: Timestamp) -> Result<(), Error> {
    let live = cx.api::<Pod>().in_namespace(&pod.meta.namespace).find(&pod.meta.name).await?;
    let Some(live) = live.filter(|live| live.uid() == pod.meta.uid && !live.is_terminating()) else {
        return Ok(());
    };
    cx.patch_status(&live, |status| {
        let over = PodCondition {
            type_: DISRUPTION_TARGET.to_owned(),
            status: FALSE.to_owned(),
            observed_generation: live.metadata.generation,
            ..PodCondition::default()
        };
        condition::set(status.conditions.get_or_insert_default(), over, &Time(now));
    })
    .await?;
    Ok(())
}
