//! Events of the newer form, and of the older one where it is told with a time.

use crate::kinds::core::v1::Event as CoreEvent;
use crate::kinds::events::v1::Event;
use crate::validate::Kind;
use crate::validate::check::{refusals, with};
use serde_json::{Value, json};

#[track_caller]
fn check<K: Kind>(object: &Value, expected: &[&str]) {
    assert_eq!(refusals::<K>(object), expected);
}

fn event() -> Value {
    json!({
        "metadata": {"name": "a", "namespace": "shop"}, "eventTime": "2026-01-01T00:00:00.000000Z",
        "reportingController": "example.com/x", "reportingInstance": "x-1", "action": "Look", "reason": "Seen",
        "type": "Normal", "regarding": {"kind": "Pod", "namespace": "shop", "name": "p"},
    })
}

#[test]
fn an_event_says_who_saw_what_and_when() {
    check::<Event>(&event(), &[]);
    check::<Event>(
        &json!({"metadata": {"namespace": "shop"}, "regarding": {"namespace": "shop"}, "deprecatedCount": 1}),
        &[
            "eventTime: Required value",
            "type: Invalid value: \"\": has invalid value: ",
            "count: Invalid value: \"\": needs to be unset",
        ],
    );
    let long = "x".repeat(129);
    check::<Event>(
        &with(
            &event(),
            &[
                ("/reportingController", "a b".into()),
                ("/action", long.as_str().into()),
                ("/reason", "".into()),
                ("/series", json!({"count": 1, "lastObservedTime": "2026-01-01T00:00:00.000000Z"})),
                ("/regarding", json!({"kind": "Node"})),
            ],
        ),
        &[
            "involvedObject.namespace: Invalid value: \"\": does not match event.namespace",
            "reportingController: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
            "action: Invalid value: \"\": can have at most 128 characters",
            "reason: Required value",
            "series.count: Invalid value: \"\": should be at least 2",
        ],
    );
}

#[test]
fn only_the_series_of_an_event_goes_on() {
    let old: Event = serde_json::from_value(event()).unwrap();
    let changed = |changes: &[(&str, Value)]| -> Vec<String> {
        let new: Event = serde_json::from_value(with(&event(), changes)).unwrap();
        new.validate_update(&old).iter().map(ToString::to_string).collect()
    };
    let series = json!({"count": 2, "lastObservedTime": "2026-01-01T00:00:01.000000Z"});
    assert_eq!(changed(&[("/series", series)]), [""; 0]);
    assert_eq!(
        changed(&[("/note", "other".into()), ("/type", "Warning".into())]),
        [
            "message: Invalid value: \"other\": field is immutable",
            "type: Invalid value: \"Warning\": field is immutable",
        ]
    );
}

#[test]
fn the_older_form_has_its_own_name_for_who_tells() {
    check::<CoreEvent>(
        &json!({
            "metadata": {"namespace": "default"}, "involvedObject": {}, "eventTime": "2026-01-01T00:00:00.000000Z",
            "action": "a", "reason": "r", "reportingInstance": "i",
        }),
        &[
            "reportingComponent: Required value",
            "reportingComponent: Invalid value: \"\": name part must be non-empty",
            "reportingComponent: Invalid value: \"\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        ],
    );
}
