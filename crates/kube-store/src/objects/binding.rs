//! Assigning pods to nodes.
//!
//! Source: `k8s.io/kubernetes/pkg/registry/core/pod/storage` (`BindingREST`).

use super::candidate::{Candidate, Stored};
use super::metadata;
use crate::mutant::{self, Mutant};
use kube_core::env::Env;
use kube_core::error::{ApiError, FieldError, FieldPath};
use kube_core::kinds::core::v1::{Pod, PodCondition};
use kube_core::kinds::meta::v1::Time;
use kube_core::resource::ObjectKey;
use serde_json::Value;

/// The pod, assigned to the node that `binding` names.
pub(crate) fn assigned(
    key: &ObjectKey,
    stored: &Stored,
    binding: &Value,
    env: &Env,
) -> Result<Candidate, ApiError> {
    let node = target(key, binding)?;
    let refuse = |detail: String| ApiError::conflict("", "pods/binding", &key.name, &detail);
    let (given, uid) = (metadata::text(binding, "uid"), stored.meta().uid.as_deref().unwrap_or_default());
    if !given.is_empty() && given != uid {
        return Err(refuse(format!(
            "Precondition failed: UID in precondition: {given}, UID in object meta: {uid}"
        )));
    }
    let mut object = stored.candidate()?;
    let Some(pod) = object.typed_mut::<Pod>() else { return Err(ApiError::internal("only pods are bound")) };
    if metadata::is_terminating(&pod.metadata) {
        return Err(refuse(format!("pod {} is being deleted, cannot be assigned to a host", key.name)));
    }
    let spec = pod.spec.get_or_insert_default();
    let taken = |node: &&str| !node.is_empty() && !mutant::is(Mutant::BindsTwice);
    if let Some(assigned) = spec.node_name.as_deref().filter(taken) {
        return Err(refuse(format!("pod {} is already assigned to node {assigned:?}", key.name)));
    }
    if spec.scheduling_gates.as_ref().is_some_and(|gates| !gates.is_empty()) {
        return Err(refuse(format!("pod {} has non-empty .spec.schedulingGates", key.name)));
    }
    spec.node_name = Some(node.to_owned());
    if let Some(annotations) = binding.pointer("/metadata/annotations").and_then(Value::as_object) {
        let texts =
            annotations.iter().filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
        pod.metadata.annotations.get_or_insert_default().extend(texts);
    }
    scheduled(pod, env);
    Ok(object)
}

/// The node that a binding names.
fn target<'a>(key: &ObjectKey, binding: &'a Value) -> Result<&'a str, ApiError> {
    let path = FieldPath::new("target");
    let text = |field: &str| {
        binding.get("target").and_then(|t| t.get(field)).and_then(Value::as_str).unwrap_or_default()
    };
    let mut errors = Vec::new();
    if !matches!(text("kind"), "" | "Node") {
        errors.push(FieldError::not_supported(&path.child("kind"), text("kind"), &["Node", "<empty>"]));
    }
    if text("name").is_empty() {
        errors.push(FieldError::required(&path.child("name"), ""));
    }
    if errors.is_empty() {
        Ok(text("name"))
    } else {
        Err(ApiError::invalid("", "Binding", &key.name, &errors))
    }
}

/// Sets the condition `PodScheduled` to true.
fn scheduled(pod: &mut Pod, env: &Env) {
    let conditions = pod.status.get_or_insert_default().conditions.get_or_insert_default();
    let mut condition = PodCondition {
        type_: "PodScheduled".to_owned(),
        status: "True".to_owned(),
        last_transition_time: Some(Time(env.wall_seconds())),
        ..PodCondition::default()
    };
    match conditions.iter_mut().find(|c| c.type_ == "PodScheduled") {
        Some(found) => {
            if found.status == "True" {
                condition.last_transition_time = found.last_transition_time.take();
            }
            *found = condition;
        }
        None => conditions.push(condition),
    }
}
