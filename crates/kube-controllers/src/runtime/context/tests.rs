//! What differs, and what does not.

use super::child::difference;
use super::merge_diff;
use serde_json::json;

#[test]
fn fields_that_are_not_wanted_do_not_differ() {
    let present =
        json!({ "spec": { "containers": [{ "name": "a", "image": "x", "ports": [] }], "node": "n" } });
    assert_eq!(
        difference(&present, &json!({ "spec": { "containers": [{ "name": "a", "image": "x" }] } })),
        None
    );
    assert_eq!(difference(&present, &json!({ "metadata": {}, "spec": { "volumes": [] } })), None);
    assert_eq!(difference(&present, &json!({ "status": { "phase": "Failed" } })), None);
}

#[test]
fn what_differs_keeps_the_fields_around_it() {
    let present = json!({ "spec": { "containers": [{ "name": "a", "image": "x", "pull": "Always" }] } });
    let wanted = json!({ "spec": { "containers": [{ "name": "a", "image": "y" }] } });
    let patch = json!({ "spec": { "containers": [{ "name": "a", "image": "y", "pull": "Always" }] } });
    assert_eq!(difference(&present, &wanted), Some(patch));
}

#[test]
fn a_patch_names_only_what_changed_and_removes_what_is_gone() {
    let old = json!({ "a": 1, "b": { "c": 1, "d": 2 }, "e": [1] });
    let new = json!({ "a": 1, "b": { "c": 1 }, "e": [1, 2] });
    assert_eq!(merge_diff(&old, &new), Some(json!({ "b": { "d": null }, "e": [1, 2] })));
    assert_eq!(merge_diff(&old, &old), None);
}
