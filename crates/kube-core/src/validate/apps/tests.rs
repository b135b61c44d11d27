//! Deployments, replica sets, stateful sets, daemon sets.

use serde_json::{Value, json};

use crate::kinds::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use crate::validate::Kind;
use crate::validate::check::{filled, refusals, template, update_refusals, with};

fn base() -> Value {
    json!({"spec": {"selector": {"matchLabels": {"app": "x"}}, "template": template()}})
}

#[track_caller]
fn check<K: Kind>(changes: &[(&str, Value)], expected: &[&str]) {
    assert_eq!(refusals::<K>(&with(&base(), changes)), expected, "{changes:?}");
}

#[track_caller]
fn check_update<K: Kind>(changes: &[(&str, Value)], expected: &[&str]) {
    assert_eq!(update_refusals::<K>(&base(), &with(&base(), changes)), expected, "{changes:?}");
}

#[track_caller]
fn check_filled<K: Kind>(expected: &[(&str, Value)]) {
    let filled = filled::<K>(&base());
    for (pointer, value) in expected {
        assert_eq!(filled.pointer(pointer).unwrap_or(&Value::Null), value, "{pointer} of {filled}");
    }
}

const UNSELECTED: &str = "spec.template.metadata.labels: Invalid value: {\"app\":\"other\"}: `selector` does not match template `labels`";
const UNLABELLED: &str = "spec.template.metadata.labels: Invalid value: {\"app\":\"x\"}: `selector` does not match template `labels`";
const NO_SELECTOR: &str = "spec.selector: Required value";

#[test]
fn a_template_is_filled_like_a_pod_but_for_what_only_pods_have() {
    check_filled::<Deployment>(&[
        ("/spec/template/spec/restartPolicy", json!("Always")),
        ("/spec/template/spec/containers/0/imagePullPolicy", json!("Always")),
        ("/spec/template/spec/enableServiceLinks", Value::Null),
    ]);
}

#[test]
fn defaults() {
    check_filled::<Deployment>(&[
        ("/spec/replicas", json!(1)),
        (
            "/spec/strategy",
            json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}),
        ),
        ("/spec/revisionHistoryLimit", json!(10)),
        ("/spec/progressDeadlineSeconds", json!(600)),
    ]);
    check_filled::<ReplicaSet>(&[("/spec/replicas", json!(1))]);
    check_filled::<StatefulSet>(&[
        ("/spec/podManagementPolicy", json!("OrderedReady")),
        ("/spec/updateStrategy", json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 0}})),
    ]);
    check_filled::<DaemonSet>(&[
        ("/spec/updateStrategy/rollingUpdate", json!({"maxSurge": 0, "maxUnavailable": 1})),
        ("/metadata/annotations", json!({"deprecated.daemonset.template.generation": "1"})),
    ]);
}

#[test]
fn the_selector_must_match_the_template() {
    let other = [("/spec/template/metadata/labels/app", json!("other"))];
    check::<Deployment>(&other, &[UNSELECTED]);
    check::<ReplicaSet>(&other, &[UNSELECTED]);
    check::<StatefulSet>(&other, &[UNSELECTED]);
    check::<DaemonSet>(&other, &[UNSELECTED]);
}

#[test]
fn an_absent_selector_is_not_an_empty_one() {
    let absent = [("/spec/selector", Value::Null)];
    check::<Deployment>(&absent, &[NO_SELECTOR, UNLABELLED]);
    check::<ReplicaSet>(&absent, &[NO_SELECTOR, UNLABELLED]);
    check::<StatefulSet>(&absent, &[NO_SELECTOR, UNLABELLED]);
    check::<DaemonSet>(&absent, &[UNLABELLED]);
    let empty = [("/spec/selector", json!({}))];
    let refused = |word: &str| format!("spec.selector: Invalid value: {{}}: empty selector is {word}");
    check::<Deployment>(&empty, &[&refused("invalid for deployment")]);
    check::<StatefulSet>(&empty, &[&refused("invalid for statefulset")]);
    check::<DaemonSet>(&empty, &[&refused("invalid for daemonset")]);
}

#[test]
fn an_absent_selector_stays_absent_when_the_object_is_read_twice() {
    let absent = with(&base(), &[("/spec/selector", Value::Null)]);
    assert_eq!(refusals::<Deployment>(&filled::<Deployment>(&absent)), [NO_SELECTOR, UNLABELLED]);
}

