//! Selectors against Kubernetes' own answers.

use kube_core::kinds::core::v1 as core;
use kube_core::selector::field::{self, FieldSelector};
use kube_core::selector::node::{NodeAffinity, NodeSelector, PreferredSchedulingTerms, RequiredNodeAffinity};
use kube_core::selector::{LabelSelector, LabelSet, Selector, format_label_selector};
use kube_testkit::parity;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;

type Verdict = Result<(), String>;

const CRATE: &str = env!("CARGO_MANIFEST_DIR");

/// Errors are compared by their being there, not by their words.
fn same<E: ToString>(got: Result<Value, E>, want: &Value) -> Verdict {
    match got {
        Err(_) if want.get("error").is_some() => Ok(()),
        Err(error) => Err(format!("failed: {}; want {want}", error.to_string())),
        Ok(got) if got == *want => Ok(()),
        Ok(got) => Err(format!("got {got}; want {want}")),
    }
}

#[expect(
    clippy::expect_used,
    reason = "a vector of another shape is a failed case, and a panic fails its case alone"
)]
fn read<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).expect("the vector has the shape of the type")
}

/// Matches the sets in both the forms that callers have.
fn matches(selector: &Selector, sets: &Value) -> Vec<bool> {
    let lean: Vec<bool> = read::<Vec<LabelSet>>(sets).iter().map(|set| selector.matches(set)).collect();
    let full: Vec<bool> =
        read::<Vec<BTreeMap<String, String>>>(sets).iter().map(|set| selector.matches(set)).collect();
    assert_eq!(lean, full, "{selector}");
    lean
}

#[test]
fn parity_selectors_labels_parse() {
    parity::run(CRATE, "selectors", "labels_parse", |input, want| {
        let text: String = read(&input["selector"]);
        let got = text.parse::<Selector>().map(|selector| {
            let requirements: Vec<Value> = selector
                .requirements()
                .unwrap_or_default()
                .iter()
                .map(|r| json!({ "key": r.key(), "operator": r.operator().as_str(), "values": r.values() }))
                .collect();
            json!({
                "string": selector.to_string(), "empty": selector.is_everything(),
                "matchesNothing": selector.is_nothing(), "matches": matches(&selector, &input["labelSets"]),
                "requirements": requirements,
            })
        });
        same(got, want)
    });
}

#[test]
fn parity_selectors_label_selector() {
    parity::run(CRATE, "selectors", "label_selector", |input, want| {
        let lean: Option<LabelSelector> = read(&input["selector"]);
        let full: Option<kube_core::kinds::meta::v1::LabelSelector> = read(&input["selector"]);
        assert_eq!(full.as_ref().map(LabelSelector::from), lean);
        let got = Selector::from_lean(lean.as_ref());
        assert_eq!(Selector::from_label_selector(full.as_ref()), got);
        let as_map = match lean.as_ref().map(LabelSelector::as_map) {
            None => Value::Null,
            Some(Ok(map)) => json!(map),
            Some(Err(error)) => json!({ "error": error.to_string() }),
        };
        let got = got.map(|selector| {
            json!({
                "string": selector.to_string(), "empty": selector.is_everything(),
                "matchesNothing": selector.is_nothing(), "matches": matches(&selector, &input["labelSets"]),
                "format": format_label_selector(lean.as_ref()), "asMap": as_map,
            })
        });
        same(got, want)
    });
}

#[test]
fn parity_selectors_labels_to_map() {
    parity::run(CRATE, "selectors", "labels_to_map", |input, want| {
        if let Some(text) = input["selector"].as_str() {
            return same(text.parse::<LabelSet>().map(|labels| json!({ "labels": labels })), want);
        }
        let labels: LabelSet = read(&input["labels"]);
        let validated = Selector::from_validated_labels(&labels).map(|s| json!({ "string": s.to_string() }));
        same(validated, &want["validated"])?;
        let got = json!({
            "string": Selector::from_labels(&labels).to_string(), "format": labels.format(),
            "validated": want["validated"],
        });
        same::<String>(Ok(got), want)
    });
}

