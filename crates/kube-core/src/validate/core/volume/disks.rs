//! What pods and persistent volumes alike are made of: disks, shares and file systems of providers.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/validation`.

use std::collections::BTreeMap;

use crate::error::{FieldError, FieldPath, ShownAsJson};
use crate::kinds::core::v1::{
    AWSElasticBlockStoreVolumeSource, AzureDiskVolumeSource, FCVolumeSource, FlockerVolumeSource,
    GCEPersistentDiskVolumeSource, HostPathVolumeSource, NFSVolumeSource, QuobyteVolumeSource,
};
use crate::names::is_dns1123_subdomain_caseless;
use crate::validate::core::container::validate_no_backsteps;
use crate::validate::fields::{Items, Text, dns_label, invalid, required, supported};

/// Source: `validateHostPathVolumeSource`.
pub(in super::super) fn validate_host_path(host: &HostPathVolumeSource, path: &FieldPath) -> Vec<FieldError> {
    if host.path.is_empty() {
        return vec![FieldError::required(&path.child("path"), "")];
    }
    let mut errors: Vec<FieldError> =
        validate_no_backsteps(&host.path, &path.child("path")).into_iter().collect();
    if let Some(wanted) = host.type_.as_deref() {
        errors.extend(supported(wanted, HOST_PATH_TYPES, &path.child("type")));
    }
    errors
}

/// Source: `validateNFSVolumeSource`.
pub(in super::super) fn validate_nfs(nfs: &NFSVolumeSource, path: &FieldPath) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> = required(&nfs.server, path, "server").into_iter().collect();
    errors.extend(required(&nfs.path, path, "path"));
    if !nfs.path.starts_with('/') {
        errors.push(FieldError::invalid(&path.child("path"), &nfs.path, "must be an absolute path"));
    }
    errors
}

/// Source: `validateGCEPersistentDiskVolumeSource`.
pub(in super::super) fn validate_gce(
    disk: &GCEPersistentDiskVolumeSource,
    path: &FieldPath,
) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> = required(&disk.pd_name, path, "pdName").into_iter().collect();
    errors.extend(wrong_partition(disk.partition, path));
    errors
}

/// Source: `validateAWSElasticBlockStoreVolumeSource`.
pub(in super::super) fn validate_aws(
    disk: &AWSElasticBlockStoreVolumeSource,
    path: &FieldPath,
) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> = required(&disk.volume_id, path, "volumeID").into_iter().collect();
    errors.extend(wrong_partition(disk.partition, path));
    errors
}

fn wrong_partition(partition: Option<i32>, path: &FieldPath) -> Option<FieldError> {
    let partition = partition.filter(|partition| !(0..=255).contains(partition))?;
    let detail = "must be between 1 and 255, inclusive";
    Some(FieldError::invalid(&path.child("partition"), partition, detail))
}

/// Source: `validateFlockerVolumeSource`.
pub(in super::super) fn validate_flocker(flocker: &FlockerVolumeSource, path: &FieldPath) -> Vec<FieldError> {
    let (name, uuid) = (flocker.dataset_name.text(), flocker.dataset_uuid.text());
    let mut errors = Vec::new();
    match (name.is_empty(), uuid.is_empty()) {
        (true, true) => {
            errors.push(FieldError::required(path, "one of datasetName and datasetUUID is required"));
        }
        (false, false) => {
            let detail = "datasetName and datasetUUID can not be specified simultaneously";
            errors.push(FieldError::invalid(path, "resource", detail));
        }
        _ => {}
    }
    if name.contains('/') {
        errors.push(FieldError::invalid(&path.child("datasetName"), name, "must not contain '/'"));
    }
    errors
}

/// Source: `validateQuobyteVolumeSource`.
pub(in super::super) fn validate_quobyte(quobyte: &QuobyteVolumeSource, path: &FieldPath) -> Vec<FieldError> {
    let here = path.child("registry");
    let mut errors = Vec::new();
    if quobyte.registry.is_empty() {
        errors.push(FieldError::required(&here, HOST_PORTS));
    } else if quobyte.tenant.text().len() > MAX_TENANT {
        let detail = "must be a UUID and may not exceed a length of 64 characters";
        errors.push(FieldError::required(&path.child("tenant"), detail));
    } else {
        let wrong = quobyte.registry.split(',').filter(|pair| !is_host_port(pair));
        errors.extend(wrong.map(|_| FieldError::invalid(&here, &quobyte.registry, HOST_PORTS)));
    }
    errors.extend(required(&quobyte.volume, path, "volume"));
    errors
}

/// Whether `text` is a host and a port, as Go's `net.SplitHostPort` has them.
fn is_host_port(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    let host = match host.strip_prefix('[') {
        Some(inner) => match inner.strip_suffix(']') {
            Some(inner) => inner,
            None => return false,
        },
        None if host.contains(':') => return false,
        None => host,
    };
    !host.contains(['[', ']']) && !port.contains(['[', ']'])
}

