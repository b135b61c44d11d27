//! Ties, isolation of plugins, undeclared reads, forks.

use super::{Decision, Engine, GroupDecision};
use crate::fixtures::{cluster, info, node, on, pod, requesting};
use crate::framework::{
    Filter, NodeRef, Nodes, Normalize, Plugin, PodInfo, Points, PreFilter, PreFiltered, Reads, Reason,
    Reasons, Score, Verdict,
};
use crate::profile::{Profile, ProfileError};
use crate::snapshot::Snapshot;
use kube_core::env::Rng;
use proptest::collection;
use proptest::prelude::proptest;
use proptest::prop_assert_eq;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A plugin made of functions.
#[derive(Clone, Copy)]
struct Made {
    filter: fn(NodeRef<'_>) -> Verdict,
    score: fn(NodeRef<'_>) -> i64,
}

const FITS: Made = Made { filter: |_| Verdict::Fits, score: |_| 0 };

impl Plugin for Made {
    fn name(&self) -> &'static str {
        "Made"
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }

    fn points(self: Arc<Self>, points: &mut Points) {
        points.filter(self.clone()).score(self);
    }
}

impl Filter for Made {
    fn filter(&self, _pod: &PodInfo, node: NodeRef<'_>) -> Verdict {
        (self.filter)(node)
    }
}

impl Score for Made {
    fn score(&self, _pod: &PodInfo, node: NodeRef<'_>) -> i64 {
        (self.score)(node)
    }

