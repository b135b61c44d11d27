//! Controllers of owners of pods: what all of them watch.

use super::indexes::{NAMESPACE, ORPHAN, OWNER, by_namespace, orphan_pods};
use crate::runtime::{Context, ControllerBuilder, Listers, Reconciler, Source};
use kube_core::resource::{ObjectKey, Resource, ResourceExt};
use kube_core::selector::Selector;
use kube_core::view::{KindView, PodView};
use kube_store::informer::{Change, Index};
use std::sync::Arc;

/// Lets a controller watch owners of pods. It is called when an owner changes, when a pod that it manages does, and when
/// a pod without a manager appears that its `selector` selects; an owner without a selector adopts nothing.
pub(super) fn over_pods<R>(
    builder: ControllerBuilder<R>,
    selector: fn(&R::Resource) -> Option<Selector>,
) -> ControllerBuilder<R>
where
    R: Reconciler,
    R::Resource: Resource,
{
    let adopters = move |change: &Change<PodView>, listers: &Listers| {
        let Some(pod) = change.new.as_ref().filter(|pod| pod.meta.controller().is_none()) else {
            return Vec::new();
        };
        let selects = |owner: &&Arc<R::Resource>| {
            selector(owner).is_some_and(|selector| selector.matches(&pod.meta.labels))
        };
        let owners = listers.by_index::<R::Resource>(NAMESPACE, &pod.meta.namespace);
        owners.iter().filter(selects).map(|owner| owner.key()).collect::<Vec<ObjectKey>>()
    };
    builder
        .index(by_namespace())
        .watches(
            Source::managed_by(<R::Resource as KindView>::kind(), |pod: &PodView| &pod.meta)
                .index(Index::by_owner())
                .index(orphan_pods()),
        )
        .watches(Source::new(adopters))
}

/// The pods that `owner` manages, and those of its namespace that it might adopt.
pub(super) fn pods_of<K: Resource>(cx: &Context, owner: &K) -> Vec<Arc<PodView>> {
    let mut pods = cx.by_index::<PodView>(OWNER, owner.uid().as_str());
    if !owner.is_terminating() {
        pods.extend(cx.by_index::<PodView>(ORPHAN, owner.namespace()));
    }
    pods
}
