//! Disks that cannot be mounted twice.

use kube_core::view::VolumeView;

/// Whether the volume is of a kind that cannot be shared at will.
pub(super) fn is_restricted(volume: &VolumeView) -> bool {
    volume.gce_persistent_disk.is_some()
        || volume.aws_elastic_block_store.is_some()
        || volume.rbd.is_some()
        || volume.iscsi.is_some()
}

/// Whether the two cannot be on one node.
///
/// Source: `volumerestrictions` (`isVolumeConflict`).
pub(super) fn conflicts(a: &VolumeView, b: &VolumeView) -> bool {
    let read_only = |a: Option<bool>, b: Option<bool>| a.unwrap_or(false) && b.unwrap_or(false);
    if let (Some(a), Some(b)) = (&a.gce_persistent_disk, &b.gce_persistent_disk)
        && a.pd_name == b.pd_name
        && !read_only(a.read_only, b.read_only)
    {
        return true;
    }
    if let (Some(a), Some(b)) = (&a.aws_elastic_block_store, &b.aws_elastic_block_store)
        && a.volume_id == b.volume_id
    {
        return true;
    }
    if let (Some(a), Some(b)) = (&a.iscsi, &b.iscsi)
        && a.iqn == b.iqn
        && !read_only(a.read_only, b.read_only)
    {
        return true;
    }
    if let (Some(a), Some(b)) = (&a.rbd, &b.rbd) {
        let pool = |pool: &Option<String>| pool.as_deref().unwrap_or("rbd").to_owned();
        let shared = a.monitors.iter().any(|monitor| b.monitors.contains(monitor));
        return shared
            && pool(&a.pool) == pool(&b.pool)
            && a.image == b.image
            && !read_only(a.read_only, b.read_only);
    }
    false
}
