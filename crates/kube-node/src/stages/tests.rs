//! Stages, as they are read and passed.

use super::{StageError, StagedPod, Stages};
use crate::machine::{Effect, NodePod, Now};
use jiff::Timestamp;
use kube_core::env::{Mono, Rng};
use kube_core::patch::apply_merge;
use kube_core::view::from_value;
use serde_json::{Value, json};
use std::net::IpAddr;
use std::time::Duration;

/// The stages of servers, as KWOK's users write them.
const SERVERS: &str = r#"
kind: Stage
metadata: { name: pod-ready }
spec:
  resourceRef: { apiGroup: v1, kind: Pod }
  selector:
    matchExpressions:
    - { key: .metadata.deletionTimestamp, operator: DoesNotExist }
    - { key: .status.podIP, operator: DoesNotExist }
  delay: { durationMilliseconds: 2000 }
  next:
    statusTemplate: |
      {{ $now := Now }}
      conditions:
      - lastTransitionTime: {{ $now | Quote }}
        status: "True"
        type: Ready
      {{ range .spec.readinessGates }}
      - status: "True"
        type: {{ .conditionType | Quote }}
      {{ end }}
      containerStatuses:
      {{ range $index, $item := .spec.containers }}
      - name: {{ $item.name | Quote }}
        restartCount: {{ $index }}
        {{ if eq .restartPolicy "Always" }}
        started: true
        {{ else if .image }}
        image: {{ printf "%s!" .image | Quote }}
        {{- else -}}
        image: none
        {{ end }}
      {{ end }}
      hostIP: {{ NodeIPWith .spec.nodeName | Quote }}
      podIP: {{ PodIPWith .spec.nodeName ( or .spec.hostNetwork false ) ( or .metadata.uid "" ) | Quote }}
      phase: Running
---
kind: Stage
metadata: { name: pod-delete }
spec:
  resourceRef: { kind: Pod }
  selector:
    matchExpressions:
    - jq: { key: .metadata.deletionTimestamp, operator: Exists }
  delay:
    durationFrom: { expressionFrom: '.metadata.annotations["delay"]' }
  steps:
  - event: { type: Normal, reason: Killing, message: 'Stopping container: {{ ( index .spec.containers 0 ).name }}' }
  - finalizers: { empty: true }
  - delete: true
"#;

fn at(seconds: u64) -> Now {
    Now { mono: Mono::default() + Duration::from_secs(seconds), wall: Timestamp::UNIX_EPOCH }
}

fn object() -> Value {
    json!({
        "metadata": { "name": "web", "uid": "u", "finalizers": ["x"], "annotations": { "delay": "1m1.5s" } },
        "spec": { "nodeName": "n", "readinessGates": [{ "conditionType": "lb" }],
                  "containers": [{ "name": "c", "image": "i" }, { "name": "d" }, { "name": "e", "restartPolicy": "Always" }] },
        "status": { "phase": "Pending", "conditions": [{ "type": "PodScheduled", "status": "True" }] },
    })
}

fn pod(object: &Value) -> NodePod {
    from_value(object.clone()).unwrap()
}

