//! Assigning pods to nodes.
//!
//! Source: `k8s.io/kubernetes/pkg/registry/core/pod/storage` (`BindingREST`).

use kube_core::env::Env;
use kube_core::error::{ApiError, FieldError, FieldPath};
use kube_core::resource::ObjectKey;
use serde_json::{Value, json};

use super::metadata;

/// The pod, assigned to the node that `binding` names.
pub(crate) fn assigned(key: &ObjectKey, pod: &Value, binding: &Value, env: &Env) -> Result<Value, ApiError> {
    let node = target(key, binding)?;
    let refuse = |detail: String| ApiError::conflict("", "pods/binding", &key.name, &detail);
    let uid = metadata::text(binding, "uid");
    if !uid.is_empty() && uid != metadata::text(pod, "uid") {
        let stored = metadata::text(pod, "uid");
        return Err(refuse(format!(
            "Precondition failed: UID in precondition: {uid}, UID in object meta: {stored}"
        )));
    }
    if metadata::is_terminating(pod) {
        return Err(refuse(format!("pod {} is being deleted, cannot be assigned to a host", key.name)));
    }
    let assigned = pod.pointer("/spec/nodeName").and_then(Value::as_str).unwrap_or_default();
    if !assigned.is_empty() {
        return Err(refuse(format!("pod {} is already assigned to node {assigned:?}", key.name)));
    }
    if pod.pointer("/spec/schedulingGates").and_then(Value::as_array).is_some_and(|gates| !gates.is_empty()) {
        return Err(refuse(format!("pod {} has non-empty .spec.schedulingGates", key.name)));
    }
    let mut pod = pod.clone();
    pod["spec"]["nodeName"] = node.into();
    if let Some(annotations) = binding.pointer("/metadata/annotations").and_then(Value::as_object) {
        for (name, value) in annotations {
            pod["metadata"]["annotations"][name] = value.clone();
        }
    }
    scheduled(&mut pod, env);
    Ok(pod)
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
fn scheduled(pod: &mut Value, env: &Env) {
    let condition = json!({
        "type": "PodScheduled",
        "status": "True",
        "lastTransitionTime": env.wall_seconds().to_string(),
    });
    let status = &mut pod["status"];
    let Some(conditions) = status.get_mut("conditions").and_then(Value::as_array_mut) else {
        status["conditions"] = json!([condition]);
        return;
    };
    match conditions.iter_mut().find(|c| c["type"] == "PodScheduled") {
        Some(found) => {
            let kept = (found["status"] == "True").then(|| found["lastTransitionTime"].clone());
            *found = condition;
            if let Some(time) = kept {
                found["lastTransitionTime"] = time;
            }
        }
        None => conditions.push(condition),
    }
}
