//! What volumes leave out.

use crate::kinds::core::v1::{
    AzureDiskVolumeSource, DownwardAPIVolumeFile, EmptyDirVolumeSource, Volume, VolumeProjection,
};
use crate::validate::core::container::set_image_pull_policy;
use crate::validate::core::persistent_volume_claim::set_claim_spec_defaults;
use crate::validate::fields::{Items, Text};
use crate::validate::resources::canonicalize_one;

/// Fills a volume.
///
/// Source: `SetDefaults_Volume` and the generated `SetObjectDefaults_Pod`.
pub(in super::super) fn set_volume_defaults(volume: &mut Volume) {
    if super::sources::names_of_sources(volume).next().is_none() {
        volume.empty_dir = Some(EmptyDirVolumeSource::default());
    }
    if let Some(empty) = &mut volume.empty_dir {
        canonicalize_one(&mut empty.size_limit);
    }
    if let Some(host) = &mut volume.host_path {
        host.type_.get_or_insert_default();
    }
    if let Some(secret) = &mut volume.secret {
        secret.default_mode.get_or_insert(DEFAULT_MODE);
    }
    if let Some(map) = &mut volume.config_map {
        map.default_mode.get_or_insert(DEFAULT_MODE);
    }
    if let Some(downward) = &mut volume.downward_api {
        downward.default_mode.get_or_insert(DEFAULT_MODE);
        set_file_defaults(downward.items.items_mut());
    }
    if let Some(projected) = &mut volume.projected {
        projected.default_mode.get_or_insert(DEFAULT_MODE);
        projected.sources.items_mut().iter_mut().for_each(set_projection_defaults);
    }
    if let Some(ephemeral) = &mut volume.ephemeral
        && let Some(template) = &mut ephemeral.volume_claim_template
    {
        set_claim_spec_defaults(&mut template.spec);
    }
    if let Some(image) = &mut volume.image {
        set_image_pull_policy(image.reference.text(), &mut image.pull_policy);
    }
    set_disk_defaults(volume);
}

/// Source: the declared defaults of the disks of providers.
fn set_disk_defaults(volume: &mut Volume) {
    if let Some(iscsi) = &mut volume.iscsi {
        iscsi.iscsi_interface.fill(ISCSI_INTERFACE);
    }
    if let Some(rbd) = &mut volume.rbd {
        set_rbd_defaults([&mut rbd.pool, &mut rbd.user, &mut rbd.keyring]);
    }
    if let Some(disk) = &mut volume.azure_disk {
        set_azure_disk_defaults(disk);
    }
    if let Some(scale) = &mut volume.scale_io {
        set_scale_io_defaults(&mut scale.storage_mode, &mut scale.fs_type);
    }
}

/// Fills the pool, the user and the keyring of an image of blocks.
pub(in super::super) fn set_rbd_defaults(fields: [&mut Option<String>; 3]) {
    for (field, value) in fields.into_iter().zip(["rbd", "admin", "/etc/ceph/keyring"]) {
        field.fill(value);
    }
}

pub(in super::super) fn set_azure_disk_defaults(disk: &mut AzureDiskVolumeSource) {
    disk.caching_mode.get_or_insert_with(|| "ReadWrite".to_owned());
    disk.fs_type.get_or_insert_with(|| "ext4".to_owned());
    disk.kind.get_or_insert_with(|| "Shared".to_owned());
    disk.read_only.get_or_insert(false);
}

pub(in super::super) fn set_scale_io_defaults(mode: &mut Option<String>, fs_type: &mut Option<String>) {
    mode.fill("ThinProvisioned");
    fs_type.fill("xfs");
}

/// The interface over which a disk of iSCSI is reached.
pub(in super::super) const ISCSI_INTERFACE: &str = "default";

/// Without the gates `ClusterTrustBundleProjection` and `PodCertificateRequest`, which are closed by default, their fields
/// are dropped.
fn set_projection_defaults(source: &mut VolumeProjection) {
    source.cluster_trust_bundle = None;
    source.pod_certificate = None;
    if let Some(downward) = &mut source.downward_api {
        set_file_defaults(downward.items.items_mut());
    }
    if let Some(token) = &mut source.service_account_token {
        token.expiration_seconds.get_or_insert(HOUR);
    }
}

fn set_file_defaults(files: &mut [DownwardAPIVolumeFile]) {
    for field in files.iter_mut().filter_map(|file| file.field_ref.as_mut()) {
        field.api_version.fill("v1");
    }
}

/// `rw-r--r--`.
const DEFAULT_MODE: i32 = 0o644;
/// Seconds.
const HOUR: i64 = 3600;
