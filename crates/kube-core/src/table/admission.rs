//! What is asked before a request is served.

use super::Printer;
use super::cells::{NONE, Object, UNSET};
use serde_json::Value;

pub(super) fn printer(kind: &str) -> Option<Printer> {
    Some(match kind {
        "FlowSchema" => flow_schema,
        "MutatingAdmissionPolicy" => |object| policy(object, "/spec/mutations"),
        "MutatingAdmissionPolicyBinding" | "ValidatingAdmissionPolicyBinding" => policy_binding,
        "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" => webhooks,
        "PriorityLevelConfiguration" => priority_level,
        "ValidatingAdmissionPolicy" => |object| policy(object, "/spec/validations"),
        _ => return None,
    })
}

/// Source: `printValidatingWebhook`, `printMutatingWebhook`.
fn webhooks(object: &Object<'_>) -> Vec<Value> {
    vec![object.name(), object.count("/webhooks").into(), object.age()]
}

/// Source: `printValidatingAdmissionPolicy`, `printMutatingAdmissionPolicy`.
fn policy(object: &Object<'_>, what: &str) -> Vec<Value> {
    let kind = object.part("/spec/paramKind");
    let shown = if object.has("/spec/paramKind") {
        format!("{}/{}", kind.text("/apiVersion"), kind.text("/kind"))
    } else {
        UNSET.to_owned()
    };
    vec![object.name(), object.count(what).into(), shown.into(), object.age()]
}

/// Source: `printValidatingAdmissionPolicyBinding`.
fn policy_binding(object: &Object<'_>) -> Vec<Value> {
    let parameters = object.part("/spec/paramRef");
    let shown = match parameters.text("/name") {
        "" if parameters.has("/selector") => parameters.selector("/selector"),
        "" => UNSET.into(),
        name => format!("{}/{name}", parameters.text_or("/namespace", "*")).into(),
    };
    vec![object.name(), object.text("/spec/policyName").into(), shown, object.age()]
}

/// Source: `printFlowSchema`.
fn flow_schema(object: &Object<'_>) -> Vec<Value> {
    let dangling = object.condition("Dangling");
    vec![
        object.name(),
        object.text_or("/spec/priorityLevelConfiguration/name", NONE).into(),
        object.int("/spec/matchingPrecedence").into(),
        object.text_or("/spec/distinguisherMethod/type", NONE).into(),
        object.age(),
        dangling.map_or("?", |condition| condition.text("/status")).into(),
    ]
}

/// Source: `printPriorityLevelConfiguration`.
fn priority_level(object: &Object<'_>) -> Vec<Value> {
    let limited = object.part("/spec/limited");
    let or_none = |pointer: &str| limited.value(pointer).cloned().unwrap_or_else(|| NONE.into());
    vec![
        object.name(),
        object.text("/spec/type").into(),
        or_none("/nominalConcurrencyShares"),
        or_none("/limitResponse/queuing/queues"),
        or_none("/limitResponse/queuing/handSize"),
        or_none("/limitResponse/queuing/queueLengthLimit"),
        object.age(),
    ]
}
