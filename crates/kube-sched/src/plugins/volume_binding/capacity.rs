//! Where there is storage left to make volumes from.

use crate::framework::Nodes;
use crate::snapshot::Table;
use crate::volumes::requested;
use kube_core::kinds::ApiQuantity;
use kube_core::kinds::core::v1::PersistentVolumeClaim;
use kube_core::kinds::storage::v1::{CSIDriver, CSIStorageCapacity, StorageClass};
use kube_core::quantity::Quantity;
use kube_core::resource::{ObjectKey, ResourceExt};
use kube_core::selector::{LabelSet, Selector};

/// What drivers say of their storage.
#[derive(Clone, Debug)]
pub(super) struct Capacities {
    drivers: Table<CSIDriver>,
    capacities: Table<CSIStorageCapacity>,
}

impl Capacities {
    pub(super) fn new(nodes: Nodes<'_>) -> Self {
        Self {
            drivers: nodes.objects::<CSIDriver>().clone(),
            capacities: nodes.objects::<CSIStorageCapacity>().clone(),
        }
    }

    /// Whether the driver of `class` can make a volume for the claim on a node with these labels, as far as it tells.
    pub(super) fn suffice(
        &self,
        class: &StorageClass,
        claim: &PersistentVolumeClaim,
        node: &LabelSet,
    ) -> bool {
        let driver = self.drivers.get(&ObjectKey::cluster(class.provisioner.as_str()));
        let tells = driver.is_some_and(|driver| driver.spec.storage_capacity == Some(true));
        let (true, Some(wanted)) = (tells, requested(claim)) else { return true };
        self.capacities.values().any(|capacity| {
            let largest = capacity.maximum_volume_size.as_ref().or(capacity.capacity.as_ref());
            let large = largest.and_then(quantity).is_some_and(|largest| largest.value() >= wanted.value());
            capacity.storage_class_name == class.name() && large && reaches(capacity, node)
        })
    }
}

fn reaches(capacity: &CSIStorageCapacity, node: &LabelSet) -> bool {
    let selector = capacity.node_topology.as_ref();
    selector.is_some_and(|selector| {
        Selector::from_label_selector(Some(selector)).is_ok_and(|selector| selector.matches(node))
    })
}

fn quantity(text: &ApiQuantity) -> Option<Quantity> {
    Quantity::parse(&text.0).ok()
}
