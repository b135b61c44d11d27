//! Volumes, claims and what provides them.

use super::Printer;
use super::cells::{NONE, Object, UNSET};
use serde_json::Value;

pub(super) fn printer(kind: &str) -> Option<Printer> {
    Some(match kind {
        "CSIDriver" => csi_driver,
        "CSINode" => csi_node,
        "PersistentVolume" => persistent_volume,
        "PersistentVolumeClaim" => persistent_volume_claim,
        "StorageClass" => storage_class,
        "VolumeAttachment" => volume_attachment,
        "VolumeAttributesClass" => volume_attributes_class,
        _ => return None,
    })
}

const ACCESS_MODES: [(&str, &str); 4] = [
    ("ReadWriteOnce", "RWO"),
    ("ReadOnlyMany", "ROX"),
    ("ReadWriteMany", "RWX"),
    ("ReadWriteOncePod", "RWOP"),
];
const DEFAULT_CLASS: [&str; 2] =
    ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];
const CLASS_ANNOTATION: &str = "volume.beta.kubernetes.io/storage-class";

/// Source: `GetAccessModesAsString`.
fn access_modes(object: &Object<'_>, pointer: &str) -> Value {
    let given = object.texts(pointer);
    let modes = ACCESS_MODES.iter().filter(|(mode, _)| given.contains(mode)).map(|(_, short)| *short);
    modes.collect::<Vec<_>>().join(",").into()
}

/// The class, which once stood in an annotation.
fn class(object: &Object<'_>) -> Value {
    let annotation = object.entries("/metadata/annotations").find(|(key, _)| *key == CLASS_ANNOTATION);
    annotation.map_or_else(|| object.text("/spec/storageClassName"), |(_, class)| class).into()
}

fn phase(object: &Object<'_>) -> Value {
    if object.is_terminating() { "Terminating" } else { object.text("/status/phase") }.into()
}

fn or_unset(object: &Object<'_>, pointer: &str) -> Value {
    object.value(pointer).cloned().unwrap_or_else(|| UNSET.into())
}

fn size(object: &Object<'_>, pointer: &str) -> Value {
    object.shown(pointer).unwrap_or_else(|| "0".to_owned()).into()
}

/// Source: `printPersistentVolume`.
fn persistent_volume(object: &Object<'_>) -> Vec<Value> {
    let claim = object.part("/spec/claimRef");
    let claim = if object.has("/spec/claimRef") {
        format!("{}/{}", claim.text("/namespace"), claim.text("/name"))
    } else {
        String::new()
    };
    vec![
        object.name(),
        size(object, "/spec/capacity/storage"),
        access_modes(object, "/spec/accessModes"),
        object.text("/spec/persistentVolumeReclaimPolicy").into(),
        phase(object),
        claim.into(),
        class(object),
        or_unset(object, "/spec/volumeAttributesClassName"),
        object.text("/status/reason").into(),
        object.age(),
        or_unset(object, "/spec/volumeMode"),
    ]
}

/// Source: `printPersistentVolumeClaim`.
fn persistent_volume_claim(object: &Object<'_>) -> Vec<Value> {
    let volume = object.text("/spec/volumeName");
    let (capacity, modes) = if volume.is_empty() {
        ("".into(), "".into())
    } else {
        (size(object, "/status/capacity/storage"), access_modes(object, "/status/accessModes"))
    };
    vec![
        object.name(),
        phase(object),
        volume.into(),
        capacity,
        modes,
        class(object),
        or_unset(object, "/spec/volumeAttributesClassName"),
        object.age(),
        or_unset(object, "/spec/volumeMode"),
    ]
}

/// Source: `printStorageClass`.
fn storage_class(object: &Object<'_>) -> Vec<Value> {
    let default = object
        .entries("/metadata/annotations")
        .any(|(key, value)| DEFAULT_CLASS.contains(&key) && value == "true");
    let name = object.text("/metadata/name");
    vec![
        if default { format!("{name} (default)").into() } else { name.into() },
        object.text("/provisioner").into(),
        object.text_or("/reclaimPolicy", "Delete").into(),
        object.text_or("/volumeBindingMode", "Immediate").into(),
        object.flag("/allowVolumeExpansion").into(),
        object.age(),
    ]
}

/// Source: `printVolumeAttributesClass`.
fn volume_attributes_class(object: &Object<'_>) -> Vec<Value> {
    vec![object.name(), object.text("/driverName").into(), object.age()]
}

/// Source: `printVolumeAttachment`.
fn volume_attachment(object: &Object<'_>) -> Vec<Value> {
    vec![
        object.name(),
        object.text("/spec/attacher").into(),
        object.text("/spec/source/persistentVolumeName").into(),
        object.text("/spec/nodeName").into(),
        object.flag("/status/attached").into(),
        object.age(),
    ]
}

/// Source: `printCSINode`.
fn csi_node(object: &Object<'_>) -> Vec<Value> {
    vec![object.name(), object.count("/spec/drivers").into(), object.age()]
}

/// Source: `printCSIDriver`.
fn csi_driver(object: &Object<'_>) -> Vec<Value> {
    let modes = object.texts("/spec/volumeLifecycleModes").join(",");
    let audiences = object.list("/spec/tokenRequests").map(|request| request.text("/audience"));
    let audiences = audiences.collect::<Vec<_>>().join(",");
    let requests = if object.has("/spec/tokenRequests") { audiences } else { UNSET.to_owned() };
    vec![
        object.name(),
        object.value("/spec/attachRequired").is_none_or(|value| value == true).into(),
        object.flag("/spec/podInfoOnMount").into(),
        object.flag("/spec/storageCapacity").into(),
        requests.into(),
        object.flag("/spec/requiresRepublish").into(),
        if modes.is_empty() { NONE.to_owned() } else { modes }.into(),
        object.age(),
    ]
}
