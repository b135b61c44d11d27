//! The kinds of the group `storage.k8s.io`.

mod csi_node;
mod storage_class;

use super::Kind;
use crate::kinds::storage::v1::{CSIDriver, CSIStorageCapacity, VolumeAttachment};

impl Kind for CSIDriver {}
impl Kind for CSIStorageCapacity {}
impl Kind for VolumeAttachment {}
