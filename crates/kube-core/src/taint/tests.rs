//! Matching, reading and writing.

use super::{Effect, Taint, Toleration, TolerationOperator, first_untolerated};
use serde_json::json;

fn read(json: serde_json::Value) -> Toleration {
    serde_json::from_value(json).expect("a toleration")
}

fn taint() -> Taint {
    Taint::new("gpu", "a100", Effect::NoSchedule)
}

#[test]
fn tolerates_by_key_value_and_effect() {
    for (toleration, expected) in [
        (json!({"key": "gpu", "operator": "Equal", "value": "a100", "effect": "NoSchedule"}), true),
        (json!({"key": "gpu", "value": "a100"}), true),
        (json!({"key": "gpu", "value": "h100"}), false),
        (json!({"key": "gpu"}), false),
        (json!({"key": "gpu", "operator": "Exists"}), true),
        (json!({"key": "gpu", "operator": "Exists", "effect": "NoExecute"}), false),
        (json!({"key": "cpu", "operator": "Exists"}), false),
        (json!({"operator": "Exists"}), true),
        (json!({"operator": "Exists", "effect": "NoSchedule"}), true),
        (json!({"operator": "Exists", "effect": "PreferNoSchedule"}), false),
        (json!({"value": "a100"}), true),
        (json!({}), false),
        (json!({"key": "gpu", "operator": "Gt", "value": "1"}), false),
        (json!({"key": "gpu", "operator": "Lt", "value": "1"}), false),
    ] {
        assert_eq!(read(toleration.clone()).tolerates(&taint()), expected, "{toleration}");
    }
}

#[test]
fn finds_the_first_that_nobody_bears() {
    let taints = [
        Taint::new("soft", "", Effect::PreferNoSchedule),
        taint(),
        Taint::new("down", "", Effect::NoExecute),
    ];
    let gpu = read(json!({"key": "gpu", "operator": "Exists"}));
    let hard = [Effect::NoSchedule, Effect::NoExecute];
    assert_eq!(first_untolerated(&taints, &[], &hard), Some(&taints[1]));
    assert_eq!(first_untolerated(&taints, std::slice::from_ref(&gpu), &hard), Some(&taints[2]));
    assert_eq!(first_untolerated(&taints, &[gpu], &[Effect::NoSchedule]), None);
    assert_eq!(first_untolerated(&taints, &[], &[Effect::PreferNoSchedule]), Some(&taints[0]));
    assert_eq!(first_untolerated(&taints, &[read(json!({"operator": "Exists"}))], &hard), None);
}

#[test]
fn null_and_empty_are_absent() {
    let nothing =
        json!({"key": null, "operator": null, "value": null, "effect": null, "tolerationSeconds": null});
    assert_eq!(read(nothing), Toleration::default());
    assert_eq!(read(json!({"operator": "", "effect": ""})), Toleration::default());
    assert_eq!(serde_json::to_value(Toleration::default()).expect("JSON"), json!({}));
    let bare: Taint =
        serde_json::from_value(json!({"key": "a", "effect": "NoExecute", "value": null})).expect("read");
    assert_eq!(bare, Taint::new("a", "", Effect::NoExecute));
    assert!(serde_json::from_value::<Toleration>(json!({"effect": "Sometimes"})).is_err());
}

#[test]
fn writes_what_it_reads() {
    let json = json!({"key": "gpu", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300});
    let toleration = read(json.clone());
    assert_eq!(toleration.operator, TolerationOperator::Exists);
    assert_eq!(toleration.toleration_seconds, Some(300));
    assert_eq!(serde_json::to_value(toleration).expect("JSON"), json);
    assert_eq!(taint().to_string(), "gpu=a100:NoSchedule");
    assert_eq!(Taint::new("a", "", Effect::NoExecute).to_string(), "a:NoExecute");
}
