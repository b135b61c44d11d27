//! Objects beside nodes and pods, as far as the plugins declare to read them.

use super::shared::Shared;
use crate::framework::{ClusterEvent, Reads, Watch};
use crate::snapshot::{
    Kept, NamespaceView, ReplicaSetView, ReplicationControllerView, ServiceView, StatefulSetView,
};
use kube_core::env::BoxFuture;
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::{PersistentVolume, PersistentVolumeClaim};
use kube_core::kinds::policy::v1::PodDisruptionBudget;
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

fn tell(shared: &Weak<Shared>, what: impl FnOnce(&Shared)) {
    if let Some(shared) = shared.upgrade() {
        what(&shared);
    }
}