    fn normalization(&self) -> Normalize {
        Normalize::None
    }
}

fn three() -> Snapshot {
    cluster(&[node("a", json!({})), node("b", json!({})), node("c", json!({}))])
}

fn decide(made: Made) -> Decision {
    let engine = Engine::new(&Profile::empty().with(made)).unwrap();
    engine.schedule(&three(), &pod("p", json!({})))
}

#[test]
fn a_panicking_plugin_fails_its_pod_and_nothing_else() {
    let broken = Made { filter: |_| panic!("out of cheese"), ..FITS };
    let Decision::Failed(error) = decide(broken) else { panic!("it fails") };
    assert_eq!(error.to_string(), r#"plugin "Made" at Filter: panicked: out of cheese"#);
    assert_eq!(decide(FITS).node().map(AsRef::as_ref), Some("a"));
}

#[test]
fn a_score_out_of_range_is_an_error_of_its_plugin() {
    let Decision::Failed(error) = decide(Made { score: |_| 101, ..FITS }) else { panic!("it fails") };
    assert!(error.to_string().contains("invalid score 101"), "{error}");
}

#[test]
#[cfg(debug_assertions)]
fn an_undeclared_read_panics() {
    let Decision::Failed(error) = decide(Made { score: |node| i64::from(node.labels().is_empty()), ..FITS })
    else {
        panic!("it fails")
    };
    assert!(error.message.contains("does not declare"), "{error}");
}

#[test]
fn ties_are_broken_by_the_seed_alone_and_reach_every_best_node() {
    let engine = Engine::new(&Profile::default()).unwrap();
    let draw = |seed: u64| {
        let mut rng = Rng::new(seed);
        let pod = info(&pod("p", json!({})));
        let draws = (0..30).map(|_| engine.schedule_with(&three(), &pod, &mut rng));
        draws.map(|decision| decision.node().unwrap().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(draw(7), draw(7));
    assert_eq!(draw(7).into_iter().collect::<BTreeSet<_>>().len(), 3);
}

#[test]
fn without_nodes_there_is_nothing_to_blame() {
    let engine = Engine::new(&Profile::default()).unwrap();
    let Decision::Unschedulable(why) = engine.schedule(&Snapshot::new(), &pod("p", json!({}))) else {
        panic!("there are no nodes")
    };
    assert_eq!(why.to_string(), "no nodes available to schedule pods");
    assert!(why.rejectors().is_empty());
}

#[test]
fn a_single_node_that_fits_is_not_scored() {
    let engine =
        Engine::new(&Profile::empty().with(Made { score: |_| panic!("not needed"), ..FITS })).unwrap();
    let one = cluster(&[node("only", json!({}))]);
    assert_eq!(engine.schedule(&one, &pod("p", json!({}))).node().map(AsRef::as_ref), Some("only"));
}

#[test]
fn a_group_goes_as_a_whole_or_not_at_all() {
    let engine = Engine::new(&Profile::default()).unwrap();
    let world = three();
    let group = |count: usize| -> Vec<_> {
        (0..count).map(|n| Arc::new(info(&requesting(&format!("g{n}"), "3", "1Gi")))).collect()
    };
    let decide = |count, least| engine.schedule_group(&world, &group(count), least, &mut Rng::new(1));
    let GroupDecision::Place { places, .. } = decide(3, 3) else { panic!("three nodes take three") };
    assert_eq!(places.iter().map(|(_, node)| node).collect::<BTreeSet<_>>().len(), 3);
    let GroupDecision::Unschedulable { placed, first } = decide(5, 4) else {
        panic!("a fourth does not fit")
    };
    assert_eq!((placed, first.map(|(number, _)| number)), (3, Some(3)));
    let GroupDecision::Place { places, others } = decide(5, 2) else { panic!("two are enough") };
    assert_eq!((places.len(), others.len()), (3, 2));
    assert_eq!(world.pod_count(), 0, "a trial leaves the cluster alone");
}

/// Leaves one node by name.
struct Pin(&'static str, &'static str);

impl Plugin for Pin {
    fn name(&self) -> &'static str {
        self.0
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }

    fn points(self: Arc<Self>, points: &mut Points) {
        points.pre_filter(self);
    }
}

impl PreFilter for Pin {
    type State = ();

    fn pre_filter(&self, _pod: &PodInfo, _nodes: Nodes<'_>) -> PreFiltered<()> {
        match self.1 {
            "" => PreFiltered::Reject(Reasons::from(Reason::from("not today"))),
            name => PreFiltered::Only { state: (), nodes: BTreeSet::from([name.into()]) },
        }
    }

    fn filter(&self, (): &(), _pod: &PodInfo, _node: NodeRef<'_>) -> Verdict {
        Verdict::Fits
    }
}

#[test]
fn names_that_plugins_leave_are_intersected() {
    let why = |profile: Profile| match Engine::new(&profile).unwrap().schedule(&three(), &pod("p", json!({})))
    {
        Decision::Unschedulable(why) => (why.to_string(), why.rejectors().into_iter().collect::<Vec<_>>()),
        other => panic!("{other:?}"),
    };
    let agreed = Profile::empty().with(Pin("X", "b")).with(Pin("Y", "b"));
    let engine = Engine::new(&agreed).unwrap();
    assert_eq!(engine.schedule(&three(), &pod("p", json!({}))).node().map(AsRef::as_ref), Some("b"));
    let (text, rejectors) = why(Profile::empty().with(Pin("X", "b")).with(Pin("Y", "c")));
    assert_eq!(text, "0/3 nodes are available: node(s) didn't satisfy plugin(s) [X Y] simultaneously.");
    assert_eq!(rejectors, ["X", "Y"]);
    let (text, _) = why(Profile::empty().with(Pin("X", "absent")));
    assert_eq!(text, "0/3 nodes are available: 3 node(s) didn't satisfy plugin(s) [X].");
    let (text, _) = why(Profile::empty().with(Pin("X", "")));
    assert_eq!(text, "0/3 nodes are available: not today.");
}

#[test]
fn profiles_that_cannot_work_are_refused() {
    let refused = |profile: Profile| Engine::new(&profile).unwrap_err();
    assert_eq!(refused(Profile::empty().with(FITS).with(FITS)), ProfileError::Duplicate("Made"));
    assert_eq!(
        refused(Profile::empty().with(FITS).weight(0)),
        ProfileError::Weight { plugin: "Made", weight: 0 }
    );
}

/// Fits where pods are, and says that pods which go do no harm.
struct Sociable;

impl Plugin for Sociable {
    fn name(&self) -> &'static str {
        "Sociable"
    }

    fn reads(&self) -> Reads {
        Reads::NODE_REQUESTED
    }

    fn monotone(&self) -> bool {
        true
    }

    fn points(self: Arc<Self>, points: &mut Points) {
        points.filter(self);
    }
}

impl Filter for Sociable {
    fn filter(&self, _pod: &PodInfo, node: NodeRef<'_>) -> Verdict {
        if node.pod_count() > 0 { Verdict::Fits } else { Verdict::no("nobody is there") }
    }
}

#[test]
fn a_plugin_that_claims_more_than_it_keeps_is_found_out() {
    let mut world = three();
    let check = |world: &Snapshot, profile: Profile| {
        Engine::new(&profile).unwrap().check(world, &info(&requesting("p", "1", "1Gi")))
    };
    let liar = || Profile::default().with(Sociable);
    assert_eq!(check(&world, liar()), Ok(()), "without pods nothing shows");
    world.upsert_pod(&on("b", &requesting("there", "1", "1Gi")));
    let said = check(&world, liar()).unwrap_err();
    let text = "claims to be monotone, but b fits with default/there and not without it";
    assert_eq!((said.plugin, said.message.as_str()), ("Sociable", text));
    assert_eq!(check(&world, Profile::default()), Ok(()), "the built-in ones keep their word");
}

proptest! {
    /// A snapshot kept by deltas answers as its fork and as one made from scratch.
    #[test]
    fn an_answer_depends_on_the_cluster_and_not_on_its_history(
        placed in collection::vec((0..6_usize, 1..6_u8), 0..20),
        gone in collection::vec(0..20_usize, 0..8),
        wanted in 1..5_u8,
    ) {
        let nodes: Vec<_> = (0..6).map(|n| node(&format!("n{n}"), json!({}))).collect();
        let mut lived = cluster(&nodes);
        let mut pods = Vec::new();
        for (index, (on_node, cpu)) in placed.iter().enumerate() {
            let requested = requesting(&format!("p{index}"), &format!("{}m", 100 * u32::from(*cpu)), "256Mi");
            pods.push(on(&format!("n{on_node}"), &requested));
        }
        for pod in &pods {
            lived.upsert_pod(pod);
        }
        for index in gone {
            if index < pods.len() {
                let pod = pods.remove(index);
                lived.remove_pod(&pod.meta.key());
            }
        }
        let mut fresh = cluster(&nodes);
        for pod in &pods {
            fresh.upsert_pod(pod);
        }
        let engine = Engine::new(&Profile::default()).unwrap();
        let pod = info(&requesting("new", &wanted.to_string(), "1Gi"));
        let answer = engine.evaluate(&lived, &pod).unwrap();
        prop_assert_eq!(&answer, &engine.evaluate(&fresh, &pod).unwrap());
        prop_assert_eq!(&answer, &engine.evaluate(&lived.clone(), &pod).unwrap());
        let decision = engine.schedule_with(&lived, &pod, &mut Rng::new(3));
        match decision.node() {
            None => prop_assert_eq!(answer.best().len(), 0),
            Some(node) => prop_assert_eq!(answer.best().contains(&node), true),
        }
    }
}
