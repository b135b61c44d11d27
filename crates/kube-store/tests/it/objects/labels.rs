//! Lists by label give what a look at every object gives.

use super::{config_maps, map, run, world};
use kube_store::service::{DeleteOptions, ListQuery, ObjectService};
use proptest::prelude::{ProptestConfig, prop, prop_assert_eq, proptest};
use serde_json::json;

/// A change of one of a few objects: its labels, or `None` for its deletion.
type Step = (usize, Option<(usize, usize)>);

const SELECTORS: [&str; 6] = ["a=0", "a in (1)", "b=2,a!=1", "a=1,b=0", "b", "a notin (0)"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn an_index_never_lies(steps in prop::collection::vec((0..6_usize, prop::option::of((0..3_usize, 0..3_usize))), 1..40)) {
        let w = world();
        let steps: Vec<Step> = steps;
        let list = |query: ListQuery| -> Vec<(String, u64)> {
            let list = run(w.objects.list(config_maps(), &query)).expect("list");
            list.items.iter().map(|item| (item.meta.name.to_string(), item.version.revision())).collect()
        };
        for (at, (object, labels)) in steps.into_iter().enumerate() {
            let name = format!("m{object}");
            let namespace = if object % 2 == 0 { "even" } else { "odd" };
            let key = kube_core::resource::ObjectKey::new(namespace, name.as_str());
            let options = kube_store::service::WriteOptions::default();
            match labels {
                None => drop(run(w.objects.delete(config_maps(), &key, &DeleteOptions::default()))),
                Some((a, b)) => {
                    let mut new = map(&name, &at.to_string());
                    new["metadata"]["labels"] = json!({"a": a.to_string(), "b": b.to_string()});
                    if run(w.objects.create(config_maps(), namespace, new.clone(), &options)).is_err() {
                        let part = kube_store::service::Subresource::Main;
                        run(w.objects.update(config_maps(), &key, part, new, &options)).expect("updated");
                    }
                }
            }
            // Asked for again and again, so that the index lives through changes.
            for text in SELECTORS {
                let selector: kube_core::selector::Selector = text.parse().expect("selector");
                for query in [ListQuery::all(), ListQuery::namespaced("even")] {
                    let all = run(w.objects.list(config_maps(), &query)).expect("list");
                    let wanted: Vec<(String, u64)> = all
                        .items
                        .iter()
                        .filter(|item| selector.matches(&item.meta.labels))
                        .map(|item| (item.meta.name.to_string(), item.version.revision()))
                        .collect();
                    prop_assert_eq!(list(query.labels(selector.clone())), wanted, "{}", text);
                }
            }
        }
    }
}