#[test]
fn parity_selectors_fields_parse() {
    parity::run(CRATE, "selectors", "fields_parse", |input, want| {
        let text: String = read(&input["selector"]);
        let sets: Vec<BTreeMap<String, String>> = read(&input["fieldSets"]);
        let got = text.parse::<FieldSelector>().map(|selector| {
            let requirements: Vec<Value> = selector
                .requirements()
                .iter()
                .map(|r| json!({ "field": r.field(), "operator": r.operator().as_str(), "value": r.value() }))
                .collect();
            let matches: Vec<bool> =
                sets.iter().map(|set| selector.matches(|field| set.get(field))).collect();
            json!({
                "string": selector.to_string(), "empty": selector.is_everything(), "matches": matches,
                "requirements": requirements,
            })
        });
        same(got, want)
    });
}

#[test]
fn parity_selectors_fields_escape() {
    parity::run(CRATE, "selectors", "fields_escape", |input, want| {
        let value: String = read(&input["value"]);
        let got = match input["op"].as_str() {
            Some("escape") => Ok(field::escape(&value)),
            Some("unescape") => field::unescape(&value),
            other => return Err(format!("unknown op {other:?}")),
        };
        same(got.map(|result| json!({ "result": result })), want)
    });
}

/// A verdict as the vectors write it. The words of an error are not compared.
fn verdict<E: ToString>(got: Result<bool, E>, want: &Value) -> Verdict {
    let got = got.map_err(|error| error.to_string());
    let right = match &got {
        Ok(matched) => want.get("error").is_none() && want["match"] == *matched,
        Err(_) => want.get("error").is_some() && want["match"] == false,
    };
    if right { Ok(()) } else { Err(format!("got {got:?}; want {want}")) }
}

fn nodes(input: &Value) -> Vec<(LabelSet, String)> {
    let nodes: Vec<Value> = read(&input["nodes"]);
    nodes.iter().map(|node| (read(&node["labels"]), read(&node["name"]))).collect()
}

#[test]
fn parity_selectors_node_selector() {
    parity::run(CRATE, "selectors", "node_selector", |input, want| {
        let selector: NodeSelector = read(&input["nodeSelector"]);
        let full: core::NodeSelector = read(&input["nodeSelector"]);
        assert_eq!(NodeSelector::from(&full), selector);
        let parsed = selector.parse().map(|_| ());
        if parsed.is_err() != want.get("parseError").is_some() {
            return Err(format!("parsing gave {parsed:?}; want {}", want["parseError"]));
        }
        let nodes = nodes(input);
        let answers: Vec<Value> = read(&want["matches"]);
        assert_eq!(nodes.len(), answers.len());
        let compiled = selector.compile();
        for ((labels, name), want) in nodes.iter().zip(&answers) {
            verdict(compiled.matches(labels, name), want)?;
            verdict(selector.matches(labels, name), want)?;
        }
        Ok(())
    });
}

#[test]
fn parity_selectors_pod_node_match() {
    parity::run(CRATE, "selectors", "pod_node_match", |input, want| {
        let spec = &input["podSpec"];
        let affinity: Option<NodeAffinity> = read(&spec["affinity"]["nodeAffinity"]);
        let affinity = affinity.unwrap_or_default();
        let required = RequiredNodeAffinity::new(read(&spec["nodeSelector"]), affinity.required.as_ref());
        let preferred = PreferredSchedulingTerms::parse(&affinity.preferred);
        let nodes = nodes(input);
        let answers: Vec<Value> = read(&want["nodes"]);
        assert_eq!(nodes.len(), answers.len());
        for ((labels, name), want) in nodes.iter().zip(&answers) {
            verdict(required.matches(labels, name), want)?;
            let Some(score) = want.get("preferredScore") else {
                // Without a score there were no terms, or one could not be read.
                assert!(affinity.preferred.is_empty() || preferred.is_err(), "{preferred:?}");
                continue;
            };
            let got = preferred.as_ref().map(|terms| terms.score(labels, name));
            if got != Ok(score.as_i64().unwrap_or(i64::MIN)) {
                return Err(format!("{name:?}: score {got:?}; want {score}"));
            }
        }
        Ok(())
    });
}
