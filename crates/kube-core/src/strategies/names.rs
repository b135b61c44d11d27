//! Names, labels, selectors and quantities.

use crate::kinds::meta::v1::{LabelSelector, LabelSelectorRequirement};
use crate::quantity::Quantity;
use crate::selector::Selector;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::{Just, Strategy, prop_oneof};
use proptest::sample::select;
use std::collections::BTreeMap;

/// DNS labels, as objects and containers are named.
pub fn name() -> impl Strategy<Value = String> {
    "[a-z]([-a-z0-9]{0,10}[a-z0-9])?"
}

fn label_key() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => select(vec!["app", "tier", "release", "app.kubernetes.io/name"]).prop_map(str::to_owned),
        1 => "[a-z]{1,4}\\.[a-z]{2,3}/[A-Za-z]([-A-Za-z0-9_.]{0,6}[A-Za-z0-9])?",
    ]
}

fn label_value() -> impl Strategy<Value = String> {
    "([A-Za-z0-9]([-A-Za-z0-9_.]{0,8}[A-Za-z0-9])?)?"
}

/// Labels: up to four.
pub fn labels() -> impl Strategy<Value = BTreeMap<String, String>> {
    btree_map(label_key(), label_value(), 0..5)
}

fn requirement() -> impl Strategy<Value = LabelSelectorRequirement> {
    let listed = (select(vec!["In", "NotIn"]), btree_set(label_value(), 1..4))
        .prop_map(|(operator, values)| (operator, Some(values.into_iter().collect())));
    let unary = select(vec!["Exists", "DoesNotExist"]).prop_map(|operator| (operator, None));
    (label_key(), prop_oneof![listed, unary]).prop_map(|(key, (operator, values))| LabelSelectorRequirement {
        key,
        operator: operator.to_owned(),
        values,
    })
}

/// Label selectors as objects hold them; empty ones among them.
pub fn label_selector() -> impl Strategy<Value = LabelSelector> {
    let expressions = option::of(vec(requirement(), 1..3));
    let labels = option::of(btree_map(label_key(), label_value(), 1..4));
    (labels, expressions)
        .prop_map(|(match_labels, match_expressions)| LabelSelector { match_labels, match_expressions })
}

/// Parsed selectors; those of everything and of nothing among them.
pub fn selector() -> impl Strategy<Value = Selector> {
    let some = label_selector().prop_map(|selector| {
        // A valid selector compiles.
        Selector::from_label_selector(Some(&selector)).unwrap_or_else(|_| Selector::everything())
    });
    prop_oneof![8 => some, 1 => Just(Selector::everything()), 1 => Just(Selector::nothing())]
}

/// Quantities in every notation, above zero.
pub fn quantity() -> impl Strategy<Value = Quantity> {
    let suffix = select(vec!["", "m", "k", "M", "G", "Ki", "Mi", "Gi", "e3"]);
    // Within what every notation holds.
    (1_i64..100_000, suffix)
        .prop_filter_map("a quantity", |(number, suffix)| Quantity::parse(&format!("{number}{suffix}")).ok())
}
