//! The short text is Kubernetes'; the long one says what to do.

use super::Why;
use crate::engine::{Decision, Engine};
use crate::fixtures::{cluster, info, node, on, requesting};
use crate::profile::Profile;
use serde_json::json;
use std::collections::BTreeMap;

fn why() -> Why {
    let mut cluster = cluster(&[
        node("busy", json!({})),
        node(
            "tainted",
            json!({"spec": {"taints": [{"key": "dedicated", "value": "db", "effect": "NoSchedule"}]}}),
        ),
        node("cordoned", json!({"spec": {"unschedulable": true}})),
        node("tiny", json!({"status": {"allocatable": {"cpu": "500m"}}})),
    ]);
    cluster.upsert_pod(&on("busy", &requesting("other", "3800m", "1Gi")));
    let engine = Engine::new(&Profile::default()).unwrap();
    match engine.explain(&cluster, &info(&requesting("p", "1", "1Gi"))) {
        Decision::Unschedulable(why) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_message_is_kubernetes_own() {
    assert_eq!(
        why().to_string(),
        "0/4 nodes are available: 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable, \
         2 Insufficient cpu. preemption: 0/4 nodes are available: 1 No preemption victims found for incoming pod, \
         3 Preemption is not helpful for scheduling."
    );
}

#[test]
fn it_counts_by_plugin() {
    let counts = [("NodeResourcesFit", 2), ("NodeUnschedulable", 1), ("TaintToleration", 1)];
    assert_eq!(why().by_plugin(), BTreeMap::from(counts));
    let why = why();
    let helped: Vec<&str> = why.rejections.iter().filter(|r| !r.for_good).map(|r| &*r.node).collect();
    assert_eq!(helped, ["busy"], "only there it helps when pods go");
}

#[test]
fn the_report_names_the_nearest_nodes_and_the_remedies() {
    let report = why().report();
    let nearest: Vec<&str> =
        report.lines().filter(|line| line.contains("would fit")).map(str::trim).collect();
    assert_eq!(
        nearest,
        [
            "cordoned would fit, if you uncordon cordoned",
            "tainted would fit, if you remove taint dedicated=db:NoSchedule from tainted, or tolerate it",
            "busy would fit, if you free or add 800m of cpu on busy",
        ]
    );
}

#[test]
fn a_report_has_every_plugins_word_on_every_node() {
    let both = json!({"spec": {"unschedulable": true}, "status": {"allocatable": {"cpu": "100m"}}});
    let mut cluster = cluster(&[node("both", both), node("a", json!({})), node("b", json!({}))]);
    cluster.upsert_pod(&on("b", &requesting("other", "2", "1Gi")));
    let engine = Engine::new(&Profile::default()).unwrap();
    let report = engine.report(&cluster, &info(&requesting("p", "1", "1Gi"))).unwrap();
    let against: Vec<&str> = report.nodes[0].against().map(|(plugin, _)| plugin).collect();
    assert_eq!(against, ["NodeUnschedulable", "NodeResourcesFit"], "not only the first");
    assert_eq!((report.nodes[0].total, report.best.len(), &*report.best[0]), (None, 1, "a"));
    let totals = [report.nodes[1].total.unwrap(), report.nodes[2].total.unwrap()];
    assert_eq!(report.margin, Some(totals[0] - totals[1]));
    let text = report.to_string();
    assert!(text.contains("a fits") && text.contains("the best") && text.contains("behind"), "{text}");
}
