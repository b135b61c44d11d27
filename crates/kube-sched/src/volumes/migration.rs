//! Volumes of drivers that were once built in, as those of the CSI drivers that took over.
//!
//! Source: `k8s.io/csi-translation-lib`.

use kube_core::kinds::core::v1::PersistentVolume;
use kube_core::view::VolumeView;

/// Driver and handle of a volume, where it is attached through CSI.
pub(crate) fn driver_of_volume(volume: &PersistentVolume) -> Option<(String, String)> {
    let spec = volume.spec.as_ref()?;
    if let Some(csi) = &spec.csi {
        return Some((csi.driver.clone(), csi.volume_handle.clone()));
    }
    let (driver, handle) = if let Some(disk) = &spec.gce_persistent_disk {
        (GCE, disk.pd_name.as_str())
    } else if let Some(disk) = &spec.aws_elastic_block_store {
        (EBS, bare(&disk.volume_id))
    } else if let Some(disk) = &spec.azure_disk {
        (AZURE, disk.disk_uri.as_str())
    } else if let Some(disk) = &spec.cinder {
        (CINDER, disk.volume_id.as_str())
    } else {
        return None;
    };
    Some((driver.to_owned(), handle.to_owned()))
}

/// Whether such a volume is attached through CSI only since its own driver went.
pub(crate) fn is_migrated(volume: &PersistentVolume) -> bool {
    volume.spec.as_ref().is_some_and(|spec| spec.csi.is_none())
}

/// The same of a volume that a pod names itself.
pub(crate) fn driver_of_inline(volume: &VolumeView) -> Option<(String, String)> {
    let (driver, handle) = if let Some(disk) = &volume.gce_persistent_disk {
        (GCE, disk.pd_name.as_str())
    } else if let Some(disk) = &volume.aws_elastic_block_store {
        (EBS, bare(&disk.volume_id))
    } else if let Some(disk) = &volume.azure_disk {
        (AZURE, disk.disk_uri.as_str())
    } else if let Some(disk) = &volume.cinder {
        (CINDER, disk.volume_id.as_str())
    } else {
        return None;
    };
    Some((driver.to_owned(), handle.to_owned()))
}

/// The CSI driver of a provisioner, and whether it took over from another.
pub(crate) fn driver_of_class(provisioner: &str) -> (&str, bool) {
    match provisioner {
        "kubernetes.io/gce-pd" => (GCE, true),
        "kubernetes.io/aws-ebs" => (EBS, true),
        "kubernetes.io/azure-disk" => (AZURE, true),
        "kubernetes.io/cinder" => (CINDER, true),
        other => (other, false),
    }
}

/// `vol-1` of `aws://eu-central-1a/vol-1`.
fn bare(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

const GCE: &str = "pd.csi.storage.gke.io";
const EBS: &str = "ebs.csi.aws.com";
const AZURE: &str = "disk.csi.azure.com";
const CINDER: &str = "cinder.csi.openstack.org";
