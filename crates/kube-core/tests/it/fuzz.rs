//! Whatever is read from outside: nothing panics, and what is accepted reads back as what it is.

use kube_core::cron::Schedule;
use kube_core::error::FieldPath;
use kube_core::names::{is_dns1123_subdomain, is_qualified_name, is_valid_cidr, is_valid_ip};
use kube_core::pod_env::expand;
use kube_core::quantity::Quantity;
use kube_core::selector::Selector;
use kube_core::selector::field::FieldSelector;
use kube_core::wire::{canonical, documents, json};
use kube_testkit::fuzz;

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

#[test]
fn fuzz_selectors() {
    let corpus = ["app=web,tier in (front, edge),!canary", "a!=b", "x.y/z notin (),q", "n>5,m<10", "a==b"];
    fuzz::run("selectors", &corpus, |input| {
        let fields = input.parse::<FieldSelector>().map(|fields| fields.to_string());
        if let Ok(text) = fields {
            assert_eq!(text.parse::<FieldSelector>().expect("it reads back").to_string(), text);
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
