//! Autoscalers.

use super::cells::{NONE, Object, UNKNOWN, UNSET, first_of};
use serde_json::Value;

/// So many metrics are shown.
const SHOWN: usize = 2;

/// Source: `printHorizontalPodAutoscaler`.
pub(super) fn horizontal_pod_autoscaler(object: &Object<'_>) -> Vec<Value> {
    let target = object.part("/spec/scaleTargetRef");
    vec![
        object.name(),
        format!("{}/{}", target.text("/kind"), target.text("/name")).into(),
        metrics(object).into(),
        object.shown("/spec/minReplicas").unwrap_or_else(|| UNSET.to_owned()).into(),
        object.int("/spec/maxReplicas").into(),
        object.int("/status/currentReplicas").into(),
        object.age(),
    ]
}

/// Source: `formatHPAMetrics`.
fn metrics(object: &Object<'_>) -> String {
    let current: Vec<Object<'_>> = object.list("/status/currentMetrics").collect();
    let specs = object.list("/spec/metrics").enumerate();
    let mut all: Vec<String> = specs.map(|(index, spec)| metric(&spec, current.get(index))).collect();
    // The first version knows of nothing but cpu.
    if let Some(target) = object.shown("/spec/targetCPUUtilizationPercentage") {
        let current = object.shown("/status/currentCPUUtilizationPercentage");
        let current = current.map_or_else(|| UNKNOWN.to_owned(), |percent| format!("{percent}%"));
        all.push(format!("cpu: {current}/{target}%"));
    }
    if all.is_empty() { NONE.to_owned() } else { first_of(&all, SHOWN, ", ") }
}

fn metric(spec: &Object<'_>, status: Option<&Object<'_>>) -> String {
    let source = match spec.text("/type") {
        "ContainerResource" => "containerResource",
        "External" => "external",
        "Object" => "object",
        "Pods" => "pods",
        "Resource" => "resource",
        _ => return "<unknown type>".to_owned(),
    };
    let (spec, now) =
        (spec.part(&format!("/{source}")), status.map(|s| s.part(&format!("/{source}/current"))));
    let shown = |field: &str| {
        let current = now.and_then(|now| now.shown(&format!("/{field}")));
        (current.unwrap_or_else(|| UNKNOWN.to_owned()), spec.shown(&format!("/target/{field}")))
    };
    let (average, wanted) = shown("averageValue");
    match (source, wanted) {
        ("pods", wanted) => format!("{average}/{}", wanted.unwrap_or_default()),
        ("object" | "external", Some(wanted)) => format!("{average}/{wanted} (avg)"),
        ("object" | "external", None) => {
            let (value, wanted) = shown("value");
            format!("{value}/{}", wanted.unwrap_or_default())
        }
        (_, Some(wanted)) => format!("{}: {average}/{wanted}", spec.text("/name")),
        (_, None) => {
            let (percent, wanted) = shown("averageUtilization");
            let percent = if percent == UNKNOWN { percent } else { format!("{percent}%") };
            let wanted = wanted.map_or_else(|| "<auto>".to_owned(), |wanted| format!("{wanted}%"));
            format!("{}: {percent}/{wanted}", spec.text("/name"))
        }
    }
}