/// Source: `validateFCVolumeSource`.
pub(in super::super) fn validate_fc(fc: &FCVolumeSource, path: &FieldPath) -> Vec<FieldError> {
    let (targets, ids) = (fc.target_wwns.items(), fc.wwids.items());
    let here = path.child("targetWWNs");
    let mut errors = Vec::new();
    if targets.is_empty() && ids.is_empty() {
        errors.push(FieldError::required(&here, "must specify either targetWWNs or wwids, but not both"));
    }
    if targets.is_empty() {
        return errors;
    }
    if !ids.is_empty() {
        let detail = "targetWWNs and wwids can not be specified simultaneously";
        errors.push(FieldError::invalid(&here, ShownAsJson(targets), detail));
    }
    match fc.lun {
        None => {
            errors
                .push(FieldError::required(&path.child("lun"), "lun is required if targetWWNs is specified"));
        }
        Some(lun) => errors.extend(wrong_lun(lun, path)),
    }
    errors
}

fn wrong_lun(lun: i32, path: &FieldPath) -> Option<FieldError> {
    let wrong = !(0..=255).contains(&lun);
    wrong.then(|| FieldError::invalid(&path.child("lun"), lun, "must be between 0 and 255, inclusive"))
}

/// Source: `validateAzureDisk`.
pub(in super::super) fn validate_azure_disk(
    disk: &AzureDiskVolumeSource,
    path: &FieldPath,
) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> = required(&disk.disk_name, path, "diskName").into_iter().collect();
    errors.extend(required(&disk.disk_uri, path, "diskURI"));
    if let Some(mode) = disk.caching_mode.as_deref() {
        errors.extend(supported(mode, &["None", "ReadOnly", "ReadWrite"], &path.child("cachingMode")));
    }
    let Some(kind) = disk.kind.as_deref() else { return errors };
    errors.extend(supported(kind, &["Dedicated", "Managed", "Shared"], &path.child("kind")));
    let (start, form) =
        if kind == "Managed" { ("/subscriptions/", MANAGED_DISK) } else { ("https://", BLOB_DISK) };
    if !disk.disk_uri.starts_with(start) {
        errors.push(FieldError::not_supported(&path.child("diskURI"), &disk.disk_uri, &[form]));
    }
    errors
}

/// Source: `validateAzureFile`, `validateAzureFilePV`.
pub(in super::super) fn validate_azure_file(secret: &str, share: &str, path: &FieldPath) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> = required(secret, path, "secretName").into_iter().collect();
    errors.extend(required(share, path, "shareName"));
    errors
}

/// Source: `validateGlusterfsVolumeSource`.
pub(in super::super) fn validate_glusterfs(endpoints: &str, root: &str, path: &FieldPath) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> = required(endpoints, path, "endpoints").into_iter().collect();
    errors.extend(required(root, path, "path"));
    errors
}

/// Source: `validateRBDVolumeSource`, `validateRBDPersistentVolumeSource`.
pub(in super::super) fn validate_rbd(monitors: &[String], image: &str, path: &FieldPath) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> = no_monitors(monitors, path).into_iter().collect();
    errors.extend(required(image, path, "image"));
    errors
}

/// Source: `validateCephFSVolumeSource`, `validateCephFSPersistentVolumeSource`.
pub(in super::super) fn no_monitors(monitors: &[String], path: &FieldPath) -> Option<FieldError> {
    monitors.is_empty().then(|| FieldError::required(&path.child("monitors"), ""))
}

/// Options of a driver are its own, so they do not use Kubernetes' domains.
///
/// Source: `validateFlexVolumeSource`, `validateFlexPersistentVolumeSource`.
pub(in super::super) fn validate_flex(
    driver: &str,
    options: Option<&BTreeMap<String, String>>,
    path: &FieldPath,
) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> = required(driver, path, "driver").into_iter().collect();
    for key in options.into_iter().flat_map(BTreeMap::keys) {
        let domain = key.split_once('/').map_or(key.as_str(), |(domain, _)| domain).to_lowercase();
        let reserved =
            ["kubernetes.io", "k8s.io"].iter().any(|own| format!(".{domain}").ends_with(&format!(".{own}")));
        if reserved {
            let path = path.child("options").key(key);
            errors.push(FieldError::invalid(&path, key, "kubernetes.io and k8s.io namespaces are reserved"));
        }
    }
    errors
}

/// Source: `validateScaleIOVolumeSource`, `validateScaleIOPersistentVolumeSource`.
pub(in super::super) fn validate_scale_io(
    gateway: &str,
    system: &str,
    volume: &str,
    path: &FieldPath,
) -> Vec<FieldError> {
    let fields = [("gateway", gateway), ("system", system), ("volumeName", volume)];
    fields.into_iter().filter_map(|(field, value)| required(value, path, field)).collect()
}

/// Source: `validateStorageOSVolumeSource`, `validateStorageOSPersistentVolumeSource`.
pub(in super::super) fn validate_storage_os(
    name: &str,
    namespace: &str,
    path: &FieldPath,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if name.is_empty() {
        errors.push(FieldError::required(&path.child("volumeName"), ""));
    } else {
        errors.extend(dns_label(name, &path.child("volumeName")));
    }
    if !namespace.is_empty() {
        errors.extend(dns_label(namespace, &path.child("volumeNamespace")));
    }
    errors
}

