//! Tests of counting events.

use super::aggregate::{Aggregator, Sighting};
use super::{EventTarget, EventType};
use jiff::Timestamp;
use kube_core::resource::Uid;

fn sighting(name: &str, note: &str) -> Sighting {
    let target = EventTarget {
        api_version: "v1".to_owned(),
        kind: "Pod".to_owned(),
        namespace: "ns".to_owned(),
        name: name.to_owned(),
        uid: Uid::default(),
    };
    let (reason, note) = ("Pulled".to_owned(), note.to_owned());
    Sighting { target, kind: EventType::Normal, reason, note, combined: false }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// Note, count, last second and whether it is an update, of what has to be written.
fn unwritten(aggregator: &mut Aggregator) -> Vec<(String, i32, i64, bool)> {
    let series = aggregator.take_unwritten();
    series.iter().map(|s| (s.note.clone(), s.count, s.last.as_second(), s.stored)).collect()
}

#[test]
fn equal_events_are_one_series() {
    let mut aggregator = Aggregator::new(10);
    aggregator.see(sighting("a", "x"), at(1));
    aggregator.see(sighting("a", "y"), at(2));
    aggregator.see(sighting("a", "x"), at(3));
    assert_eq!(unwritten(&mut aggregator), [("x".into(), 2, 3, false), ("y".into(), 1, 2, false)]);
    assert_eq!(unwritten(&mut aggregator), []);
    aggregator.stored(&std::sync::Arc::new(sighting("a", "x")));
    aggregator.see(sighting("a", "x"), at(2));
    assert_eq!(unwritten(&mut aggregator), [("x".into(), 3, 3, true)], "time does not go back");
}

#[test]
fn the_longest_unseen_is_forgotten_once_written() {
    let mut aggregator = Aggregator::new(2);
    for note in ["x", "y", "z"] {
        aggregator.see(sighting("a", note), at(1));
    }
    assert_eq!(unwritten(&mut aggregator).len(), 3, "nothing unwritten is forgotten");
    aggregator.see(sighting("a", "x"), at(2));
    aggregator.see(sighting("a", "y"), at(2));
    aggregator.see(sighting("a", "z"), at(2));
    let counts: Vec<i32> = aggregator.take_unwritten().iter().map(|series| series.count).collect();
    assert_eq!(counts, [2, 1, 1], "y and z made room");
}

#[test]
fn names_are_valid_and_never_the_same() {
    let mut aggregator = Aggregator::new(10);
    aggregator.see(sighting("web", "x"), at(1));
    aggregator.see(sighting("web", "y"), at(1));
    let long = format!("{}.{}", "a".repeat(235), "b".repeat(17));
    aggregator.see(sighting(&long, "z"), at(1_767_225_600));
    let names: Vec<String> = aggregator.take_unwritten().into_iter().map(|series| series.name).collect();
    assert_eq!(names[..2], ["web.3b9aca00", "web.3b9aca01"]);
    assert_eq!(names[2], format!("{}.18867251edfa0000", "a".repeat(235)));
    let again = aggregator.renamed(&std::sync::Arc::new(sighting("web", "x")), at(0)).unwrap();
    assert!(!names.contains(&again.name) && again.name.starts_with("web."));
}

#[test]
fn similar_events_are_combined_after_ten() {
    let mut aggregator = Aggregator::new(100);
    for n in 0..13 {
        assert!(aggregator.see(sighting("a", &format!("try {n}")), at(n)));
    }
    let written = unwritten(&mut aggregator);
    assert_eq!(written.len(), 11);
    assert_eq!(written[10], ("(combined from similar events): try 12".to_owned(), 3, 12, false));
    assert!(aggregator.see(sighting("a", "much later"), at(700)));
    assert_eq!(unwritten(&mut aggregator), [("much later".to_owned(), 1, 700, false)]);
}

#[test]
fn too_many_events_about_one_object_are_dropped() {
    let mut aggregator = Aggregator::new(100);
    let accepted = (0..40).filter(|_| aggregator.see(sighting("a", "x"), at(0))).count();
    assert_eq!(accepted, 25);
    assert!(aggregator.see(sighting("b", "x"), at(0)), "another object has its own measure");
    assert!(!aggregator.see(sighting("a", "x"), at(299)));
    assert!(aggregator.see(sighting("a", "x"), at(601)));
}
