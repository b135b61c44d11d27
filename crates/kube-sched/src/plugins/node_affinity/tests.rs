//! Pins and hints; matching itself is held to the vectors.

use super::{NodeAffinity, pinned};
use crate::fixtures::{info, node, pod};
use crate::framework::{ClusterEvent, EnqueueHints, Hint, PodInfo};
use serde_json::{Value, json};
use std::sync::Arc;

fn with_terms(terms: &Value) -> PodInfo {
    let required = json!({"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}});
    info(&pod("p", json!({"affinity": {"nodeAffinity": required}})))
}

fn names(terms: &Value) -> Option<Vec<String>> {
    Some(pinned(&with_terms(terms))?.iter().map(ToString::to_string).collect())
}

fn name_in(names: &[&str]) -> Value {
    json!({"key": "metadata.name", "operator": "In", "values": names})
}

#[test]
fn terms_are_alternatives_and_the_fields_of_one_hold_together() {
    let both = json!([{"matchFields": [name_in(&["a"])]}, {"matchFields": [name_in(&["b"])]}]);
    assert_eq!(names(&both), Some(vec!["a".to_owned(), "b".to_owned()]));
    let conflict = json!([{"matchFields": [name_in(&["a"]), name_in(&["b"])]}]);
    assert_eq!(names(&conflict), Some(Vec::new()));
    let labels = json!({"matchExpressions": [{"key": "disk", "operator": "Exists"}]});
    assert_eq!(names(&json!([{"matchFields": [name_in(&["a"])]}, labels])), None);
    assert_eq!(names(&json!([])), None);
}

#[test]
fn only_a_node_that_begins_to_match_wakes_the_pod() {
    let pod = info(&pod("p", json!({"nodeSelector": {"disk": "ssd"}})));
    let (plain, ssd) = (node("n", json!({})), node("n", json!({"metadata": {"labels": {"disk": "ssd"}}})));
    let update = |old: &_, new: &_| ClusterEvent::NodeUpdated { old: Arc::clone(old), new: Arc::clone(new) };
    assert_eq!(NodeAffinity::default().hint(&pod, &update(&plain, &ssd)), Hint::Queue);
    assert_eq!(NodeAffinity::default().hint(&pod, &update(&ssd, &ssd)), Hint::Skip);
    assert_eq!(NodeAffinity::default().hint(&pod, &update(&ssd, &plain)), Hint::Skip);
    assert_eq!(NodeAffinity::default().hint(&pod, &ClusterEvent::NodeAdded(plain)), Hint::Skip);
}
