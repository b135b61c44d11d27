//! Patches against the examples of the RFCs.

use super::{MAX_JSON_PATCH_OPERATIONS, PatchError, apply_json, apply_merge};
use serde_json::{Value, json};

/// The examples of RFC 7386, appendix A.
#[test]
fn merges_as_the_rfc_shows() {
    let cases = [
        (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
        (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
        (json!({"a": "b"}), json!({"a": null}), json!({})),
        (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
        (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
        (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
        (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
        (json!([1, 2]), json!({"a": "b", "c": null}), json!({"a": "b"})),
        (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
    ];
    for (mut target, patch, want) in cases {
        let before = target.clone();
        apply_merge(&mut target, &patch);
        assert_eq!(target, want, "{before} with {patch}");
    }
}

#[test]
fn a_failed_operation_leaves_no_trace() {
    let mut target = json!({"a": 1});
    let patch = json!([{"op": "add", "path": "/b", "value": 2}, {"op": "test", "path": "/a", "value": 3}]);
    let error = apply_json(&mut target, &patch).unwrap_err();
    assert!(matches!(error, PatchError::Failed { operation: 1, .. }), "{error}");
    assert_eq!(target, json!({"a": 1}));
}

#[test]
fn what_is_no_patch_is_refused() {
    let mut target = json!({});
    for patch in [json!({"op": "add"}), json!([{"op": "fly", "path": "/a"}]), json!("x")] {
        let error = apply_json(&mut target, &patch).unwrap_err();
        assert!(matches!(error, PatchError::Malformed { .. }), "{patch}: {error}");
    }
}

#[test]
fn the_number_of_operations_is_limited() {
    let operation = json!({"op": "add", "path": "/a", "value": 1});
    let most = Value::Array(vec![operation; MAX_JSON_PATCH_OPERATIONS]);
    let mut target = json!({});
    assert_eq!(apply_json(&mut target, &most), Ok(()));
    let Value::Array(mut more) = most else { unreachable!() };
    more.push(json!({"op": "remove", "path": "/a"}));
    let error = apply_json(&mut target, &Value::Array(more)).unwrap_err();
    assert_eq!(error, PatchError::TooMany { operations: MAX_JSON_PATCH_OPERATIONS + 1 });
}
