//! What a volume is made of.

use super::disks::{self, ISCSI_TOO_LONG, Iscsi};
use super::files;
use crate::error::{FieldError, FieldPath, quoted};
use crate::kinds::core::v1::{
    CSIVolumeSource, CinderVolumeSource, FlexVolumeSource, GitRepoVolumeSource, ISCSIVolumeSource,
    StorageOSVolumeSource, Volume,
};
use crate::names::name_is_dns_subdomain;
use crate::quantity::Quantity;
use crate::validate::core::container::{PULL_POLICIES, validate_local_descending_path};
use crate::validate::core::persistent_volume_claim::validate_claim_template;
use crate::validate::fields::{Text, dns_subdomain, one_of, required};

/// The fields of the sources that `volume` has, in the order in which Kubernetes judges them.
pub(super) fn names_of_sources(volume: &Volume) -> impl Iterator<Item = &'static str> {
    let v = volume;
    [
        ("emptyDir", v.empty_dir.is_some()),
        ("hostPath", v.host_path.is_some()),
        ("gitRepo", v.git_repo.is_some()),
        ("gcePersistentDisk", v.gce_persistent_disk.is_some()),
        ("awsElasticBlockStore", v.aws_elastic_block_store.is_some()),
        ("secret", v.secret.is_some()),
        ("nfs", v.nfs.is_some()),
        ("iscsi", v.iscsi.is_some()),
        ("glusterfs", v.glusterfs.is_some()),
        ("flocker", v.flocker.is_some()),
        ("persistentVolumeClaim", v.persistent_volume_claim.is_some()),
        ("rbd", v.rbd.is_some()),
        ("cinder", v.cinder.is_some()),
        ("cephFS", v.cephfs.is_some()),
        ("quobyte", v.quobyte.is_some()),
        // The missing letter is Kubernetes'.
        ("downwarAPI", v.downward_api.is_some()),
        ("fc", v.fc.is_some()),
        ("flexVolume", v.flex_volume.is_some()),
        ("configMap", v.config_map.is_some()),
        ("azureFile", v.azure_file.is_some()),
        ("vsphereVolume", v.vsphere_volume.is_some()),
        ("photonPersistentDisk", v.photon_persistent_disk.is_some()),
        ("portworxVolume", v.portworx_volume.is_some()),
        ("azureDisk", v.azure_disk.is_some()),
        ("storageos", v.storageos.is_some()),
        ("projected", v.projected.is_some()),
        ("scaleIO", v.scale_io.is_some()),
        ("csi", v.csi.is_some()),
        ("ephemeral", v.ephemeral.is_some()),
        ("image", v.image.is_some()),
    ]
    .into_iter()
    .filter_map(|(field, set)| set.then_some(field))
}

/// What is wrong with what a volume is made of.
///
/// Source: `validateVolumeSource`.
pub(super) fn validate_source(volume: &Volume, pod: &str, path: &FieldPath) -> Vec<FieldError> {
    let mut fields = names_of_sources(volume);
    let Some(first) = fields.next() else {
        return vec![FieldError::required(path, "must specify a volume type")];
    };
    let mut errors = validate_chosen(volume, first, pod, path);
    for field in fields {
        errors.push(FieldError::forbidden(&path.child(field), "may not specify more than 1 volume type"));
    }
    if volume.iscsi.as_ref().is_some_and(|source| iscsi_of(source).is_too_long(&volume.name)) {
        errors.push(FieldError::invalid(&path.child("name"), &volume.name, ISCSI_TOO_LONG));
    }
    errors
}

