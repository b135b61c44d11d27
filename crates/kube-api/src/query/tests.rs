//! Parameters as tables.

use super::Parameters;
use kube_store::service::{Propagation, WatchStart};
use kube_store::storage::{ReadAt, Revision};
use serde_json::{Value, json};

fn parameters(values: Value) -> Parameters {
    serde_json::from_value(values).unwrap()
}

#[test]
fn versions_choose_the_read() {
    for (values, expected) in [
        (json!({}), ReadAt::Latest),
        (json!({ "resourceVersion": "0" }), ReadAt::Any),
        (json!({ "resourceVersion": "7" }), ReadAt::AtLeast(Revision::new(7))),
        (
            json!({ "resourceVersion": "7", "resourceVersionMatch": "Exact" }),
            ReadAt::Exactly(Revision::new(7)),
        ),
    ] {
        assert_eq!(parameters(values.clone()).read_at().unwrap(), expected, "{values}");
    }
    let error = parameters(json!({ "resourceVersion": "x" })).read_at().unwrap_err();
    assert_eq!(error.code, 400);
}

#[test]
fn a_watch_without_a_version_begins_with_the_present() {
    assert_eq!(parameters(json!({})).watch_query(None).unwrap().start, WatchStart::Initial);
    let after = parameters(json!({ "resourceVersion": "9" })).watch_query(Some("a")).unwrap();
    assert_eq!(after.start, WatchStart::After(Revision::new(9)));
    assert_eq!(after.selection.namespace.as_deref(), Some("a"));
}

#[test]
fn selectors_that_do_not_parse_are_bad_requests() {
    let error = parameters(json!({ "labelSelector": "a in (" })).list_query(None).unwrap_err();
    assert_eq!(error.code, 400);
}

#[test]
fn the_body_of_a_deletion_goes_before_the_query() {
    let query = parameters(json!({ "gracePeriodSeconds": 5, "propagationPolicy": "Orphan" }));
    let body = json!({ "gracePeriodSeconds": 1, "preconditions": { "uid": "u" } });
    let options = query.delete_options(&body).unwrap();
    assert_eq!(options.grace_period_seconds, Some(1));
    assert_eq!(options.propagation, Some(Propagation::Orphan));
    assert_eq!(options.uid.unwrap().as_str(), "u");
}
