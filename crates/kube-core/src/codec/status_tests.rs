//! A status alone: read and printed without the rest of the object.

use super::{Codec, find_codec};
use crate::kinds::core::v1::{ConfigMap, Pod};
use crate::resource::Resource;
use crate::wire::Scanned;
use serde_json::{Value, json};

/// A pod with every time that a status can have, in parts of seconds, before and after 1970.
fn pod() -> Value {
    let (late, early) = ("2026-01-02T03:04:05.678901Z", "1969-12-31T23:59:58.25Z");
    let state = json!({
        "running": {"startedAt": late}, "waiting": {"reason": "r"},
        "terminated": {"exitCode": 1, "startedAt": early, "finishedAt": late},
    });
    let container = json!([{"name": "c", "image": "i", "imageID": "", "ready": true, "restartCount": 1,
        "state": state, "lastState": state}]);
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "p", "labels": {"a": "b"}},
        "spec": {"containers": [{"name": "c"}], "nodeName": "n"},
        "status": {
            "phase": "Running", "startTime": early, "podIPs": [], "observedGeneration": 2,
            "conditions": [
                {"type": "Ready", "status": "True", "lastProbeTime": late, "lastTransitionTime": early},
                {"type": "Other", "status": "False"},
            ],
            "containerStatuses": container, "initContainerStatuses": container, "ephemeralContainerStatuses": container,
        },
    })
}

#[test]
fn a_status_is_taken_over_as_its_json_reads() {
    let codec = find_codec("", "v1", "Pod").unwrap();
    let typed = Pod::from_json_value(&pod()).unwrap();
    let taken = codec.read_status(typed.as_typed()).unwrap().unwrap();
    let written = typed.to_json_value().unwrap();
    let read = Pod::from_json_value(&json!({"status": written["status"]})).unwrap();
    assert_eq!(taken.as_kind::<Pod>(), Some(&read));
    assert_eq!(written["status"]["startTime"], "1969-12-31T23:59:58Z");
}

#[test]
fn a_status_is_printed_into_the_object_that_has_it() {
    let codec = find_codec("", "v1", "Pod").unwrap();
    let stored =
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "old"}, "spec": {"hostname": "h"}});
    for status in [None, Some(pod()["status"].clone())] {
        let mut wanted = stored.clone();
        wanted["metadata"] = pod()["metadata"].clone();
        let mut given = pod();
        given.as_object_mut().unwrap().remove("status");
        if let Some(status) = status {
            given["status"] = status;
        }
        let given = Pod::from_json_value(&given).unwrap();
        if given.status.is_some() {
            wanted["status"] = given.to_json_value().unwrap()["status"].clone();
        }
        let printed = codec.print_status(given.as_typed(), &Scanned::new(stored.to_string())).unwrap();
        assert_eq!(std::str::from_utf8(&printed).unwrap(), wanted.to_string());
    }
}

/// Of a kind that does not print its status alone, and of a type without rules, as of any other.
#[test]
fn every_kind_prints_a_status_into_the_object_that_has_it() {
    let stored =
        json!({"apiVersion": "v1", "data": {"a": "b"}, "kind": "ConfigMap", "metadata": {"name": "old"}});
    let given = json!({"metadata": {"name": "new", "labels": {"a": "b"}}});
    let given = ConfigMap::from_json_value(&given).unwrap();
    let mut wanted = stored.clone();
    wanted["metadata"] = json!({"labels": {"a": "b"}, "name": "new"});
    for codec in [find_codec("", "v1", "ConfigMap").unwrap(), Codec::of::<ConfigMap>()] {
        let printed = codec.print_status(given.as_typed(), &Scanned::new(stored.to_string())).unwrap();
        assert_eq!(std::str::from_utf8(&printed).unwrap(), wanted.to_string());
        let cut = Scanned::new(stored.to_string().trim_end_matches('}').to_owned());
        assert!(codec.print_status(given.as_typed(), &cut).is_err());
    }
}