fn validate_chosen(volume: &Volume, field: &str, pod: &str, path: &FieldPath) -> Vec<FieldError> {
    let here = path.child(field);
    match field {
        "emptyDir" => validate_empty_dir(volume, &here).into_iter().collect(),
        "ephemeral" => validate_ephemeral(volume, pod, path),
        "image" => validate_image(volume, &here),
        "persistentVolumeClaim" => {
            let claim = volume.persistent_volume_claim.as_ref();
            claim.and_then(|claim| required(&claim.claim_name, &here, "claimName")).into_iter().collect()
        }
        "csi" => judged(volume.csi.as_ref(), validate_csi, &here),
        "secret" => judged(volume.secret.as_ref(), files::validate_secret, &here),
        "configMap" => judged(volume.config_map.as_ref(), files::validate_config_map, &here),
        "projected" => judged(volume.projected.as_ref(), files::validate_projected, &here),
        "downwarAPI" => {
            let path = path.child("downwardAPI");
            judged(volume.downward_api.as_ref(), files::validate_downward_api, &path)
        }
        _ => validate_disk(volume, field, path),
    }
}

/// What `judge` says of the source, if it is there.
fn judged<T>(
    source: Option<&T>,
    judge: impl FnOnce(&T, &FieldPath) -> Vec<FieldError>,
    path: &FieldPath,
) -> Vec<FieldError> {
    source.map_or_else(Vec::new, |source| judge(source, path))
}

fn validate_empty_dir(volume: &Volume, path: &FieldPath) -> Option<FieldError> {
    let limit = volume.empty_dir.as_ref()?.size_limit.as_ref()?;
    let negative = Quantity::parse(&limit.0).is_ok_and(|limit| limit.sign() < 0);
    let detail = "SizeLimit field must be a valid resource quantity";
    negative.then(|| FieldError::forbidden(&path.child("sizeLimit"), detail))
}

/// What is wrong with a source that is somewhere beside the cluster.
fn validate_disk(volume: &Volume, field: &str, path: &FieldPath) -> Vec<FieldError> {
    let v = volume;
    let here = path.child(field);
    match field {
        "hostPath" => judged(v.host_path.as_ref(), disks::validate_host_path, &here),
        "gitRepo" => judged(v.git_repo.as_ref(), validate_git_repo, &here),
        "gcePersistentDisk" => {
            judged(v.gce_persistent_disk.as_ref(), disks::validate_gce, &path.child("persistentDisk"))
        }
        "awsElasticBlockStore" => judged(v.aws_elastic_block_store.as_ref(), disks::validate_aws, &here),
        "nfs" => judged(v.nfs.as_ref(), disks::validate_nfs, &here),
        "iscsi" => judged(v.iscsi.as_ref(), validate_iscsi, &here),
        "glusterfs" => {
            judged(v.glusterfs.as_ref(), |s, at| disks::validate_glusterfs(&s.endpoints, &s.path, at), &here)
        }
        "flocker" => judged(v.flocker.as_ref(), disks::validate_flocker, &here),
        "rbd" => judged(v.rbd.as_ref(), |s, at| disks::validate_rbd(&s.monitors, &s.image, at), &here),
        "cinder" => judged(v.cinder.as_ref(), validate_cinder, &here),
        "cephFS" => {
            let monitors = v.cephfs.as_ref().map(|source| &source.monitors);
            monitors.and_then(|list| disks::no_monitors(list, &path.child("cephfs"))).into_iter().collect()
        }
        "quobyte" => judged(v.quobyte.as_ref(), disks::validate_quobyte, &here),
        "fc" => judged(v.fc.as_ref(), disks::validate_fc, &here),
        "flexVolume" => {
            let judge = |s: &FlexVolumeSource, at: &FieldPath| {
                disks::validate_flex(&s.driver, s.options.as_ref(), at)
            };
            judged(v.flex_volume.as_ref(), judge, &here)
        }
        "azureFile" => judged(
            v.azure_file.as_ref(),
            |s, at| disks::validate_azure_file(&s.secret_name, &s.share_name, at),
            &here,
        ),
        "azureDisk" => judged(v.azure_disk.as_ref(), disks::validate_azure_disk, &here),
        "storageos" => judged(v.storageos.as_ref(), validate_storage_os, &here),
        "scaleIO" => judged(
            v.scale_io.as_ref(),
            |s, at| disks::validate_scale_io(&s.gateway, &s.system, s.volume_name.text(), at),
            &here,
        ),
        _ => unnamed_disk(volume, field, &here).into_iter().collect(),
    }
}

