//! Errors name the field.

use super::Unreadable;
use crate::storage::Revision;
use kube_core::kinds::core::v1::{ConfigMap, Pod};
use kube_core::view::DecodeError;
use serde::de::DeserializeOwned;

/// Field and reason of what is wrong with `json` as a `K`.
fn check<K: DeserializeOwned>(json: &str, field: &str, reason: &str) {
    let Err(error) = serde_json::from_str::<K>(json) else { panic!("{json} can be read") };
    let unreadable = Unreadable::new("k", Revision::new(3), json.as_bytes(), &DecodeError::new(error));
    assert_eq!(unreadable.field, field, "{json}: {}", unreadable.reason);
    assert!(unreadable.reason.contains(reason), "{json}: {}", unreadable.reason);
    assert!(!unreadable.reason.contains("at line"), "{json}: {}", unreadable.reason);
    let shown = unreadable.to_string();
    assert!(shown.starts_with("k at 3: ") && shown.contains(field), "{shown}");
}

#[test]
fn errors_name_the_field() {
    check::<ConfigMap>(
        r#"{"metadata":{"labels":{"a.b/c":5}}}"#,
        "metadata.labels.a.b/c",
        "invalid type: integer",
    );
    check::<ConfigMap>(r#"{"data":7,"metadata":{}}"#, "data", "invalid type: integer `7`");
    check::<ConfigMap>(r#"{"data":{"q\"}":"x","y":[]},"metadata":{}}"#, "data.y", "invalid type: sequence");
    let pod = |spec: &str| format!(r#"{{"metadata":{{"name":"p"}},"spec":{spec}}}"#);
    let containers = |second: &str| pod(&format!(r#"{{"containers":[{{"name":"a"}},{second}]}}"#));
    check::<Pod>(&containers(r#"{"name":["b"]}"#), "spec.containers[1].name", "invalid type: sequence");
    check::<Pod>(
        &containers(r#"{"name":"b","ports":[{"containerPort":"x"}]}"#),
        "spec.containers[1].ports[0].containerPort",
        "invalid type: string \"x\"",
    );
    check::<Pod>(&pod(r#""none""#), "spec", "invalid type: string \"none\"");
    check::<Pod>(r#"{"metadata":{"name":"p"},"#, "", "EOF");
    check::<Pod>("nonsense", "", "expected");
}
