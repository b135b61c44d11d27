//! The kinds of the group `storage.k8s.io`.

mod csi_node;
mod storage_class;

use super::{Kind, warn};
use crate::kinds::storage::v1::{CSIDriver, CSIStorageCapacity, VolumeAttachment};

impl Kind for CSIDriver {}

impl Kind for CSIStorageCapacity {
    fn warnings(&self, _old: Option<&Self>) -> Vec<String> {
        warn::of_storage_capacity(self)
    }
}

impl Kind for VolumeAttachment {}
