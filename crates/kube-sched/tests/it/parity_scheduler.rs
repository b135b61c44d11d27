//! Against the decisions of kube-scheduler v1.36.2: which nodes, for which reasons, and every score.

use kube_core::kinds::core::v1::{PersistentVolume, PersistentVolumeClaim};
use kube_core::kinds::policy::v1::PodDisruptionBudget;
use kube_core::kinds::storage::v1::{CSIDriver, CSINode, CSIStorageCapacity, StorageClass, VolumeAttachment};
use kube_core::view::{NodeView, PodView, View, from_value};
use kube_sched::engine::{Engine, Evaluation, Room};
use kube_sched::framework::{PodInfo, Reasons, Verdict};
use kube_sched::plugins::ResourceSpec;
use kube_sched::plugins::default_preemption::DefaultPreemption;
use kube_sched::plugins::node_resources_fit::{NodeResourcesFit, Prefer, ScoringStrategy, Shape};
use kube_sched::profile::Profile;
use kube_sched::snapshot::{
    Kept, NamespaceView, ReplicaSetView, ReplicationControllerView, ServiceView, Snapshot, StatefulSetView,
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

#[test]
fn parity_scheduler_node_affinity() {
    run("node_affinity");
}

#[test]
fn parity_scheduler_taints() {
    run("taints");
}

#[test]
fn parity_scheduler_host_ports() {
    run("host_ports");
}

#[test]
fn parity_scheduler_image_locality() {
    run("image_locality");
}

#[test]
fn parity_scheduler_best_effort() {
    run("best_effort");
}

#[test]
fn parity_scheduler_resources() {
    run("resources");
}

#[test]
fn parity_scheduler_scoring_strategy() {
    run("scoring_strategy");
}

#[test]
fn parity_scheduler_node_name_unschedulable() {
    run("node_name_unschedulable");
}

#[test]
fn parity_scheduler_inter_pod_affinity() {
    run("inter_pod_affinity");
}

#[test]
fn parity_scheduler_inter_pod_affinity_scoring() {
    run("inter_pod_affinity_scoring");
}

#[test]
fn parity_scheduler_topology_spread() {
    run("topology_spread");
}

#[test]
fn parity_scheduler_topology_spread_defaults() {
    run("topology_spread_defaults");
}

#[test]
fn parity_scheduler_mixed() {
    run("mixed");
}

#[test]
fn parity_scheduler_volumes() {
    run("volumes");
}

#[test]
fn parity_scheduler_preemption() {
    run("preemption");
}

fn run(file: &str) {
    kube_testkit::parity::run_whole(env!("CARGO_MANIFEST_DIR"), "scheduler", file, |case| {
        let mut cluster = Snapshot::new();
        for node in objects::<NodeView>(case, "nodes")? {
            cluster.upsert_node(&node);
        }
        for pod in objects::<PodView>(case, "pods")? {
            cluster.upsert_pod(&pod);
        }
        keep_others(case, &mut cluster)?;
        let engine = Engine::new(&profile(case)).map_err(|error| error.to_string())?;
        let pod = PodInfo::new(from_value::<PodView>(case["pod"].clone()).map_err(|e| e.to_string())?);
        let answer = engine.evaluate(&cluster, &pod).map_err(|error| error.to_string())?;
        check(&answer, &case["expect"])?;
        match case["expect"].get("preemption") {
            None => Ok(()),
            Some(expect) => {
                let got = engine.room(&cluster, &pod, |room| preemption(&pod, room));
                let got = got.map_err(|error| error.to_string())?.ok_or("a node fits")?;
                same_preemption(&got, expect)
            }
        }
    });
}

fn keep_others(case: &Value, cluster: &mut Snapshot) -> Result<(), String> {
    keep::<NamespaceView>(case, "namespaces", cluster)?;
    keep::<ServiceView>(case, "services", cluster)?;
    keep::<ReplicationControllerView>(case, "replicationControllers", cluster)?;
    keep::<ReplicaSetView>(case, "replicaSets", cluster)?;
    keep::<StatefulSetView>(case, "statefulSets", cluster)?;
    keep::<PersistentVolume>(case, "pvs", cluster)?;
    keep::<PersistentVolumeClaim>(case, "pvcs", cluster)?;
    keep::<StorageClass>(case, "storageClasses", cluster)?;
    keep::<CSINode>(case, "csiNodes", cluster)?;
    keep::<CSIDriver>(case, "csiDrivers", cluster)?;
    keep::<CSIStorageCapacity>(case, "csiStorageCapacities", cluster)?;
    keep::<VolumeAttachment>(case, "volumeAttachments", cluster)?;
    keep::<PodDisruptionBudget>(case, "pdbs", cluster)
}

fn keep<V: Kept>(case: &Value, field: &str, cluster: &mut Snapshot) -> Result<(), String> {
    for object in objects::<V>(case, field)? {
        cluster.upsert(object);
    }
    Ok(())
}

fn objects<V: View>(case: &Value, field: &str) -> Result<Vec<Arc<V>>, String> {
    let objects = case[field].as_array().into_iter().flatten();
    objects.map(|object| from_value(object.clone()).map(Arc::new).map_err(|e| e.to_string())).collect()
}

/// The default profile, with the scoring strategy of the case.
fn profile(case: &Value) -> Profile {
    let Some(args) = case.get("scoringStrategy") else { return Profile::default() };
    let list = |field: &Value| field.as_array().cloned().unwrap_or_default();
    let resources = list(&args["resources"]);
    let resources = resources
        .iter()
        .map(|spec| ResourceSpec::new(spec["name"].as_str().unwrap(), spec["weight"].as_i64().unwrap()));
    let points = list(&args["requestedToCapacityRatio"]["shape"]);
    let points = points
        .iter()
        .map(|point| (point["utilization"].as_i64().unwrap_or(0), point["score"].as_i64().unwrap_or(0)));
    let prefer = match args["type"].as_str().unwrap() {
        "LeastAllocated" => Prefer::LeastAllocated,
        "MostAllocated" => Prefer::MostAllocated,
        "RequestedToCapacityRatio" => Prefer::RequestedToCapacityRatio(Shape::new(points)),
        other => panic!("no such strategy: {other}"),
    };
    let strategy = ScoringStrategy { resources: resources.collect(), prefer };
    Profile::default().replace(NodeResourcesFit::new(strategy))
}

fn check(answer: &Evaluation, expect: &Value) -> Result<(), String> {
    same("prefilter", &prefilter(answer), &expect["prefilter"])?;
    same("filter", &filter(answer), &expect["filter"])?;
    let mut want = expect["scores"].as_object().cloned().unwrap_or_default();
    for scores in want.values_mut() {
        drop_silent(scores)?;
    }
    same("scores", &scores(answer), &Value::Object(want))?;
    same("raw scores", &raw_scores(answer), &raw_wanted(expect))?;
    let mut best: Vec<&str> = answer.best().into_iter().map(|node| &**node).collect();
    best.sort_unstable();
    same("best", &json!(best), &expect["best"])
}

/// What making room comes to, in the form of the vectors.
fn preemption(pod: &PodInfo, room: &Room<'_>) -> Value {
    let search = match DefaultPreemption.search(pod, room) {
        Ok(search) => search,
        Err(message) => return json!({ "eligible": false, "message": message }),
    };
    let candidates = search.candidates.iter().map(|candidate| {
        let victims: Vec<String> = candidate.victims.iter().map(|pod| pod.key().to_string()).collect();
        (candidate.node.to_string(), json!({ "victims": victims, "numPDBViolations": candidate.violations }))
    });
    let unhelpful = search.unhelpful.iter().map(|(node, plugin, verdict)| {
        let (code, reasons) = match verdict {
            Verdict::Never(reasons) => ("UnschedulableAndUnresolvable", Some(reasons)),
            other => ("Unschedulable", other.reasons()),
        };
        let reasons = sorted(reasons.into_iter().flat_map(Reasons::iter));
        (node.to_string(), json!({ "plugin": plugin, "code": code, "reasons": reasons }))
    });
    json!({
        "eligible": true,
        "candidates": Value::Object(candidates.collect()),
        "notHelpful": Value::Object(unhelpful.collect()),
        "chosen": sorted(search.chosen().iter().map(|candidate| &*candidate.node)),
    })
}

fn same_preemption(got: &Value, want: &Value) -> Result<(), String> {
    for field in ["eligible", "message", "candidates", "notHelpful", "chosen"] {
        let empty = |value: &Value| match value {
            Value::Null => true,
            Value::Object(map) => map.is_empty(),
            Value::Array(list) => list.is_empty(),
            _ => false,
        };
        if !(empty(&got[field]) && empty(&want[field])) {
            same(field, &got[field], &want[field])?;
        }
    }
    Ok(())
}

fn prefilter(answer: &Evaluation) -> Value {
    match (&answer.pod, &answer.only) {
        (Some(rejection), _) => {
            let status = if rejection.for_good { "UnschedulableAndUnresolvable" } else { "Unschedulable" };
            json!({ "status": status, "plugin": rejection.plugin, "reasons": sorted(rejection.reasons.iter()) })
        }
        (None, Some(names)) => {
            json!({ "status": "Success", "nodeNames": sorted(names.iter().map(|n| &**n)) })
        }
        (None, None) => Value::Null,
    }
}

fn filter(answer: &Evaluation) -> Value {
    let outcomes = answer.nodes.iter().map(|outcome| {
        let (code, reasons) = match &outcome.verdict {
            Verdict::Fits => return (outcome.node.to_string(), Value::Null),
            Verdict::No(reasons) => ("Unschedulable", reasons),
            Verdict::Never(reasons) => ("UnschedulableAndUnresolvable", reasons),
        };
        let rejection = json!({ "plugin": outcome.plugin, "code": code, "reasons": sorted(reasons.iter()) });
        (outcome.node.to_string(), rejection)
    });
    Value::Object(outcomes.collect())
}

fn scores(answer: &Evaluation) -> Value {
    let nodes = answer.scores.iter().map(|scores| {
        let plugins: Map<String, Value> =
            scores.plugins.iter().map(|(name, _, weighted)| ((*name).to_owned(), json!(weighted))).collect();
        (scores.node.to_string(), json!({ "total": scores.total, "plugins": plugins }))
    });
    Value::Object(nodes.collect())
}

/// A plugin that is not built yet may stand in the answer as long as it says nothing.
fn drop_silent(scores: &mut Value) -> Result<(), String> {
    let silent = scores["plugins"].as_object_mut().and_then(|plugins| plugins.remove("DynamicResources"));
    match silent.as_ref().and_then(Value::as_i64) {
        None | Some(0) => Ok(()),
        Some(score) => Err(format!("DynamicResources counts: {score}")),
    }
}

/// Plugin, then node, then score, where a plugin's raw scores are not all 0.
fn raw_scores(answer: &Evaluation) -> Value {
    let mut by_plugin: BTreeMap<&str, BTreeMap<&str, i64>> = BTreeMap::new();
    for scores in &answer.scores {
        for (name, raw, _) in &scores.plugins {
            if NORMALIZED.contains(name) {
                by_plugin.entry(name).or_default().insert(&scores.node, *raw);
            }
        }
    }
    by_plugin.retain(|_, scores| scores.values().any(|score| *score != 0));
    json!(by_plugin)
}

fn raw_wanted(expect: &Value) -> Value {
    expect.get("raw_scores").cloned().unwrap_or_else(|| json!({}))
}

fn sorted<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<&'t str> {
    let mut texts: Vec<&str> = texts.collect();
    texts.sort_unstable();
    texts
}

fn same(what: &str, got: &Value, want: &Value) -> Result<(), String> {
    if got == want { Ok(()) } else { Err(format!("{what}: got {got}, want {want}")) }
}

const NORMALIZED: [&str; 4] = ["TaintToleration", "NodeAffinity", "PodTopologySpread", "InterPodAffinity"];
