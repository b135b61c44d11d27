//! What each keyword refuses, and in which words.

use super::{SchemaError, Structural};
use crate::error::FieldPath;
use serde_json::{Value, json};

fn errors(schema: &Value, value: &Value) -> Vec<String> {
    let schema = Structural::new(&serde_json::from_value(schema.clone()).unwrap()).unwrap();
    schema.validate(value, &FieldPath::new("spec")).iter().map(ToString::to_string).collect()
}

#[expect(clippy::needless_pass_by_value, reason = "cases read better without references")]
fn check(schema: Value, right: Value, wrong: Value, expected: &str) {
    assert_eq!(errors(&schema, &right), [""; 0], "{schema}");
    assert_eq!(errors(&schema, &wrong), [expected], "{schema}");
}

#[test]
fn keywords_refuse_in_the_words_of_the_api_server() {
    let text = |keyword: &str, value: Value| json!({"type": "string", keyword: value});
    check(
        json!({"type": "integer"}),
        json!(5.0),
        json!("5"),
        "spec: Invalid value: \"string\": spec in body must be of type integer: \"string\"",
    );
    check(
        json!({"type": "string", "nullable": true}),
        json!(null),
        json!(1),
        "spec: Invalid value: \"integer\": spec in body must be of type string: \"integer\"",
    );
    check(
        json!({"x-kubernetes-int-or-string": true}),
        json!("50%"),
        json!(1.5),
        "spec: Invalid value: \"number\": spec in body must be of type integer,string: \"number\"",
    );
    check(
        text("pattern", json!("^[a-z]+$")),
        json!("a"),
        json!("A"),
        "spec: Invalid value: \"A\": spec in body should match '^[a-z]+$'",
    );
    check(
        text("minLength", json!(2)),
        json!("éé"),
        json!("é"),
        "spec: Invalid value: \"é\": spec in body should be at least 2 chars long",
    );
    check(
        text("maxLength", json!(1)),
        json!("a"),
        json!("ab"),
        "spec: Too long: may not be more than 1 byte",
    );
    check(
        text("enum", json!(["a", "b"])),
        json!("a"),
        json!("c"),
        "spec: Unsupported value: \"c\": supported values: \"a\", \"b\"",
    );
}

#[test]
fn numbers_and_lists_have_bounds() {
    let number = |keyword: &str, value: Value| json!({"type": "number", keyword: value});
    let list = |keyword: &str, value: Value| json!({"type": "array", keyword: value});
    check(
        number("minimum", json!(1)),
        json!(1),
        json!(0.5),
        "spec: Invalid value: 0.5: spec in body should be greater than or equal to 1",
    );
    check(
        json!({"type": "number", "maximum": 2, "exclusiveMaximum": true}),
        json!(1),
        json!(2),
        "spec: Invalid value: 2: spec in body should be less than 2",
    );
    check(
        number("multipleOf", json!(3)),
        json!(9),
        json!(10),
        "spec: Invalid value: 10: spec in body should be a multiple of 3",
    );
    check(
        list("minItems", json!(1)),
        json!([1]),
        json!([]),
        "spec: Invalid value: []: spec in body should have at least 1 items",
    );
    check(
        list("maxItems", json!(1)),
        json!([1]),
        json!([1, 2]),
        "spec: Too many: 2: must have at most 1 item",
    );
    check(
        list("uniqueItems", json!(true)),
        json!([1, 2]),
        json!([1, 1]),
        "spec: Invalid value: [1,1]: spec in body shouldn't contain duplicates",
    );
    check(
        json!({"oneOf": [{"type": "string"}, {"type": "integer"}]}),
        json!(1),
        json!(true),
        "spec: Invalid value: \"\": \"spec\" must validate one and only one schema (oneOf)",
    );
    check(
        json!({"not": {"enum": [1]}}),
        json!(2),
        json!(1),
        "spec: Invalid value: \"\": \"spec\" must not validate the schema (not)",
    );
}

#[test]
fn what_is_inside_is_judged_where_it_stands() {
    let schema = json!({"type": "object", "required": ["a"], "properties": {
        "list": {"type": "array", "items": {"type": "object", "properties": {"n": {"type": "integer"}}}},
        "map": {"type": "object", "additionalProperties": {"type": "boolean"}},
    }});
    assert_eq!(
        errors(&schema, &json!({"list": [{}, {"n": "x"}], "map": {"k": 1}, "free": {}})),
        [
            "spec.a: Required value",
            "spec.list[1].n: Invalid value: \"string\": spec.list[1].n in body must be of type integer: \"string\"",
            "spec.map.k: Invalid value: \"integer\": spec.map.k in body must be of type boolean: \"integer\"",
        ]
    );
}

#[test]
fn a_schema_that_cannot_be_used_is_refused() {
    let made = |schema: Value| Structural::new(&serde_json::from_value(schema).unwrap()).unwrap_err();
    assert!(matches!(made(json!({"pattern": "("})), SchemaError::Pattern { .. }));
    assert_eq!(made(json!({"items": {"$ref": "#/x"}})), SchemaError::Reference("#/x".to_owned()));
}