#[test]
fn pods_that_are_kept_running_restart() {
    let never = [("/spec/template/spec/restartPolicy", json!("Never"))];
    let refused =
        "spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported values: \"Always\"";
    check::<Deployment>(&never, &[refused]);
    check::<DaemonSet>(&never, &[refused]);
    check::<StatefulSet>(&never, &[refused]);
    check::<Deployment>(
        &[("/spec/template/spec/activeDeadlineSeconds", json!(5))],
        &[
            "spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported",
        ],
    );
}

#[test]
fn rollouts_make_progress() {
    let rolling = |surge: Value, missing: Value| {
        [("/spec/strategy", json!({"rollingUpdate": {"maxSurge": surge, "maxUnavailable": missing}}))]
    };
    let path = "spec.strategy.rollingUpdate";
    check::<Deployment>(&rolling(json!(0), json!("1%")), &[]);
    check::<Deployment>(
        &rolling(json!("0%"), json!(0)),
        &[&format!("{path}.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0")],
    );
    check::<Deployment>(
        &rolling(json!(1), json!("101%")),
        &[&format!("{path}.maxUnavailable: Invalid value: \"101%\": must not be greater than 100%")],
    );
    check::<Deployment>(
        &[("/spec/strategy", json!({"type": "Recreate", "rollingUpdate": {}}))],
        &[&format!("{path}: Forbidden: may not be specified when strategy `type` is 'Recreate'")],
    );
    check::<Deployment>(
        &[("/spec/minReadySeconds", json!(600))],
        &["spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds"],
    );
    check::<DaemonSet>(
        &[("/spec/updateStrategy", json!({"rollingUpdate": {"maxSurge": 1}}))],
        &[
            "spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero",
        ],
    );
}

#[test]
fn counts_are_not_negative() {
    let refused = ["spec.replicas: Invalid value: -1: must be greater than or equal to 0"];
    let negative = [("/spec/replicas", json!(-1))];
    check::<Deployment>(&negative, &refused);
    check::<ReplicaSet>(&negative, &refused);
    check::<StatefulSet>(&negative, &refused);
}

#[test]
fn selectors_do_not_change() {
    let other =
        [("/spec/selector/matchLabels/app", json!("y")), ("/spec/template/metadata/labels/app", json!("y"))];
    let refused = ["spec.selector: Invalid value: {\"matchLabels\":{\"app\":\"y\"}}: field is immutable"];
    check_update::<Deployment>(&other, &refused);
    check_update::<ReplicaSet>(&other, &refused);
    check_update::<DaemonSet>(&other, &refused);
}

#[test]
fn little_of_a_stateful_set_changes() {
    check_update::<StatefulSet>(&[("/spec/replicas", json!(3)), ("/spec/minReadySeconds", json!(3))], &[]);
    check_update::<StatefulSet>(
        &[("/spec/serviceName", json!("other"))],
        &[
            "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
        ],
    );
}

#[test]
fn the_generation_of_a_daemon_sets_template_counts_its_changes() {
    let mut old: DaemonSet = Kind::decode(&base()).unwrap();
    old.set_defaults();
    let next = |changes: &[(&str, Value)]| {
        let mut new: DaemonSet = Kind::decode(&with(&base(), changes)).unwrap();
        new.set_defaults();
        new.prepare_update(&old);
        new.metadata.annotations.unwrap()["deprecated.daemonset.template.generation"].clone()
    };
    assert_eq!(next(&[("/spec/minReadySeconds", json!(1))]), "1");
    assert_eq!(next(&[("/spec/template/spec/containers/0/image", json!("other"))]), "2");
}

/// Nothing is said of a template that nobody could select.
#[test]
fn a_selector_that_does_not_read_is_told_twice() {
    let changes = [
        ("/spec/selector", json!({"matchExpressions": [{"key": "app", "operator": "Near"}]})),
        ("/spec/template/spec/containers/0/name", json!("Not A Name")),
    ];
    let object = with(&base(), &changes);
    let operator =
        "spec.selector.matchExpressions[0].operator: Invalid value: \"Near\": not a valid selector operator";
    let shown = r#"{"matchExpressions":[{"key":"app","operator":"Near"}]}"#;
    let again = format!("spec.selector: Invalid value: {shown}: invalid label selector");
    assert_eq!(refusals::<Deployment>(&object), [operator, &again]);
    assert_eq!(refusals::<ReplicaSet>(&object), [operator, &again]);
    let again = format!("spec.selector: Invalid value: {shown}");
    assert_eq!(refusals::<StatefulSet>(&object), [operator, &again]);
    let daemons = refusals::<DaemonSet>(&object);
    assert_eq!(daemons[0], operator);
    assert!(daemons[1].starts_with("spec.template.spec.containers[0].name: Invalid value"), "{daemons:?}");
}
