//! What a volume of the cluster is made of.

use crate::error::{FieldError, FieldPath};
use crate::kinds::core::v1::{
    AzureFilePersistentVolumeSource, CSIPersistentVolumeSource, CinderPersistentVolumeSource,
    GlusterfsPersistentVolumeSource, ISCSIPersistentVolumeSource, LocalVolumeSource, PersistentVolumeSpec,
    SecretReference, StorageOSPersistentVolumeSource,
};
use crate::names::validate_namespace_name;
use crate::validate::core::container::validate_no_backsteps;
use crate::validate::core::volume::{self, ISCSI_INTERFACE, ISCSI_TOO_LONG, Iscsi};
use crate::validate::fields::{Text, dns_label, dns_subdomain, name, required};

/// Fills the source of a volume.
///
/// Source: the generated `SetObjectDefaults_PersistentVolume`.
pub(super) fn set_defaults(spec: &mut PersistentVolumeSpec) {
    if let Some(host) = &mut spec.host_path {
        host.type_.get_or_insert_default();
    }
    if let Some(iscsi) = &mut spec.iscsi {
        iscsi.iscsi_interface.fill(ISCSI_INTERFACE);
    }
    if let Some(rbd) = &mut spec.rbd {
        volume::set_rbd_defaults([&mut rbd.pool, &mut rbd.user, &mut rbd.keyring]);
    }
    if let Some(disk) = &mut spec.azure_disk {
        volume::set_azure_disk_defaults(disk);
    }
    if let Some(scale) = &mut spec.scale_io {
        volume::set_scale_io_defaults(&mut scale.storage_mode, &mut scale.fs_type);
    }
}

/// The fields of the sources that `spec` has, in the order in which Kubernetes judges them.
fn names_of_sources(spec: &PersistentVolumeSpec) -> impl Iterator<Item = &'static str> {
    let s = spec;
    [
        ("hostPath", s.host_path.is_some()),
        ("gcePersistentDisk", s.gce_persistent_disk.is_some()),
        ("awsElasticBlockStore", s.aws_elastic_block_store.is_some()),
        ("glusterfs", s.glusterfs.is_some()),
        ("flocker", s.flocker.is_some()),
        ("nfs", s.nfs.is_some()),
        ("rbd", s.rbd.is_some()),
        ("quobyte", s.quobyte.is_some()),
        ("cephFS", s.cephfs.is_some()),
        ("iscsi", s.iscsi.is_some()),
        ("cinder", s.cinder.is_some()),
        ("fc", s.fc.is_some()),
        (FLEX, s.flex_volume.is_some()),
        ("azureFile", s.azure_file.is_some()),
        ("vsphereVolume", s.vsphere_volume.is_some()),
        ("photonPersistentDisk", s.photon_persistent_disk.is_some()),
        ("portworxVolume", s.portworx_volume.is_some()),
        ("azureDisk", s.azure_disk.is_some()),
        ("scaleIO", s.scale_io.is_some()),
        ("local", s.local.is_some()),
        ("storageos", s.storageos.is_some()),
        ("csi", s.csi.is_some()),
    ]
    .into_iter()
    .filter_map(|(field, set)| set.then_some(field))
}

/// What is wrong with what the volume `name` is made of.
///
/// Source: `ValidatePersistentVolumeSpec`.
pub(super) fn validate_source(spec: &PersistentVolumeSpec, name: &str, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut first = true;
    for field in names_of_sources(spec) {
        // That this one is never too much is Kubernetes' doing.
        if first || field == FLEX {
            errors.extend(validate_chosen(spec, field, name, path));
        } else {
            let detail = "may not specify more than 1 volume type";
            errors.push(FieldError::forbidden(&path.child(field), detail));
        }
        first = false;
    }
    if first {
        errors.push(FieldError::required(path, "must specify a volume type"));
    }
    errors
}

