//! Whatever is read from outside: nothing panics, and what is accepted reads back as what it is.

use jiff::Timestamp;
use kube_core::codec::find_codec;
use kube_core::cron::Schedule;
use kube_core::error::FieldPath;
use kube_core::kinds::apiextensions::v1::CustomResourceColumnDefinition;
use kube_core::names::{is_dns1123_subdomain, is_qualified_name, is_valid_cidr, is_valid_ip};
use kube_core::pod_env::expand;
use kube_core::quantity::Quantity;
use kube_core::selector::Selector;
use kube_core::selector::field::FieldSelector;
use kube_core::table::Layout;
use kube_core::wire::{Scanned, canonical, documents, json, json_with_repeated};
use kube_testkit::fuzz;
use serde_json::Value;
use std::collections::BTreeSet;

#[test]
fn fuzz_yaml() {
    let corpus = [
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {x: y}}\nspec:\n  containers:\n  - name: c\n    image: i\n",
        "a: &a {x: [1, 2.5, -3]}\nb: *a\nc: |\n  text\n  more\nd: >-\n  folded\n---\n# nothing\n---\n\"q\": 'it''s'\n",
        "{\"a\": [null, true, 1e3, \"\\u00e9\"]}",
        "? key\n: value\n<<: &m {k: v}\nt: !!str 5\ndate: 2026-01-01T00:00:00Z\n",
    ];
    fuzz::run("yaml", &corpus, |input| {
        let Ok(found) = documents(input) else { return false };
        for document in found {
            let bytes = canonical(&document.value);
            assert_eq!(json(&bytes).expect("what was read can be written"), document.value);
        }
        true
    });
}

