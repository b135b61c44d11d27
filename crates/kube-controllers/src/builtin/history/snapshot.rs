//! Templates as patches, and the hash that names them: byte by byte as Kubernetes writes them.

use crate::builtin::deployment::template::safe_encode;
use k8s_openapi::apimachinery::pkg::runtime::RawExtension;
use kube_core::kinds::apps::v1::ControllerRevision;
use kube_core::kinds::core::v1::PodTemplateSpec;
use kube_core::resource::Part;
use serde_json::{Map, Value, json};

/// The patch that brings `template` back, as it is kept in a revision.
///
/// Go writes structures that hold nothing too: they are put in here, so that the same template has the same hash.
///
/// Source: `getPatch`.
pub fn template_patch(template: &PodTemplateSpec) -> Value {
    let mut value = template.to_json_value().unwrap_or_default();
    if let Some(fields) = value.as_object_mut() {
        fields.entry("metadata").or_insert_with(empty);
        let spec = fields.entry("spec").or_insert_with(empty);
        complete_spec(spec);
        fields.insert("$patch".to_owned(), "replace".into());
    }
    json!({ "spec": { "template": value } })
}

/// Label: the hash of what a revision keeps.
pub const HASH: &str = "controller.kubernetes.io/hash";

/// Longest part of the owner's name in a revision's.
const PREFIX_BYTES: usize = 223;

/// The name of a revision of that hash.
///
/// Source: `ControllerRevisionName`.
pub fn name(owner: &str, hash: &str) -> String {
    format!("{}-{hash}", owner.get(..PREFIX_BYTES).unwrap_or(owner))
}

/// A patch as a revision keeps it.
pub fn data(patch: &Value) -> RawExtension {
    RawExtension(patch.clone())
}

/// The template that a revision keeps; `None` when it keeps something else.
///
/// Source: `ApplyRevision`.
pub fn template_of(revision: &ControllerRevision) -> Option<PodTemplateSpec> {
    let mut template = revision.data.as_ref()?.0.get("spec")?.get("template")?.clone();
    template.as_object_mut()?.remove("$patch");
    PodTemplateSpec::from_json_value(&template).ok()
}

/// The hash of a patch, which names its revision. `collisions` is how often a name was taken by another patch.
///
/// Source: `HashControllerRevision`.
pub fn revision_hash(patch: &Value, collisions: i32) -> String {
    let hash = fnv1(FNV_OFFSET, go_json(patch).as_bytes());
    safe_encode(&fnv1(hash, collisions.to_string().as_bytes()).to_string())
}

fn empty() -> Value {
    Value::Object(Map::new())
}

fn complete_spec(spec: &mut Value) {
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        for container in items(spec, list) {
            if let Some(fields) = container.as_object_mut() {
                fields.entry("resources").or_insert_with(empty);
            }
            for variable in items(container, "env") {
                complete_divisor(variable.pointer_mut("/valueFrom/resourceFieldRef"));
            }
        }
    }
    for volume in items(spec, "volumes") {
        if let Some(claim) =
            volume.pointer_mut("/ephemeral/volumeClaimTemplate").and_then(Value::as_object_mut)
        {
            claim.entry("metadata").or_insert_with(empty);
            let spec = claim.entry("spec").or_insert_with(empty);
            if let Some(fields) = spec.as_object_mut() {
                fields.entry("resources").or_insert_with(empty);
            }
        }
        if let Some(downward) = volume.get_mut("downwardAPI") {
            complete_downward(downward);
        }
        if let Some(projected) = volume.get_mut("projected") {
            items(projected, "sources")
                .iter_mut()
                .filter_map(|source| source.get_mut("downwardAPI"))
                .for_each(complete_downward);
        }
    }
}

fn complete_downward(source: &mut Value) {
    for item in items(source, "items") {
        complete_divisor(item.get_mut("resourceFieldRef"));
    }
}

fn complete_divisor(reference: Option<&mut Value>) {
    if let Some(fields) = reference.and_then(Value::as_object_mut) {
        fields.entry("divisor").or_insert_with(|| "0".into());
    }
}

fn items<'a>(value: &'a mut Value, list: &str) -> &'a mut [Value] {
    value.get_mut(list).and_then(Value::as_array_mut).map(Vec::as_mut_slice).unwrap_or_default()
}

/// JSON as Go's `encoding/json` writes it: fields by name, and safe to stand in HTML.
fn go_json(value: &Value) -> String {
    let mut text = String::new();
    for character in value.to_string().chars() {
        match character {
            '<' => text.push_str("\\u003c"),
            '>' => text.push_str("\\u003e"),
            '&' => text.push_str("\\u0026"),
            '\u{2028}' => text.push_str("\\u2028"),
            '\u{2029}' => text.push_str("\\u2029"),
            other => text.push(other),
        }
    }
    text
}

const FNV_OFFSET: u32 = 0x811c_9dc5;

/// FNV-1 of 32 bits, as Go's `hash/fnv.New32`.
fn fnv1(hash: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(hash, |hash, byte| hash.wrapping_mul(0x0100_0193) ^ u32::from(*byte))
}
