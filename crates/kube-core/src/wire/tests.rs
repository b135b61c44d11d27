//! Canonical JSON, and documents of a YAML stream.

use super::{canonical, documents};
use serde_json::json;

#[test]
fn canonical_json_has_one_order() {
    let a = json!({ "b": 1, "a": { "d": null, "c": [2, 1] } });
    let b = serde_json::from_str("{ \"a\": {\"c\":[2,1], \"d\":null}, \"b\" : 1 }").unwrap();
    assert_eq!(canonical(&a), canonical(&b));
    assert_eq!(&canonical(&a)[..], b"{\"a\":{\"c\":[2,1],\"d\":null},\"b\":1}");
}

#[test]
fn documents_are_numbered_as_they_stand() {
    let check = |stream: &str, expected: &[(usize, usize)]| {
        let found: Vec<(usize, usize)> =
            documents(stream).unwrap().iter().map(|d| (d.number, d.line)).collect();
        assert_eq!(found, expected, "{stream:?}");
    };
    check("", &[]);
    check("a: 1\n", &[(1, 1)]);
    check("---\na: 1\n---\nb: 2\n", &[(1, 2), (2, 4)]);
    check("a: 1\n---\n# nothing\n---\nc: 3\n", &[(1, 1), (3, 5)]);
    check("{\"a\": 1}", &[(1, 1)]);
}

#[test]
fn a_broken_document_is_named() {
    let error = documents("a: 1\n---\nb: [1\n").unwrap_err();
    assert_eq!((error.number, error.line), (2, 3));
}