#[test]
fn fuzz_json() {
    let corpus =
        [r#"{"a": [1, -2.5e3, "x\n", null, {"b": true}], "c": {}}"#, "[[[[]]]]", "\"\\ud83d\\ude00\""];
    fuzz::run("json", &corpus, |input| {
        let Ok(value) = json(input.as_bytes()) else { return false };
        assert_eq!(json(&canonical(&value)).expect("canonical JSON is JSON"), value);
        true
    });
}

/// Of an object every field is found, and its value as it stands.
#[test]
fn fuzz_scanned_objects() {
    let corpus =
        [r#"{"a": {"b": [1, "}]"], "c": {}}, "d": "\"\\", "e": -2.5e3}"#, " {\n \"\" : null ,\"x\":[{}]} "];
    fuzz::run("scanned objects", &corpus, |input| {
        let scanned = Scanned::new(input.as_bytes().to_vec());
        let Ok(Value::Object(object)) = serde_json::from_str(input) else { return false };
        assert!(scanned.is_whole());
        let once = scanned.fields().count() == object.len();
        for field in scanned.fields() {
            let value: Value = serde_json::from_slice(field.value).expect("a value");
            let inner = scanned.fields_of(field.name).count();
            assert!(!once || value.is_object() || inner == 0, "{input}");
        }
        // A key may stand twice, or be written in another way.
        assert!(scanned.fields().count() >= object.len());
        true
    });
}

/// One reader takes a key twice and tells of it, the other refuses it; otherwise they read the same.
#[test]
fn fuzz_repeated_keys() {
    let corpus =
        [r#"{"a": {"b": 1, "b": 2}, "a": [{"c": 1, "c": 1}]}"#, r#"{"": 1, "": {"\u0061": 2, "a": 3}}"#];
    fuzz::run("repeated keys", &corpus, |input| {
        let strict = json(input.as_bytes());
        let Ok((value, repeated)) = json_with_repeated(input.as_bytes()) else {
            assert!(strict.is_err(), "what is taken strictly is taken");
            return false;
        };
        assert_eq!(strict.ok(), repeated.is_empty().then_some(value));
        true
    });
}

/// Whatever is sent as an object: what its type does not know is named, and the form that is stored knows everything.
#[test]
fn fuzz_unknown_fields() {
    let codec = find_codec("", "v1", "Pod").expect("a built-in kind");
    let corpus = [
        r#"{"metadata": {"name": "a", "x": 1}, "spec": {"containers": [{"name": "c", "image": "i", "port": 1}]}}"#,
        r#"{"spec": {"containers": [], "nodeSelector": {"a": "b"}, "volumes": [{"name": "v", "emptyDir": {}}]}}"#,
    ];
    fuzz::run("unknown fields", &corpus, |input| {
        let Ok(value) = json(input.as_bytes()) else { return false };
        let Ok(read) = codec.read(&value) else { return false };
        let unknown = codec.unknown_fields(&value, &*read).expect("it has a JSON form");
        let kept = read.to_json().expect("it has a JSON form");
        let again = codec.read(&kept).expect("what was printed reads back");
        assert_eq!(codec.unknown_fields(&kept, &*again).expect("it has a JSON form"), []);
        unknown.is_empty()
    });
}

/// Paths of columns come from definitions that users write.
#[test]
fn fuzz_columns() {
    let object = serde_json::json!({"a": [{"b": "x", "c": [1, 2]}, {"b": "y"}], "d.e": {"f": null}});
    let corpus = [r#".a[?(@.b=="x")].c[-1]"#, r".d\.e['f']", ".a[*].b", ".a[0].c[1]"];
    fuzz::run("columns", &corpus, |input| {
        let column = CustomResourceColumnDefinition {
            name: "x".to_owned(),
            type_: "string".to_owned(),
            json_path: input.to_owned(),
            ..CustomResourceColumnDefinition::default()
        };
        let row = Layout::defined(&[column]).row(&object, Timestamp::UNIX_EPOCH);
        assert_eq!(row.len(), 2);
        !row[1].is_null()
    });
}

#[test]
fn fuzz_selectors() {
    let corpus = ["app=web,tier in (front, edge),!canary", "a!=b", "x.y/z notin (),q", "n>5,m<10", "a==b"];
    fuzz::run("selectors", &corpus, |input| {
        if let Ok(fields) = input.parse::<FieldSelector>() {
            // Terms stand in the order in which they were written, where `a==b` comes after `a=c`: the order may change.
            let sorted =
                |selector: &FieldSelector| selector.requirements().iter().cloned().collect::<BTreeSet<_>>();
            let again = fields.to_string().parse::<FieldSelector>().expect("it reads back");
            assert_eq!(sorted(&again), sorted(&fields), "{fields}");
        }
        let Ok(selector) = input.parse::<Selector>() else { return false };
        let text = selector.to_string();
        assert_eq!(text.parse::<Selector>().expect("it reads back"), selector, "{text:?}");
        true
    });
}

#[test]
fn fuzz_quantities() {
    let corpus = ["100m", "1.5Gi", "-3e-2", "12E6", "+0.000001k", "9223372036854775807Ei"];
    fuzz::run("quantities", &corpus, |input| {
        let Ok(quantity) = Quantity::parse(input) else { return false };
        let text = quantity.to_string();
        let again = Quantity::parse(&text).expect("it reads back");
        assert_eq!(again.to_string(), text);
        // As in Kubernetes, the rounding of negative ones tells how they were written, and what is beyond the largest
        // suffix loses it when it is printed.
        if quantity.sign() > 0 && quantity.value() < i64::MAX {
            let numbers = |quantity: Quantity| (quantity.value(), quantity.milli_value());
            assert_eq!(numbers(again), numbers(quantity), "{input}");
        }
        true
    });
}

#[test]
fn fuzz_names_and_schedules() {
    let corpus = [
        "*/5 0-6 1,15 jan-mar ?",
        "TZ=Europe/Berlin @every 1h30m",
        "10.0.0.0/8",
        "fd00::1",
        "a.b/c",
        "$(A)$$(B",
    ];
    fuzz::run("texts", &corpus, |input| {
        let path = FieldPath::new("x");
        let right = [
            is_valid_ip(&path, input).is_empty(),
            is_valid_cidr(&path, input).is_empty(),
            is_dns1123_subdomain(input).is_empty(),
        ];
        assert!(!(right[0] && right[1]), "an address is no network");
        assert!(!(right[1] && right[2]), "a network is no name");
        assert!(!is_qualified_name(input).is_empty() || input.len() <= 253 + 1 + 63);
        assert_eq!(expand(input, |_| None::<&str>), expand(input, |name| Some(format!("$({name})"))));
        input.parse::<Schedule>().is_ok()
    });
}