/// What is wrong with a reference to a secret, which names it and, outside of pods, its namespace.
pub(in super::super) fn validate_secret_ref(
    name: &str,
    namespace: Option<&str>,
    path: &FieldPath,
) -> Vec<FieldError> {
    let path = path.child("secretRef");
    let mut errors: Vec<FieldError> = required(name, &path, "name").into_iter().collect();
    errors.extend(namespace.and_then(|namespace| required(namespace, &path, "namespace")));
    errors
}

/// A disk at the end of a network, as pods and persistent volumes name it.
pub(in super::super) struct Iscsi<'a> {
    pub(in super::super) target: &'a str,
    pub(in super::super) name: &'a str,
    pub(in super::super) lun: i32,
    pub(in super::super) wants_secret: bool,
    pub(in super::super) has_secret: bool,
    pub(in super::super) initiator: Option<&'a str>,
}

impl Iscsi<'_> {
    /// What is wrong with it. `starts` is said of a name that starts as none does; `at_target` is what else is wrong with
    /// the target.
    ///
    /// Source: `validateISCSIVolumeSource`, `validateISCSIPersistentVolumeSource`.
    pub(in super::super) fn validate(
        &self,
        starts: &str,
        at_target: Option<FieldError>,
        path: &FieldPath,
    ) -> Vec<FieldError> {
        let mut errors: Vec<FieldError> = required(self.target, path, "targetPortal").into_iter().collect();
        errors.extend(at_target);
        if self.name.is_empty() {
            errors.push(FieldError::required(&path.child("iqn"), ""));
        } else {
            errors.extend(wrong_iscsi_name(self.name, starts, &path.child("iqn")));
        }
        errors.extend(wrong_lun(self.lun, path));
        if self.wants_secret && !self.has_secret {
            errors.push(FieldError::required(&path.child("secretRef"), ""));
        }
        if let Some(initiator) = self.initiator {
            errors.extend(wrong_iscsi_name(initiator, starts, &path.child("initiatorname")));
        }
        errors
    }

    /// Whether a path made of `volume` and the target would be too long, which matters with an initiator.
    pub(in super::super) fn is_too_long(&self, volume: &str) -> bool {
        self.initiator.is_some() && volume.len() + 1 + self.target.len() > MAX_ISCSI_PATH
    }
}

fn wrong_iscsi_name(name: &str, starts: &str, path: &FieldPath) -> Option<FieldError> {
    let right = match name.get(..3) {
        Some("iqn") => is_iqn(name),
        Some("eui") => is_hexadecimal_name(name, 16),
        Some("naa") => is_hexadecimal_name(name, 32),
        _ => return Some(FieldError::invalid(path, name, starts)),
    };
    (!right).then(|| FieldError::invalid(path, name, "must be valid format"))
}

/// `iqn.`, a year and a month, a domain, and a name of its owner's choice.
fn is_iqn(name: &str) -> bool {
    let matches = |rest: &str| {
        let Some((date, rest)) = rest.split_at_checked(8) else { return false };
        let is_date = date.bytes().enumerate().all(|(index, b)| match index {
            4 => b == b'-',
            7 => b == b'.',
            _ => b.is_ascii_digit(),
        });
        let Some((domain, own)) = rest.split_once(':') else { return false };
        is_date
            && !domain.is_empty()
            && domain.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
            && !own.is_empty()
            && !own.contains([',', ';', '*', '&', '$', '|', ' ', '\t', '\n', '\r', '\x0c'])
    };
    name.match_indices("iqn.").any(|(start, prefix)| matches(&name[start + prefix.len()..]))
}

fn is_hexadecimal_name(name: &str, digits: usize) -> bool {
    let mut rest = name[3..].chars();
    rest.next().is_some_and(|any| any != '\n')
        && rest.clone().count() == digits
        && rest.all(|c| c.is_ascii_alphanumeric())
}

/// What is wrong with the name of a driver of volumes.
///
/// Source: `ValidateCSIDriverName`.
pub(crate) fn validate_driver_name(driver: &str, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if driver.is_empty() {
        errors.push(FieldError::required(path, ""));
    }
    if driver.len() > MAX_DRIVER_NAME {
        errors.push(FieldError::too_long(path, MAX_DRIVER_NAME));
    }
    errors.extend(invalid(path, driver, is_dns1123_subdomain_caseless(driver)));
    errors
}

/// Said of a volume whose path would be too long.
pub(in super::super) const ISCSI_TOO_LONG: &str = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.";

const HOST_PATH_TYPES: &[&str] =
    &["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];
const HOST_PORTS: &str = "must be a host:port pair or multiple pairs separated by commas";
const MANAGED_DISK: &str =
    "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}";
const BLOB_DISK: &str = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd";
const MAX_TENANT: usize = 64;
const MAX_ISCSI_PATH: usize = 64;
const MAX_DRIVER_NAME: usize = 63;
