//! The kinds of the group `storage.k8s.io`.

mod storage_class;

use super::Kind;
use crate::kinds::storage::v1::{CSIDriver, CSINode, CSIStorageCapacity, VolumeAttachment};

impl Kind for CSIDriver {}
impl Kind for CSINode {}
impl Kind for CSIStorageCapacity {}
impl Kind for VolumeAttachment {}
