//! Which kinds are kept.

use super::Table;
use super::views::{NamespaceView, ReplicaSetView, ReplicationControllerView, ServiceView, StatefulSetView};
use kube_core::kinds::core::v1::{PersistentVolume, PersistentVolumeClaim};
use kube_core::kinds::policy::v1::PodDisruptionBudget;
use kube_core::kinds::scheduling::v1alpha2::PodGroup;
use kube_core::kinds::storage::v1::{CSIDriver, CSINode, CSIStorageCapacity, StorageClass, VolumeAttachment};
use kube_core::resource::{ObjectKey, ResourceExt};
use kube_core::view::KindView;

/// A kind that a snapshot keeps.
pub trait Kept: KindView {
    /// Namespace and name.
    fn key(&self) -> ObjectKey;

    /// Its table.
    fn table(tables: &Tables) -> &Table<Self>;

    /// Its table.
    fn table_mut(tables: &mut Tables) -> &mut Table<Self>;
}

/// One table per kind.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    namespaces: Table<NamespaceView>,
    services: Table<ServiceView>,
    replication_controllers: Table<ReplicationControllerView>,
    replica_sets: Table<ReplicaSetView>,
    stateful_sets: Table<StatefulSetView>,
    volumes: Table<PersistentVolume>,
    claims: Table<PersistentVolumeClaim>,
    classes: Table<StorageClass>,
    csi_nodes: Table<CSINode>,
    csi_drivers: Table<CSIDriver>,
    csi_capacities: Table<CSIStorageCapacity>,
    attachments: Table<VolumeAttachment>,
    budgets: Table<PodDisruptionBudget>,
    pod_groups: Table<PodGroup>,
}

/// One line per kind: its type, its table, and where its key stands.
macro_rules! kept {
    ($($kind:ty => $table:ident, |$object:ident| $key:expr;)*) => {$(
        impl Kept for $kind {
            fn key(&self) -> ObjectKey {
                let $object = self;
                $key
            }

            fn table(tables: &Tables) -> &Table<Self> {
                &tables.$table
            }

            fn table_mut(tables: &mut Tables) -> &mut Table<Self> {
                &mut tables.$table
            }
        }
    )*};
}

kept! {
    NamespaceView => namespaces, |object| object.meta.key();
    ServiceView => services, |object| object.meta.key();
    ReplicationControllerView => replication_controllers, |object| object.meta.key();
    ReplicaSetView => replica_sets, |object| object.meta.key();
    StatefulSetView => stateful_sets, |object| object.meta.key();
    PersistentVolume => volumes, |object| ResourceExt::key(object);
    PersistentVolumeClaim => claims, |object| ResourceExt::key(object);
    StorageClass => classes, |object| ResourceExt::key(object);
    CSINode => csi_nodes, |object| ResourceExt::key(object);
    CSIDriver => csi_drivers, |object| ResourceExt::key(object);
    CSIStorageCapacity => csi_capacities, |object| ResourceExt::key(object);
    VolumeAttachment => attachments, |object| ResourceExt::key(object);
    PodDisruptionBudget => budgets, |object| ResourceExt::key(object);
    PodGroup => pod_groups, |object| ResourceExt::key(object);
}
