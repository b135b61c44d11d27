//! The index against the naive scan, over random histories of pods and selectors.

use kube_core::selector::{LabelSet, Selector};
use kube_net::index::{Edge, Explanation, Scope, SelectorIndex};
use proptest::prelude::{Strategy, any, prop, proptest};
use proptest::{prop_assert, prop_assert_eq};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug)]
enum Event {
    Pod(u16, &'static str, LabelSet),
    RemovePod(u16),
    Selector(u8, Option<&'static str>, Selector),
    RemoveSelector(u8),
}

const NAMESPACES: [&str; 3] = ["a", "b", "c"];
const KEYS: [&str; 4] = ["app", "tier", "size", "canary"];
const VALUES: [&str; 6] = ["web", "db", "1", "2", "12", "x"];

fn requirement() -> impl Strategy<Value = String> {
    let values = prop::collection::vec(prop::sample::select(VALUES.to_vec()), 1..3);
    (prop::sample::select(KEYS.to_vec()), values, 0..8_u8).prop_map(|(key, values, operator)| {
        let list = values.join(",");
        match operator {
            0 | 1 => format!("{key}={}", values[0]),
            2 => format!("{key} in ({list})"),
            3 => format!("{key} notin ({list})"),
            4 => format!("{key}!={}", values[0]),
            5 => key.to_owned(),
            6 => format!("!{key}"),
            _ => format!("{key}>{}", values.len()),
        }
    })
}

fn selector() -> impl Strategy<Value = Selector> {
    let some = prop::collection::vec(requirement(), 0..4).prop_map(|all| all.join(",").parse().unwrap());
    (any::<u8>(), some).prop_map(|(nothing, some)| if nothing < 8 { Selector::nothing() } else { some })
}

fn labels() -> impl Strategy<Value = LabelSet> {
    let label = (prop::sample::select(KEYS.to_vec()), prop::sample::select(VALUES.to_vec()));
    prop::collection::vec(label, 0..5).prop_map(|all| all.into_iter().collect())
}

fn event() -> impl Strategy<Value = Event> {
    let namespace = || prop::sample::select(NAMESPACES.to_vec());
    let scope = prop::option::of(namespace());
    let (pod, id) = (0..200_u16, 0..12_u8);
    let choices = (0..10_u8, pod, id, namespace(), scope, labels(), selector());
    choices.prop_map(|(choice, pod, id, namespace, scope, labels, selector)| match choice {
        0..=5 => Event::Pod(pod, namespace, labels),
        6 => Event::RemovePod(pod),
        7 | 8 => Event::Selector(id, scope, selector),
        _ => Event::RemoveSelector(id),
    })
}

#[derive(Default)]
struct Model {
    pods: BTreeMap<u16, (&'static str, LabelSet)>,
    selectors: BTreeMap<u8, (Option<&'static str>, Selector)>,
}

impl Model {
    fn edges(&self) -> BTreeSet<(u16, u8)> {
        let mut edges = BTreeSet::new();
        for (pod, (namespace, labels)) in &self.pods {
            for (id, (scope, selector)) in &self.selectors {
                if scope.is_none_or(|scope| scope == *namespace) && selector.matches(labels) {
                    edges.insert((*pod, *id));
                }
            }
        }
        edges
    }
}

fn scope_of(scope: Option<&str>) -> Scope {
    scope.map_or(Scope::Cluster, |namespace| Scope::Namespace(namespace.into()))
}

fn apply(index: &mut SelectorIndex<u16, u8>, model: &mut Model, event: Event) -> Vec<Edge<u16, u8>> {
    match event {
        Event::Pod(pod, namespace, labels) => {
            let edges = index.upsert_pod(&pod, namespace, &labels);
            model.pods.insert(pod, (namespace, labels));
            edges
        }
        Event::RemovePod(pod) => {
            model.pods.remove(&pod);
            index.remove_pod(&pod)
        }
        Event::Selector(id, scope, selector) => {
            let edges = index.upsert_selector(&id, scope_of(scope), &selector);
            model.selectors.insert(id, (scope, selector));
            edges
        }
        Event::RemoveSelector(id) => {
            model.selectors.remove(&id);
            index.remove_selector(&id)
        }
    }
}

proptest! {
    #[test]
    fn the_index_equals_the_scan(events in prop::collection::vec(event(), 1..250), asked in selector()) {
        let mut index = SelectorIndex::new();
        let mut model = Model::default();
        let mut before = BTreeSet::new();
        for event in events {
            let edges = apply(&mut index, &mut model, event);
            prop_assert!(edges.is_sorted());
            let after = model.edges();
            let has = |selected| edges.iter().filter(move |e| e.selected == selected).map(|e| (e.pod, e.selector));
            prop_assert_eq!(has(true).collect::<Vec<_>>(), after.difference(&before).copied().collect::<Vec<_>>());
            prop_assert_eq!(has(false).collect::<Vec<_>>(), before.difference(&after).copied().collect::<Vec<_>>());
            before = after;
        }
        for (pod, (namespace, labels)) in &model.pods {
            let wanted: Vec<u8> = before.iter().filter(|(p, _)| p == pod).map(|(_, s)| *s).collect();
            prop_assert_eq!(&index.selectors_of(pod), &wanted);
            prop_assert_eq!(&index.selectors_matching(namespace, labels), &wanted);
            for id in model.selectors.keys() {
                let why = index.explain(pod, id).unwrap();
                prop_assert_eq!(why == Explanation::Selected, wanted.contains(id));
            }
        }
        for id in model.selectors.keys() {
            let wanted: Vec<u16> = before.iter().filter(|(_, s)| s == id).map(|(p, _)| *p).collect();
            prop_assert_eq!(index.pods_of(id).sorted(), wanted);
        }
        for scope in [None, Some("a")] {
            let wanted: Vec<u16> = model.pods.iter()
                .filter(|(_, (namespace, labels))| scope.is_none_or(|s| s == *namespace) && asked.matches(labels))
                .map(|(pod, _)| *pod)
                .collect();
            prop_assert_eq!(index.select(&scope_of(scope), &asked).sorted(), wanted);
        }
    }
}

/// Large enough that sets become bitmaps and selectors are filed anew.
#[test]
fn a_large_namespace_equals_the_scan() {
    let mut index = SelectorIndex::new();
    let pods: Vec<LabelSet> = (0..3_000_u32)
        .map(|id| {
            let app = format!("app-{}", id % 300);
            let pairs = [("app", app), ("env", format!("e{}", id % 2)), ("id", id.to_string())];
            pairs.into_iter().chain((id % 7 == 0).then(|| ("canary", "yes".to_owned()))).collect()
        })
        .collect();
    let texts = [
        "env=e0,!canary",
        "env in (e0,e1),app=app-7",
        "canary",
        "env!=e0,id>1500",
        "!canary",
        "app notin (app-1)",
    ];
    for (id, text) in texts.iter().enumerate() {
        index.upsert_selector(&id, Scope::Namespace("ns".into()), &text.parse().unwrap());
    }
    for (id, labels) in pods.iter().enumerate() {
        index.upsert_pod(&id, "ns", labels);
    }
    for (id, text) in texts.iter().enumerate() {
        let selector: Selector = text.parse().unwrap();
        let wanted: Vec<usize> = (0..pods.len()).filter(|pod| selector.matches(&pods[*pod])).collect();
        assert_eq!(index.pods_of(&id).sorted(), wanted, "{text}");
        assert_eq!(index.pods_of(&id).len(), wanted.len());
    }
    let of_seven: Vec<usize> =
        (0..texts.len()).filter(|id| texts[*id].parse::<Selector>().unwrap().matches(&pods[7])).collect();
    assert_eq!(index.selectors_of(&7), of_seven);
}
