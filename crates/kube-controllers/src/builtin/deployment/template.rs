//! Pod templates: which ReplicaSet belongs to which, and the label that tells them apart.

use super::go_dump::dump;
use kube_core::kinds::core::v1::PodTemplateSpec;
use kube_core::kinds::meta::v1::ObjectMeta;

/// The label that tells the pods of a Deployment's ReplicaSets apart.
pub const POD_TEMPLATE_HASH: &str = "pod-template-hash";

/// Whether two templates are the same but for [`POD_TEMPLATE_HASH`].
///
/// Source: `k8s.io/kubernetes/pkg/controller/deployment/util` (`EqualIgnoreHash`).
pub fn equal_ignoring_hash(a: &PodTemplateSpec, b: &PodTemplateSpec) -> bool {
    // The specs are compared first: they need no copy, and are what differs.
    a.spec == b.spec && without_hash(a) == without_hash(b)
}

fn without_hash(template: &PodTemplateSpec) -> Option<ObjectMeta> {
    let mut meta = template.metadata.clone().unwrap_or_default();
    if let Some(labels) = &mut meta.labels {
        labels.remove(POD_TEMPLATE_HASH);
    }
    meta.labels = meta.labels.filter(|labels| !labels.is_empty());
    meta.annotations = meta.annotations.filter(|annotations| !annotations.is_empty());
    Some(meta).filter(|meta| *meta != ObjectMeta::default())
}

/// The value of [`POD_TEMPLATE_HASH`]: the same for the same template and number of collisions.
///
/// Source: `k8s.io/kubernetes/pkg/controller` (`ComputeHash`), `k8s.io/apimachinery/pkg/util/rand`
/// (`SafeEncodeString`).
pub fn pod_template_hash(template: &PodTemplateSpec, collisions: Option<i32>) -> String {
    let mut hash = fnv1a(FNV_OFFSET, dump(template).as_bytes());
    if let Some(count) = collisions {
        let mut counted = [0; 8];
        counted[..4].copy_from_slice(&count.to_le_bytes());
        hash = fnv1a(hash, &counted);
    }
    safe_encode(&hash.to_string())
}

const FNV_OFFSET: u32 = 0x811c_9dc5;

/// FNV-1a of 32 bits, as Go's `hash/fnv.New32a`.
fn fnv1a(hash: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// Characters without vowels, so that no hash spells a word.
const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// Digits as characters without vowels.
///
/// Source: `k8s.io/apimachinery/pkg/util/rand` (`SafeEncodeString`).
pub(in crate::builtin) fn safe_encode(text: &str) -> String {
    text.bytes().map(|byte| char::from(ALPHABET[usize::from(byte) % ALPHABET.len()])).collect()
}
