//! Terms across namespaces; counts are held to the vectors.

use crate::fixtures::{info, pod};
use kube_core::selector::LabelSet;
use serde_json::{Value, json};

fn matches(term: &Value, namespace: &str, labels: Option<&[(&str, &str)]>) -> (bool, bool) {
    let affinity = json!({"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}});
    let pod = info(&pod("p", json!({"affinity": affinity})));
    let terms = pod.affinity_terms().unwrap().unwrap();
    let term = &terms.required[0];
    let labels = labels.map(|labels| labels.iter().copied().collect::<LabelSet>());
    let web: LabelSet = [("app", "web")].into_iter().collect();
    (
        term.matches(namespace, &web, &labels.clone().unwrap_or_default()),
        term.matches_as_own(namespace, &web, labels.as_ref()),
    )
}

#[test]
fn a_term_is_about_its_own_namespace_unless_it_says_otherwise() {
    let selector = json!({"matchLabels": {"app": "web"}});
    let plain = json!({"topologyKey": "zone", "labelSelector": selector});
    assert_eq!(matches(&plain, "default", None), (true, true));
    assert_eq!(matches(&plain, "other", None), (false, false));
    let all = json!({"topologyKey": "zone", "labelSelector": selector, "namespaceSelector": {}});
    assert_eq!(matches(&all, "other", None), (true, true));
    let not_in = json!({"key": "tier", "operator": "NotIn", "values": ["prod"]});
    let but = json!({"topologyKey": "zone", "labelSelector": selector,
        "namespaceSelector": {"matchExpressions": [not_in]}});
    // Kubernetes' own mistake, kept: a term of the pod itself does not see the label.
    assert_eq!(matches(&but, "other", Some(&[("tier", "prod")])), (false, true));
}