#[test]
fn a_server_goes_through_its_stages() {
    let addresses = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
    let stages = std::sync::Arc::new(Stages::parse(SERVERS).unwrap());
    let mut object = object();
    let mut life = StagedPod::new(stages, &pod(&object), addresses, Rng::new(1), at(0));
    assert_eq!((life.deadline(), life.news(at(1))), (Some(at(2).mono), None));
    let Some(Effect::Report(report)) = life.news(at(2)) else { panic!("{life:?}") };
    assert!(report.ready);
    let expected = json!({
        "phase": "Running", "hostIP": "10.0.0.1", "podIP": "10.0.0.2",
        "conditions": [
            { "type": "PodScheduled", "status": "True" },
            { "type": "Ready", "status": "True", "lastTransitionTime": "1970-01-01T00:00:00Z" },
            { "type": "lb", "status": "True" },
        ],
        "containerStatuses": [
            { "name": "c", "restartCount": 0, "image": "i!" }, { "name": "d", "restartCount": 1, "image": "none" },
            { "name": "e", "restartCount": 2, "started": true },
        ],
    });
    assert_eq!(report.status, expected);

    apply_merge(&mut object, &json!({ "status": expected }));
    life.observe(&pod(&object), at(2));
    assert_eq!(life.deadline(), None, "nothing to do until somebody deletes it");
    object["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z".into();
    life.observe(&pod(&object), at(10));
    assert_eq!(life.deadline(), Some(at(10).mono + Duration::from_millis(61_500)));
    assert_eq!(life.news(at(72)), Some(Effect::Finalizers(Vec::new())));
    life.repeat();
    assert_eq!(life.news(at(73)), Some(Effect::Finalizers(Vec::new())), "a write that failed comes again");
    assert_eq!(life.news(at(73)), Some(Effect::Remove));
    assert_eq!(life.take_notes()[0].message, "Stopping container: c");
}

#[test]
fn selectors_read_paths_in_the_manner_of_jq() {
    let check = |requirement: &str, expected: bool| {
        let text = format!(
            "kind: Stage\nmetadata: {{ name: s }}\nspec:\n  resourceRef: {{ kind: Pod }}\n  selector:\n    matchExpressions:\n    - {requirement}\n  next: {{ delete: true }}\n"
        );
        let stages = Stages::parse(&text).unwrap();
        assert_eq!(!stages.matching(&object()).is_empty(), expected, "{requirement}");
    };
    check("{ key: '.status.phase', operator: In, values: [Running, Pending] }", true);
    check("{ key: '.status.phase', operator: NotIn, values: [Pending] }", false);
    check(
        "{ key: '.status.conditions.[] | select( .type == \"PodScheduled\" ) | .status', operator: In, values: ['True'] }",
        true,
    );
    check(
        "{ key: '.status.conditions[] | select(.type != \"PodScheduled\") | .status', operator: Exists }",
        false,
    );
    check("{ key: '.metadata.annotations[\"delay\"]', operator: Exists }", true);
    check("{ key: '.spec.containers[1].name', operator: In, values: [d] }", true);
    check("{ key: '.spec.containers.[].image', operator: In, values: [i] }", true);
    check("{ key: '.spec.containers[9].name', operator: DoesNotExist }", true);
}

#[test]
fn what_is_not_understood_is_refused_by_name_and_field() {
    let check = |spec: &str, field: &str, problem: &str| {
        let text = format!(
            "kind: Stage\nmetadata: {{ name: s }}\nspec: {{ resourceRef: {{ kind: Pod }}, {spec} }}\n"
        );
        let StageError { stage, field: found, problem: why } = Stages::parse(&text).unwrap_err();
        assert_eq!((stage.as_str(), found.as_str()), ("s", field), "{why}");
        assert!(why.contains(problem), "{why}");
    };
    check(
        "selector: { matchExpressions: [{ key: phase, operator: Exists }] }",
        "spec.selector",
        "\"phase\" is not a path",
    );
    check(
        "selector: { matchExpressions: [{ key: .a, operator: Like }] }",
        "spec.selector",
        "operator \"Like\"",
    );
    check("selector: { matchExpressions: [{ key: .a, operator: In }] }", "spec.selector", "needs values");
    check("next: { statusTemplate: '{{ Frob }}' }", "spec.next", "no function \"Frob\"");
    check("next: { statusTemplate: '{{ if .a }}' }", "spec.next", "not closed");
    check("next: { statusTemplate: '{{ end }}' }", "spec.next", "without a beginning");
    check("next: { statusTemplate: '{{ .a' }", "spec.next", "not closed");
    check(
        "steps: [{ delete: true }, { patch: { subresource: '', root: spec } }]",
        "spec.steps[1]",
        "only patches of `status`",
    );
}

#[test]
fn one_of_several_stages_is_chosen_by_weight() {
    let stage = |weight: u64| {
        format!(
            "---\nkind: Stage\nmetadata: {{ name: s }}\nspec: {{ resourceRef: {{ kind: Pod }}, selector: {{}}, weight: {weight}, next: {{}} }}\n"
        )
    };
    let stages = Stages::parse(&(stage(1) + &stage(0) + &stage(3))).unwrap();
    let all = stages.matching(&object());
    assert_eq!(all, [0, 1, 2]);
    let mut rng = Rng::new(5);
    let mut counts = [0; 3];
    for _ in 0..4000 {
        counts[stages.choose(&all, &mut rng).unwrap()] += 1;
    }
    assert_eq!(counts[1], 0);
    assert!((900..1100).contains(&counts[0]), "{counts:?}");
    let alike = Stages::parse(&(stage(0) + &stage(0))).unwrap();
    let drawn: std::collections::BTreeSet<_> =
        (0..50).filter_map(|_| alike.choose(&[0, 1], &mut rng)).collect();
    assert_eq!(drawn.len(), 2);
}
