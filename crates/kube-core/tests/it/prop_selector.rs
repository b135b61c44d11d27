//! Selectors against a naive reading of the same rules.

use kube_core::error::FieldPath;
use kube_core::selector::field::{FieldOperator, FieldRequirement, FieldSelector, escape, unescape};
use kube_core::selector::{LabelSelector, LabelSet, Operator, Requirement, Selector};
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::{collection, sample};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a requirement says, kept apart from how it is stored.
type Said = (String, Operator, BTreeSet<String>);

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        sample::select(vec!["a", "b", "in", "notin", "x.y/z"]).prop_map(String::from),
        "[a-z]([-a-z.]{0,3}[a-z])?"
    ]
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        sample::select(vec!["", "a", "b", "in", "5", "10", "007"]).prop_map(String::from),
        "[A-Za-z0-9]{1,3}"
    ]
}

fn said() -> impl Strategy<Value = Said> {
    let exact = sample::select(vec![Operator::Equals, Operator::DoubleEquals, Operator::NotEquals]);
    let listed = sample::select(vec![Operator::In, Operator::NotIn]);
    let unary = sample::select(vec![Operator::Exists, Operator::DoesNotExist]);
    let bound = sample::select(vec![Operator::GreaterThan, Operator::LessThan]);
    let rest = prop_oneof![
        (exact, value()).prop_map(|(operator, value)| (operator, BTreeSet::from([value]))),
        (listed, collection::btree_set(value(), 1..12)),
        (unary, Just(BTreeSet::new())),
        (bound, 0..20_u32).prop_map(|(operator, n)| (operator, BTreeSet::from([n.to_string()]))),
    ];
    (key(), rest).prop_map(|(key, (operator, values))| (key, operator, values))
}

fn labels() -> impl Strategy<Value = BTreeMap<String, String>> {
    collection::btree_map(key(), value(), 0..6)
}

#[expect(clippy::expect_used, reason = "the strategy makes valid requirements only")]
fn requirement((key, operator, values): &Said) -> Requirement {
    let values = values.iter().map(|value| Arc::from(value.as_str())).collect();
    Requirement::new(key.as_str(), *operator, values, &FieldPath::root()).expect("valid")
}

fn naive((key, operator, values): &Said, labels: &BTreeMap<String, String>) -> bool {
    let value = labels.get(key);
    let number = |text: &String| text.parse::<i64>().ok();
    let bound = values.first().and_then(number);
    match (operator, value) {
        (Operator::Equals | Operator::DoubleEquals | Operator::In, Some(value)) => values.contains(value),
        (Operator::NotEquals | Operator::NotIn, Some(value)) => !values.contains(value),
        (Operator::Exists, Some(_))
        | (Operator::NotEquals | Operator::NotIn | Operator::DoesNotExist, None) => true,
        (Operator::GreaterThan, Some(value)) => number(value).zip(bound).is_some_and(|(v, b)| v > b),
        (Operator::LessThan, Some(value)) => number(value).zip(bound).is_some_and(|(v, b)| v < b),
        _ => false,
    }
}

/// Terms are sorted as they were written, and `==` sorts unlike the `=` it is printed as: the order may change.
fn sorted(selector: &FieldSelector) -> Vec<FieldRequirement> {
    let mut requirements = selector.requirements().to_vec();
    requirements.sort_unstable();
    requirements
}

proptest! {
    #[test]
    fn prop_selector_text_round_trips(said in collection::vec(said(), 0..5)) {
        let selector = Selector::all(said.iter().map(requirement));
        let text = selector.to_string();
        let back: Selector = text.parse().unwrap();
        prop_assert_eq!(&back, &selector, "{}", text);
        prop_assert_eq!(back.to_string(), text);
    }

    #[test]
    fn prop_selector_matches_as_a_naive_reading_does(said in collection::vec(said(), 0..4), labels in labels()) {
        let selector = Selector::all(said.iter().map(requirement));
        let want = said.iter().all(|said| naive(said, &labels));
        prop_assert_eq!(selector.matches(&labels), want);
        prop_assert_eq!(selector.matches(&LabelSet::from(&labels)), want);
        for key in labels.keys() {
            if let Some(exact) = selector.requires_exact(key) {
                prop_assert!(!want || labels[key] == exact);
            }
        }
    }

    #[test]
    fn prop_selector_reads_any_text_without_panic(text in "[a-c!=<>(), \\x00in\\t]{0,24}", wild in any::<String>()) {
        for text in [text, wild] {
            if let Ok(selector) = text.parse::<Selector>() {
                let back = selector.to_string().parse::<Selector>();
                prop_assert_eq!(back.as_ref(), Ok(&selector), "{:?}", text);
            }
            if let Ok(selector) = text.parse::<FieldSelector>() {
                let back = selector.to_string().parse::<FieldSelector>();
                prop_assert_eq!(back.as_ref().map(sorted), Ok(sorted(&selector)), "{:?}", text);
            }
        }
    }

    #[test]
    fn prop_selector_structure_means_what_its_text_means(said in collection::vec(said(), 0..4), labels in labels()) {
        let selector = Selector::all(said.iter().map(requirement));
        if let Ok(structure) = selector.to_string().parse::<LabelSelector>() {
            let read = structure.to_selector().unwrap();
            // A map holds one value a key: of `a=1,a=2` the last stays, so the structure may select more.
            prop_assert!(!selector.matches(&labels) || read.matches(&labels));
        }
    }

    #[test]
    fn prop_field_values_escape(value in any::<String>(), plain in "[a-z.]{1,8}", equal in any::<bool>()) {
        let escaped = escape(&value);
        let back = unescape(&escaped);
        prop_assert_eq!(back.as_deref(), Ok(value.as_str()));
        let operator = if equal { FieldOperator::Equals } else { FieldOperator::NotEquals };
        let selector = FieldSelector::all([FieldRequirement::new(plain.as_str(), operator, value.as_str())]);
        let back = selector.to_string().parse::<FieldSelector>();
        prop_assert_eq!(back.as_ref(), Ok(&selector));
        prop_assert_eq!(selector.matches(|_| Some(value.as_str())), equal);
        prop_assert_eq!(selector.matches(|_| None::<&str>), equal == value.is_empty());
    }

    #[test]
    fn prop_label_set_is_a_sorted_map(pairs in collection::vec((key(), value()), 0..12)) {
        let map: BTreeMap<String, String> = pairs.iter().cloned().collect();
        let set: LabelSet = pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        prop_assert_eq!(&set, &LabelSet::from(&map));
        prop_assert!(set.iter().map(|(k, _)| &**k).eq(map.keys().map(String::as_str)));
        prop_assert_eq!(serde_json::to_string(&set).unwrap(), serde_json::to_string(&map).unwrap());
        prop_assert_eq!(serde_json::from_str::<LabelSet>(&serde_json::to_string(&map).unwrap()).unwrap(), set);
    }
}