fn validate_chosen(
    spec: &PersistentVolumeSpec,
    field: &str,
    name: &str,
    path: &FieldPath,
) -> Vec<FieldError> {
    let s = spec;
    let here = path.child(field);
    match field {
        "local" => judged(s.local.as_ref(), |local, at| validate_local(local, spec, at, path), &here),
        "csi" => judged(s.csi.as_ref(), validate_csi, &here),
        "iscsi" => judged(s.iscsi.as_ref(), |iscsi, at| validate_iscsi(iscsi, name, at), &here),
        "hostPath" => judged(s.host_path.as_ref(), volume::validate_host_path, &here),
        "nfs" => judged(s.nfs.as_ref(), volume::validate_nfs, &here),
        "fc" => judged(s.fc.as_ref(), volume::validate_fc, &here),
        "gcePersistentDisk" => {
            judged(s.gce_persistent_disk.as_ref(), volume::validate_gce, &path.child("persistentDisk"))
        }
        "awsElasticBlockStore" => judged(s.aws_elastic_block_store.as_ref(), volume::validate_aws, &here),
        "azureDisk" => judged(s.azure_disk.as_ref(), volume::validate_azure_disk, &here),
        "flocker" => judged(s.flocker.as_ref(), volume::validate_flocker, &here),
        "quobyte" => judged(s.quobyte.as_ref(), volume::validate_quobyte, &here),
        "glusterfs" => judged(s.glusterfs.as_ref(), validate_glusterfs, &here),
        "azureFile" => judged(s.azure_file.as_ref(), validate_azure_file, &here),
        "cinder" => judged(s.cinder.as_ref(), validate_cinder, &here),
        "storageos" => judged(s.storageos.as_ref(), validate_storage_os, &here),
        "rbd" => judged(s.rbd.as_ref(), |s, at| volume::validate_rbd(&s.monitors, &s.image, at), &here),
        FLEX => judged(
            s.flex_volume.as_ref(),
            |s, at| volume::validate_flex(&s.driver, s.options.as_ref(), at),
            &here,
        ),
        "scaleIO" => judged(
            s.scale_io.as_ref(),
            |s, at| volume::validate_scale_io(&s.gateway, &s.system, s.volume_name.text(), at),
            &here,
        ),
        _ => unnamed_disk(spec, field, path).into_iter().collect(),
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

/// Of these sources one thing is asked.
fn unnamed_disk(spec: &PersistentVolumeSpec, field: &str, path: &FieldPath) -> Option<FieldError> {
    let here = path.child(field);
    match field {
        "cephFS" => volume::no_monitors(&spec.cephfs.as_ref()?.monitors, &path.child("cephfs")),
        "vsphereVolume" => required(&spec.vsphere_volume.as_ref()?.volume_path, &here, "volumePath"),
        "photonPersistentDisk" => required(&spec.photon_persistent_disk.as_ref()?.pd_id, &here, "pdID"),
        "portworxVolume" => required(&spec.portworx_volume.as_ref()?.volume_id, &here, "volumeID"),
        _ => None,
    }
}

/// What is on a node is only there.
///
/// Source: `validateLocalVolumeSource`.
fn validate_local(
    local: &LocalVolumeSource,
    spec: &PersistentVolumeSpec,
    path: &FieldPath,
    root: &FieldPath,
) -> Vec<FieldError> {
    let here = path.child("path");
    let mut errors = Vec::new();
    if local.path.is_empty() {
        errors.push(FieldError::required(&here, ""));
    } else {
        errors.extend(validate_no_backsteps(&local.path, &here));
    }
    if spec.node_affinity.is_none() {
        let detail = "Local volume requires node affinity";
        errors.push(FieldError::required(&root.child("nodeAffinity"), detail));
    }
    errors
}

fn validate_iscsi(source: &ISCSIPersistentVolumeSource, volume: &str, path: &FieldPath) -> Vec<FieldError> {
    let iscsi = Iscsi {
        target: &source.target_portal,
        name: &source.iqn,
        lun: source.lun,
        wants_secret: source.chap_auth_discovery == Some(true) || source.chap_auth_session == Some(true),
        has_secret: source.secret_ref.is_some(),
        initiator: source.initiator_name.as_deref(),
    };
    let too_long = || FieldError::invalid(&path.child("targetportal"), iscsi.target, ISCSI_TOO_LONG);
    let at_target = iscsi.is_too_long(volume).then(too_long);
    let mut errors = iscsi.validate("must be valid format", at_target, path);
    if let Some(secret) = &source.secret_ref {
        errors.extend(volume::validate_secret_ref(secret.name.text(), None, path));
    }
    errors
}

/// Source: `validateGlusterfsPersistentVolumeSource`.
fn validate_glusterfs(source: &GlusterfsPersistentVolumeSource, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = volume::validate_glusterfs(&source.endpoints, &source.path, path);
    let here = path.child("endpointsNamespace");
    match source.endpoints_namespace.as_deref() {
        None => {}
        Some("") => {
            let detail = "if the endpointnamespace is set, it must be a valid namespace name";
            errors.push(FieldError::invalid(&here, "", detail));
        }
        Some(namespace) => errors.extend(name(namespace, validate_namespace_name, &here)),
    }
    errors
}

/// Source: `validateAzureFilePV`.
fn validate_azure_file(source: &AzureFilePersistentVolumeSource, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = volume::validate_azure_file(&source.secret_name, &source.share_name, path);
    if let Some(namespace) = &source.secret_namespace {
        errors.extend(required(namespace, path, "secretNamespace"));
    }
    errors
}

/// Source: `validateCinderPersistentVolumeSource`.
fn validate_cinder(source: &CinderPersistentVolumeSource, path: &FieldPath) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> = required(&source.volume_id, path, "volumeID").into_iter().collect();
    if let Some(secret) = &source.secret_ref {
        errors.extend(volume::validate_secret_ref(secret.name.text(), Some(secret.namespace.text()), path));
    }
    errors
}

/// Source: `validateStorageOSPersistentVolumeSource`.
fn validate_storage_os(source: &StorageOSPersistentVolumeSource, path: &FieldPath) -> Vec<FieldError> {
    let (volume_name, namespace) = (source.volume_name.text(), source.volume_namespace.text());
    let mut errors = volume::validate_storage_os(volume_name, namespace, path);
    if let Some(secret) = &source.secret_ref {
        errors.extend(volume::validate_secret_ref(secret.name.text(), Some(secret.namespace.text()), path));
    }
    errors
}

/// Source: `validateCSIPersistentVolumeSource`.
fn validate_csi(csi: &CSIPersistentVolumeSource, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = volume::validate_driver_name(&csi.driver, &path.child("driver"));
    errors.extend(required(&csi.volume_handle, path, "volumeHandle"));
    let secrets = [
        ("controllerPublishSecretRef", &csi.controller_publish_secret_ref),
        ("controllerExpandSecretRef", &csi.controller_expand_secret_ref),
        ("nodePublishSecretRef", &csi.node_publish_secret_ref),
        ("nodeExpandSecretRef", &csi.node_expand_secret_ref),
    ];
    for (field, secret) in secrets {
        if let Some(secret) = secret {
            errors.extend(validate_secret(secret, &path.child(field)));
        }
    }
    errors
}

/// Source: `validatePVSecretReference`.
fn validate_secret(secret: &SecretReference, path: &FieldPath) -> Vec<FieldError> {
    let (secret_name, namespace) = (secret.name.text(), secret.namespace.text());
    let mut errors: Vec<FieldError> = required(secret_name, path, "name").into_iter().collect();
    if errors.is_empty() {
        errors.extend(dns_subdomain(secret_name, &path.child("name")));
    }
    match required(namespace, path, "namespace") {
        Some(missing) => errors.push(missing),
        None => errors.extend(dns_label(namespace, &path.child("namespace"))),
    }
    errors
}

const FLEX: &str = "flexVolume";
