//! Autoscalers.

use crate::kinds::autoscaling::v2::HorizontalPodAutoscaler;
use crate::validate::check::{filled, refusals, update_refusals, with};
use serde_json::{Value, json};

fn autoscaler() -> Value {
    json!({"metadata": {"name": "h"}, "spec": {
        "maxReplicas": 5, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"},
    }})
}

#[test]
fn a_behavior_is_completed_in_both_directions() {
    let half = with(&autoscaler(), &[("/spec/behavior", json!({"scaleDown": {"selectPolicy": "Min"}}))]);
    assert_eq!(
        filled::<HorizontalPodAutoscaler>(&half)["spec"]["behavior"],
        json!({
            "scaleUp": {"stabilizationWindowSeconds": 0, "selectPolicy": "Max", "policies": [
                {"type": "Pods", "value": 4, "periodSeconds": 15},
                {"type": "Percent", "value": 100, "periodSeconds": 15},
            ]},
            "scaleDown": {"selectPolicy": "Min", "policies": [
                {"type": "Percent", "value": 100, "periodSeconds": 15},
            ]},
        })
    );
}

#[test]
fn what_is_scaled_has_a_group_unless_it_is_a_replication_controller() {
    let kind = |kind: &str| {
        let target = json!({"apiVersion": "v1", "kind": kind, "name": "d"});
        with(&autoscaler(), &[("/spec/scaleTargetRef", target)])
    };
    assert_eq!(refusals::<HorizontalPodAutoscaler>(&kind("ReplicationController")), [""; 0]);
    let wrong = "spec.scaleTargetRef.apiVersion: Invalid value: \"v1\": apiVersion must specify API group";
    assert_eq!(refusals::<HorizontalPodAutoscaler>(&kind("Deployment")), [wrong]);
    assert_eq!(update_refusals::<HorizontalPodAutoscaler>(&autoscaler(), &kind("Deployment")), [wrong]);
}

#[test]
fn a_metric_has_the_source_of_its_type() {
    let metric =
        json!({"type": "Pods", "resource": {"name": "cpu", "target": {"type": "Value", "value": "0"}}});
    assert_eq!(
        refusals::<HorizontalPodAutoscaler>(&with(&autoscaler(), &[("/spec/metrics", json!([metric]))])),
        [
            "spec.metrics[0].resource.target.value: Invalid value: \"0\": must be positive",
            "spec.metrics[0].resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization",
            "spec.metrics[0].pods: Required value: must populate information for the given metric source",
        ]
    );
}
