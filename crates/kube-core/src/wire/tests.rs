//! Canonical JSON, and documents of a YAML stream.

use super::{MAX_DEPTH, MAX_OBJECT_BYTES, MAX_VALUES, Scanned, canonical, documents, fields, json};
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

fn refused(stream: &str) -> String {
    documents(stream).unwrap_err().message
}

#[test]
fn depth_is_limited_in_both_forms() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(json(nested(MAX_DEPTH).as_bytes()).is_ok());
    assert!(json(nested(MAX_DEPTH + 1).as_bytes()).is_err());
    assert_eq!(documents(&nested(MAX_DEPTH)).unwrap().len(), 1);
    assert!(refused(&nested(MAX_DEPTH + 1)).contains("levels deep"));
    // Far beyond, nothing overflows.
    assert!(json(nested(1_000_000).as_bytes()).is_err());
    refused(&"[".repeat(1_000_000));
    let lines: Vec<String> = (0..2_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    refused(&lines.concat());
    refused(&"- ".repeat(100_000));
}

#[test]
fn size_is_limited_before_it_is_built() {
    let text = |bytes: usize| format!("\"{}\"", "x".repeat(bytes));
    assert!(json(text(MAX_OBJECT_BYTES - 2).as_bytes()).is_ok());
    assert!(json(text(MAX_OBJECT_BYTES).as_bytes()).unwrap_err().to_string().contains("bytes"));
    let items = format!("[{}0]", "0,".repeat(MAX_VALUES));
    assert!(json(items.as_bytes()).unwrap_err().to_string().contains("more than 250000 values"));
    assert!(!refused(&format!("a: {}", "x".repeat(MAX_OBJECT_BYTES))).is_empty());
}

#[test]
fn an_alias_costs_what_it_stands_for() {
    let level = |level: usize| {
        let below = if level == 0 { "x".to_owned() } else { format!("*a{}", level - 1) };
        format!("a{level}: &a{level} [{}]\n", vec![below; 10].join(", "))
    };
    let bomb: Vec<String> = (0..12).map(level).collect();
    refused(&bomb.concat());
    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(100_000), vec!["*a"; 90].join(", "));
    assert!(refused(&long).contains("bytes of text"));
    let few = documents("a: &a {x: 1}\nb: [*a, *a]\n").unwrap();
    assert_eq!(few[0].value["b"][1]["x"], 1);
}

#[test]
fn no_key_stands_twice() {
    assert!(json(br#"{"a": {"b": 1, "b": 2}}"#).is_err());
    refused("a:\n  b: 1\n  b: 2\n");
    assert!(json(b"1 2").is_err(), "nothing follows a body");
    refused("a: .nan\n");
}

/// Somebody else may have printed what is stored: no field of it may be overlooked.
#[test]
fn fields_are_found_between_blanks() {
    let compact = br#"{"a":1,"b":{"c":[1,2]},"d":"x y","e":null}"#;
    let spread = b" {\n  \"a\" : 1 ,\t\"b\":{\"c\":[1,2]}\r\n, \"d\": \"x y\",\n\"e\" :null\n}\n";
    let all = |json| fields(json).map(|field| (field.name, field.value)).collect::<Vec<_>>();
    assert_eq!(all(compact).len(), 4);
    assert_eq!(all(spread), all(compact));
}

/// What was cut off is not taken for all there was.
#[test]
fn an_object_is_whole_or_it_is_none() {
    let object = br#"{"a":1,"b":{"c":[1,"]}"]},"d":"x \" y","e":null}"#;
    let whole = |object: &'static [u8]| {
        let scanned = Scanned::new(object);
        scanned.is_whole().then(|| scanned.fields().count())
    };
    assert_eq!(whole(object), Some(4));
    for end in 0..object.len() {
        assert_eq!(whole(&object[..end]), None, "cut at {end}");
    }
    assert_eq!(whole(b" { } "), Some(0));
    assert_eq!(whole(b"[]"), None);
    assert_eq!(whole(br#"{"a":1]"#), None);
    assert_eq!(whole(br#"{"a":{"b":1]}"#), None);
}

/// Looking through an object once finds what looking for each field does, one level down as well.
#[test]
fn a_scanned_object_knows_its_fields_and_theirs() {
    let object = br#" {"a" : {} , "b":{"c":[1,"]}"], "d\"":"x \\"} ,"e":null,"f":"{}"} "#;
    let scanned = Scanned::new(&object[..]);
    assert!(scanned.is_whole());
    assert!(scanned.fields().eq(fields(object)));
    for outer in fields(object) {
        assert_eq!(scanned.field(outer.name), Some(outer.value));
        assert!(scanned.fields_of(outer.name).eq(fields(outer.value)), "{}", outer.name);
    }
    assert_eq!(scanned.fields_of("b").count(), 2);
    assert_eq!(scanned.field("g"), None);
}