/// Of these sources nothing is asked but a name.
fn unnamed_disk(volume: &Volume, field: &str, path: &FieldPath) -> Option<FieldError> {
    match field {
        "vsphereVolume" => required(&volume.vsphere_volume.as_ref()?.volume_path, path, "volumePath"),
        "photonPersistentDisk" => required(&volume.photon_persistent_disk.as_ref()?.pd_id, path, "pdID"),
        "portworxVolume" => required(&volume.portworx_volume.as_ref()?.volume_id, path, "volumeID"),
        _ => None,
    }
}

/// Source: `validateGitRepoVolumeSource`.
fn validate_git_repo(repo: &GitRepoVolumeSource, path: &FieldPath) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> = required(&repo.repository, path, "repository").into_iter().collect();
    errors.extend(validate_local_descending_path(repo.directory.text(), &path.child("directory")));
    errors
}

fn iscsi_of(source: &ISCSIVolumeSource) -> Iscsi<'_> {
    Iscsi {
        target: &source.target_portal,
        name: &source.iqn,
        lun: source.lun,
        wants_secret: source.chap_auth_discovery == Some(true) || source.chap_auth_session == Some(true),
        has_secret: source.secret_ref.is_some(),
        initiator: source.initiator_name.as_deref(),
    }
}

fn validate_iscsi(source: &ISCSIVolumeSource, path: &FieldPath) -> Vec<FieldError> {
    iscsi_of(source).validate("must be valid format starting with iqn, eui, or naa", None, path)
}

/// Source: `validateCinderVolumeSource`.
fn validate_cinder(source: &CinderVolumeSource, path: &FieldPath) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> = required(&source.volume_id, path, "volumeID").into_iter().collect();
    if let Some(secret) = &source.secret_ref {
        errors.extend(disks::validate_secret_ref(&secret.name, None, path));
    }
    errors
}

fn validate_storage_os(source: &StorageOSVolumeSource, path: &FieldPath) -> Vec<FieldError> {
    let (name, namespace) = (source.volume_name.text(), source.volume_namespace.text());
    let mut errors = disks::validate_storage_os(name, namespace, path);
    if let Some(secret) = &source.secret_ref {
        errors.extend(disks::validate_secret_ref(&secret.name, None, path));
    }
    errors
}

/// Source: `validateCSIVolumeSource`.
fn validate_csi(csi: &CSIVolumeSource, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = disks::validate_driver_name(&csi.driver, &path.child("driver"));
    if let Some(secret) = &csi.node_publish_secret_ref {
        if secret.name.is_empty() {
            errors.push(FieldError::required(&path.child("nodePublishSecretRef").child("name"), ""));
        } else {
            // The path is Kubernetes'.
            errors.extend(dns_subdomain(&secret.name, &path.child("name")));
        }
    }
    errors
}

/// Source: `validateEphemeralVolumeSource`.
fn validate_ephemeral(volume: &Volume, pod: &str, path: &FieldPath) -> Vec<FieldError> {
    let here = path.child("ephemeral").child("volumeClaimTemplate");
    let template = volume.ephemeral.as_ref().and_then(|source| source.volume_claim_template.as_ref());
    let mut errors = match template {
        Some(template) => validate_claim_template(template, &here),
        None => vec![FieldError::required(&here, "")],
    };
    if !pod.is_empty() && !volume.name.is_empty() {
        let claim = format!("{pod}-{}", volume.name);
        for complaint in name_is_dns_subdomain(&claim, false) {
            let detail = format!("PVC name {}: {complaint}", quoted(&claim));
            errors.push(FieldError::invalid(&path.child("name"), &volume.name, detail));
        }
    }
    errors
}

/// Source: `validateImageVolumeSource`.
fn validate_image(volume: &Volume, path: &FieldPath) -> Vec<FieldError> {
    let Some(image) = &volume.image else { return Vec::new() };
    let mut errors: Vec<FieldError> =
        required(image.reference.text(), path, "reference").into_iter().collect();
    errors.extend(one_of(image.pull_policy.text(), PULL_POLICIES, &path.child("pullPolicy")));
    errors
}
