//! Objects beside nodes and pods, as far as the plugins declare to read them.

use super::shared::Shared;
use crate::framework::{ClusterEvent, Reads, Watch};
use crate::plugins::gang_scheduling::policy;
use crate::snapshot::{
    Kept, NamespaceView, ReplicaSetView, ReplicationControllerView, ServiceView, StatefulSetView,
};
use kube_core::env::BoxFuture;
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::{PersistentVolume, PersistentVolumeClaim};
use kube_core::kinds::policy::v1::PodDisruptionBudget;
use kube_core::kinds::scheduling::v1alpha2::PodGroup;
use kube_core::kinds::storage::v1::{CSIDriver, CSINode, CSIStorageCapacity, StorageClass, VolumeAttachment};
use kube_store::informer::Informers;
use std::sync::{Arc, Weak};

/// What must have been read once before the first decision.
pub(super) type Synced = Vec<BoxFuture<'static, Result<(), ApiError>>>;

/// Keeps what the plugins of `shared` read up to date. A kind that nobody reads is not watched.
pub(super) fn listen(shared: &Arc<Shared>, informers: &Informers) -> Synced {
    let mut reads = Reads::NOTHING;
    for plugin in shared.profiles.plugins() {
        reads |= plugin.reads.clone();
    }
    let mut all = All { shared: Arc::downgrade(shared), informers, reads, synced: Vec::new() };
    all.keep::<NamespaceView>();
    all.keep::<ServiceView>();
    all.keep::<ReplicationControllerView>();
    all.keep::<ReplicaSetView>();
    all.keep::<StatefulSetView>();
    all.keep::<PersistentVolume>();
    all.keep::<PersistentVolumeClaim>();
    all.keep::<StorageClass>();
    all.keep::<CSINode>();
    all.keep::<CSIDriver>();
    all.keep::<CSIStorageCapacity>();
    all.keep::<VolumeAttachment>();
    all.keep::<PodDisruptionBudget>();
    all.keep::<PodGroup>();
    all.groups();
    let weak = all.shared.clone();
    let mut watch = Watch::new(move |event| tell(&weak, |shared| shared.happened(&event)));
    for plugin in shared.profiles.plugins() {
        plugin.plugin.follow(&mut watch);
    }
    all.synced.extend(watch.into_synced());
    all.synced
}

struct All<'a> {
    shared: Weak<Shared>,
    informers: &'a Informers,
    reads: Reads,
    synced: Synced,
}

impl All<'_> {
    fn keep<V: Kept>(&mut self) {
        if !self.reads.contains(&Reads::kind::<V>()) {
            return;
        }
        let informer = self.informers.informer::<V>();
        let (shared, kind) = (self.shared.clone(), informer.kind().clone());
        informer.on_change(move |change| {
            tell(&shared, |shared| {
                match &change.new {
                    Some(new) => shared.state().cluster.upsert(new.clone()),
                    None => shared.state().cluster.remove::<V>(&change.key),
                }
                if !change.initial {
                    shared.happened(&ClusterEvent::Other { kind: kind.clone(), key: change.key.clone() });
                }
            });
        });
        self.synced.push(Box::pin(async move { informer.synced().await }));
    }
}

impl All<'_> {
    /// Tells the queue what belongs together.
    fn groups(&self) {
        if !self.reads.contains(&Reads::kind::<PodGroup>()) {
            return;
        }
        let shared = self.shared.clone();
        self.informers.informer::<PodGroup>().on_change(move |change| {
            tell(&shared, |shared| {
                let (mut state, now) = (shared.state(), shared.env.now());
                match &change.new {
                    Some(group) => state.queue.upsert_group(&change.key, policy(group), now),
                    None => state.queue.remove_group(&change.key),
                }
                drop(state);
                shared.changed.notify_one();
            });
        });
    }
}

fn tell(shared: &Weak<Shared>, what: impl FnOnce(&Shared)) {
    if let Some(shared) = shared.upgrade() {
        what(&shared);
    }
}
