//! Rules as tables of data.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{NodeCondition, PodCondition};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition as MetaCondition, Time};

use super::{Condition, FALSE, TRUE, UNKNOWN, find, is_false, is_status, is_true, remove, set};

fn at(second: i64) -> Time {
    Time(Timestamp::from_second(second).unwrap())
}

fn ready(status: &str, message: &str) -> PodCondition {
    PodCondition {
        type_: "Ready".into(),
        status: status.into(),
        message: Some(message.into()),
        ..PodCondition::default()
    }
}

#[test]
fn the_transition_time_changes_only_with_the_status() {
    let mut list = Vec::new();
    assert!(set(&mut list, ready(FALSE, "starting"), &at(1)));
    assert_eq!(list[0].last_transition_time, Some(at(1)));

    assert!(!set(&mut list, ready(FALSE, "starting"), &at(2)));
    assert!(set(&mut list, ready(FALSE, "probing"), &at(3)));
    assert_eq!((list[0].last_transition_time.clone(), list[0].message()), (Some(at(1)), "probing"));

    assert!(set(&mut list, ready(TRUE, "probing"), &at(4)));
    assert_eq!((list.len(), list[0].last_transition_time.clone()), (1, Some(at(4))));
}

#[test]
fn conditions_keep_their_places() {
    let mut list = vec![
        PodCondition { type_: "Initialized".into(), status: TRUE.into(), ..PodCondition::default() },
        ready(FALSE, ""),
        PodCondition { type_: "PodScheduled".into(), status: UNKNOWN.into(), ..PodCondition::default() },
    ];
    set(&mut list, ready(TRUE, ""), &at(1));
    let types: Vec<&str> = list.iter().map(Condition::type_).collect();
    assert_eq!(types, ["Initialized", "Ready", "PodScheduled"]);
    assert!(is_true(&list, "Ready") && !is_false(&list, "Ready"));
    assert!(is_status(&list, "PodScheduled", UNKNOWN));
    assert!(!is_true(&list, "Gone") && !is_false(&list, "Gone") && find(&list, "Gone").is_none());

    assert!(remove(&mut list, "Ready") && !remove(&mut list, "Ready"));
    assert_eq!(list.len(), 2);
}

#[test]
fn a_heartbeat_is_a_change_but_no_transition() {
    let beat = |second| NodeCondition {
        type_: "Ready".into(),
        status: TRUE.into(),
        last_heartbeat_time: Some(at(second)),
        ..NodeCondition::default()
    };
    let mut list = Vec::new();
    set(&mut list, beat(1), &at(1));
    assert!(set(&mut list, beat(2), &at(2)));
    assert_eq!((&list[0].last_heartbeat_time, list[0].last_transition_time()), (&Some(at(2)), Some(&at(1))));
}

#[test]
fn conditions_of_custom_kinds_follow_the_same_rule() {
    let condition = |status: &str| MetaCondition {
        type_: "Ready".into(),
        status: status.into(),
        reason: "R".into(),
        message: String::new(),
        observed_generation: None,
        last_transition_time: at(0),
    };
    let mut list = vec![MetaCondition { last_transition_time: at(5), ..condition(FALSE) }];
    assert!(!set(&mut list, condition(FALSE), &at(6)));
    assert_eq!(list[0].last_transition_time, at(5));
    assert!(set(&mut list, condition(TRUE), &at(7)));
    assert_eq!(list[0].last_transition_time, at(7));
}
