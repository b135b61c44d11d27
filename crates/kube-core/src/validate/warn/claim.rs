//! Claims and volumes.
//!
//! Source: `k8s.io/kubernetes/pkg/api/persistentvolumeclaim`, `pkg/api/persistentvolume` (`GetWarningsFor…`).

use super::{fractional, of_term, said};
use crate::error::FieldPath;
use crate::kinds::core::v1::{PersistentVolume, PersistentVolumeClaim, PersistentVolumeClaimSpec};
use crate::kinds::meta::v1::ObjectMeta;
use crate::validate::fields::Text;

const CLASS: &str = "volume.beta.kubernetes.io/storage-class";

fn of_class(meta: &ObjectMeta) -> Option<String> {
    let there = meta.annotations.as_ref().is_some_and(|annotations| annotations.contains_key(CLASS));
    let path = FieldPath::new("metadata").child("annotations").key(CLASS);
    there.then(|| said(&path, "deprecated since v1.8; use \"storageClassName\" attribute instead"))
}

pub(in super::super) fn of_claim(claim: &PersistentVolumeClaim) -> Vec<String> {
    let mut warnings: Vec<String> = of_class(&claim.metadata).into_iter().collect();
    if let Some(spec) = &claim.spec {
        warnings.extend(of_claim_spec(spec, &FieldPath::new("spec")));
    }
    warnings
}

pub(in super::super) fn of_claim_spec(spec: &PersistentVolumeClaimSpec, path: &FieldPath) -> Option<String> {
    let requests = spec.resources.as_ref().and_then(|resources| resources.requests.as_ref());
    fractional(requests, "storage", &path.child("resources").child("requests"))
}

pub(in super::super) fn of_volume(volume: &PersistentVolume) -> Vec<String> {
    let mut warnings: Vec<String> = of_class(&volume.metadata).into_iter().collect();
    let Some(spec) = &volume.spec else { return warnings };
    let path = FieldPath::new("spec");
    if spec.persistent_volume_reclaim_policy.text() == "Recycle" {
        let text = "The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.";
        warnings.push(said(&path.child("persistentVolumeReclaimPolicy"), text));
    }
    let required = spec.node_affinity.as_ref().and_then(|affinity| affinity.required.as_ref());
    let terms = path.child("nodeAffinity").child("required").child("nodeSelectorTerms");
    for (index, term) in required.iter().flat_map(|required| &required.node_selector_terms).enumerate() {
        warnings.extend(of_term(term, false, &terms.index(index)));
    }
    let gone = [
        ("photonPersistentDisk", spec.photon_persistent_disk.is_some(), "v1.11", "v1.16"),
        ("scaleIO", spec.scale_io.is_some(), "v1.16", "v1.22"),
        ("storageOS", spec.storageos.is_some(), "v1.22", "v1.25"),
        ("glusterfs", spec.glusterfs.is_some(), "v1.25", "v1.26"),
        ("rbd", spec.rbd.is_some(), "v1.28", "v1.31"),
        ("cephfs", spec.cephfs.is_some(), "v1.28", "v1.31"),
    ];
    for (field, there, since, until) in gone {
        if there {
            let text = format!("deprecated in {since}, non-functional in {until}+");
            warnings.push(said(&path.child(field), &text));
        }
    }
    warnings.extend(fractional(spec.capacity.as_ref(), "storage", &path.child("capacity")));
    warnings
}
