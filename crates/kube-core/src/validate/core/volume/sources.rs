//! What a volume is made of.

use super::files;
use crate::error::{FieldError, FieldPath, quoted};
use crate::kinds::core::v1::{CSIVolumeSource, HostPathVolumeSource, NFSVolumeSource, Volume};
use crate::names::{is_dns1123_subdomain_caseless, name_is_dns_subdomain};
use crate::quantity::Quantity;
use crate::validate::core::container::{PULL_POLICIES, validate_no_backsteps};
use crate::validate::core::persistent_volume_claim::validate_claim_spec;
use crate::validate::fields::{Text, dns_subdomain, invalid, one_of, required};

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
    errors
}

fn validate_chosen(volume: &Volume, field: &str, pod: &str, path: &FieldPath) -> Vec<FieldError> {
    let v = volume;
    let here = path.child(field);
    if let Some(empty) = &v.empty_dir {
        let negative = empty.size_limit.as_ref().and_then(|limit| Quantity::parse(&limit.0).ok());
        let path = here.child("sizeLimit");
        return match negative.filter(|limit| limit.sign() < 0) {
            Some(_) => {
                vec![FieldError::forbidden(&path, "SizeLimit field must be a valid resource quantity")]
            }
            None => Vec::new(),
        };
    }
    match field {
        "hostPath" => v.host_path.as_ref().map_or_else(Vec::new, |host| validate_host_path(host, &here)),
        "nfs" => v.nfs.as_ref().map_or_else(Vec::new, |nfs| validate_nfs(nfs, &here)),
        "secret" => v.secret.as_ref().map_or_else(Vec::new, |secret| files::validate_secret(secret, &here)),
        "configMap" => {
            v.config_map.as_ref().map_or_else(Vec::new, |map| files::validate_config_map(map, &here))
        }
        "downwarAPI" => {
            let path = path.child("downwardAPI");
            v.downward_api
                .as_ref()
                .map_or_else(Vec::new, |source| files::validate_downward_api(source, &path))
        }
        "projected" => {
            v.projected.as_ref().map_or_else(Vec::new, |source| files::validate_projected(source, &here))
        }
        "csi" => v.csi.as_ref().map_or_else(Vec::new, |csi| validate_csi(csi, &here)),
        "persistentVolumeClaim" => {
            let claim = v.persistent_volume_claim.as_ref();
            claim.and_then(|claim| required(&claim.claim_name, &here, "claimName")).into_iter().collect()
        }
        "ephemeral" => validate_ephemeral(volume, pod, path),
        "image" => validate_image(volume, &here),
        _ => Vec::new(),
    }
}

/// Source: `validateHostPathVolumeSource`.
fn validate_host_path(host: &HostPathVolumeSource, path: &FieldPath) -> Vec<FieldError> {
    if host.path.is_empty() {
        return vec![FieldError::required(&path.child("path"), "")];
    }
    let mut errors: Vec<FieldError> =
        validate_no_backsteps(&host.path, &path.child("path")).into_iter().collect();
    if let Some(wanted) = host.type_.as_deref()
        && !HOST_PATH_TYPES.contains(&wanted)
    {
        errors.push(FieldError::not_supported(&path.child("type"), wanted, HOST_PATH_TYPES));
    }
    errors
}

/// Source: `validateNFSVolumeSource`.
fn validate_nfs(nfs: &NFSVolumeSource, path: &FieldPath) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> = required(&nfs.server, path, "server").into_iter().collect();
    errors.extend(required(&nfs.path, path, "path"));
    if !nfs.path.starts_with('/') {
        errors.push(FieldError::invalid(&path.child("path"), &nfs.path, "must be an absolute path"));
    }
    errors
}

/// Source: `validateCSIVolumeSource`, `ValidateCSIDriverName`.
fn validate_csi(csi: &CSIVolumeSource, path: &FieldPath) -> Vec<FieldError> {
    let driver = csi.driver.as_str();
    let here = path.child("driver");
    let mut errors = Vec::new();
    if driver.is_empty() {
        errors.push(FieldError::required(&here, ""));
    }
    if driver.len() > MAX_DRIVER_NAME {
        errors.push(FieldError::too_long(&here, MAX_DRIVER_NAME));
    }
    errors.extend(invalid(&here, driver, is_dns1123_subdomain_caseless(driver)));
    if let Some(secret) = &csi.node_publish_secret_ref {
        let here = path.child("nodePublishSecretRef").child("name");
        if secret.name.is_empty() {
            errors.push(FieldError::required(&here, ""));
        } else {
            errors.extend(dns_subdomain(&secret.name, &here));
        }
    }
    errors
}

/// Source: `validateEphemeralVolumeSource`.
fn validate_ephemeral(volume: &Volume, pod: &str, path: &FieldPath) -> Vec<FieldError> {
    let here = path.child("ephemeral").child("volumeClaimTemplate");
    let template = volume.ephemeral.as_ref().and_then(|source| source.volume_claim_template.as_ref());
    let mut errors = match template {
        Some(template) => validate_claim_spec(&template.spec, &here.child("spec")),
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

const HOST_PATH_TYPES: &[&str] =
    &["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];
const MAX_DRIVER_NAME: usize = 63;
