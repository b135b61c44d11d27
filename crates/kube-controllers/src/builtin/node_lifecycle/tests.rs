//! Who lives, who is cleared, how fast, and when not.

use super::plan::{Act, Monitor, Settings, Sight};
use super::sight::NodeSight;
use super::silence::note_silence;
use super::taints::{NOT_READY, UNREACHABLE, missing_labels, no_schedule, swapped};
use super::zones::ZoneState;
use jiff::{SignedDuration, Timestamp};
use kube_core::env::Mono;
use kube_core::kinds::core::v1::{NodeStatus, Taint};
use kube_core::kinds::meta::v1::Time;
use kube_core::taint::Effect;
use kube_core::view;
use serde_json::{Value, from_value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// A cluster as its controller sees it: nodes that beat or not, and what the controller wrote.
struct Cluster {
    monitor: Monitor,
    now: u64,
    nodes: BTreeMap<String, Node>,
}

#[derive(Clone, Default)]
struct Node {
    zone: String,
    ready: &'static str,
    silent: bool,
    renewed: u64,
    taint: Option<&'static str>,
    labels: Value,
}

impl Cluster {
    fn new(zones: &[(&str, usize)]) -> Self {
        let mut nodes = BTreeMap::new();
        for (zone, count) in zones {
            for number in 0..*count {
                let node = Node { zone: (*zone).to_owned(), ready: "True", ..Node::default() };
                nodes.insert(format!("{zone}{number:03}"), node);
            }
        }
        Self { monitor: Monitor::new(Settings::default()), now: 0, nodes }
    }

    fn silence(&mut self, prefix: &str, silent: bool) {
        for (_, node) in self.nodes.iter_mut().filter(|(name, _)| name.starts_with(prefix)) {
            node.silent = silent;
        }
    }

    fn sights(&self) -> Vec<Sight> {
        let sight = |(name, node): (&String, &Node)| {
            let mut labels = json!({ "topology.kubernetes.io/zone": node.zone });
            for (key, value) in node.labels.as_object().into_iter().flatten() {
                labels[key] = value.clone();
            }
            let taints: Vec<Value> =
                node.taint.iter().map(|key| json!({ "key": key, "effect": "NoExecute" })).collect();
            let conditions = json!([{ "type": "Ready", "status": node.ready }]);
            let object = json!({
                "metadata": { "name": name, "uid": name, "labels": labels },
                "spec": { "taints": taints },
                "status": { "conditions": if node.ready.is_empty() { json!([]) } else { conditions } },
            });
            let renewed = Timestamp::UNIX_EPOCH
                + SignedDuration::from_secs(i64::try_from(node.renewed).expect("a time"));
            let node: NodeSight = view::from_value(object).expect("a node");
            Sight { node: Arc::new(node), renewed: Some(renewed) }
        };
        self.nodes.iter().map(sight).collect()
    }

    /// One second goes by. Gives what was done, as `verb node`.
    fn tick(&mut self) -> Vec<String> {
        self.now += 1;
        for node in self.nodes.values_mut().filter(|node| !node.silent) {
            if self.now.is_multiple_of(10) {
                node.renewed = self.now;
                node.ready = "True";
            }
        }
        let mono = Mono::from_nanos(0) + Duration::from_secs(self.now);
        let (acts, _) = self.monitor.step(&self.sights(), mono);
        acts.iter().map(|act| self.apply(act)).collect()
    }

    fn apply(&mut self, act: &Act) -> String {
        let mut change = |node: &NodeSight, verb: &str, change: &dyn Fn(&mut Node)| {
            if let Some(node) = self.nodes.get_mut(&*node.meta.name) {
                change(node);
            }
            format!("{verb} {}", node.meta.name)
        };
        match act {
            Act::Register(node) => change(node, "register", &|_| {}),
            Act::Remove(name, _) => format!("remove {name}"),
            Act::Silence { node, .. } => change(node, "silence", &|node| node.ready = "Unknown"),
            Act::Unready(node) => change(node, "unready", &|_| {}),
            Act::Clear(node, key) => change(node, "clear", &|node| node.taint = Some(key)),
            Act::Restore(node) => change(node, "restore", &|node| node.taint = None),
        }
    }

    fn run(&mut self, seconds: u64) -> Vec<(u64, String)> {
        let mut all = Vec::new();
        for _ in 0..seconds {
            let done = self.tick();
            all.extend(done.into_iter().map(|what| (self.now, what)));
        }
        all
    }

    fn count(done: &[(u64, String)], verb: &str) -> usize {
        done.iter().filter(|(_, what)| what.starts_with(verb)).count()
    }
}

#[test]
fn a_silent_node_is_noted_after_its_grace_and_then_cleared() {
    let mut cluster = Cluster::new(&[("a", 3)]);
    assert_eq!(Cluster::count(&cluster.run(30), "register"), 3);
    assert!(cluster.run(30).is_empty());
    cluster.silence("a000", true);
    let done = cluster.run(60);
    // It was seen last by the look of second 61; after more than 50 s more it is noted, and cleared by the next look.
    assert_eq!(done, [(116, "silence a000".to_owned())], "{done:?}");
    assert_eq!(cluster.run(2), [(121, "clear a000".to_owned())]);
    cluster.silence("a000", false);
    assert_eq!(Cluster::count(&cluster.run(20), "restore a000"), 1);
    assert!(cluster.run(100).is_empty());
}

/// The lease is long over, but this controller has just begun to look.
#[test]
fn an_old_lease_proves_nothing_to_a_new_controller() {
    let mut cluster = Cluster::new(&[("a", 3)]);
    cluster.run(1000);
    cluster.silence("a000", true);
    cluster.run(20);
    cluster.monitor = Monitor::new(Settings::default());
    cluster.now += 10_000;
    cluster.silence("a000", false);
    let done = cluster.run(200);
    assert_eq!(Cluster::count(&done, "silence") + Cluster::count(&done, "clear"), 0, "{done:?}");
    cluster.silence("a000", true);
    cluster.monitor = Monitor::new(Settings::default());
    assert_eq!(Cluster::count(&cluster.run(50), "silence"), 0, "it gets the whole grace again");
    assert_eq!(Cluster::count(&cluster.run(10), "silence"), 1);
}

#[test]
fn time_in_which_nobody_looked_is_not_held_against_nodes() {
    let mut cluster = Cluster::new(&[("a", 3)]);
    cluster.run(30);
    // The process stood still, and what nodes wrote meanwhile is not here yet.
    cluster.now += 600;
    let (acts, _) =
        cluster.monitor.step(&cluster.sights(), Mono::from_nanos(0) + Duration::from_secs(cluster.now));
    assert!(acts.is_empty(), "{acts:?}");
    cluster.silence("a000", true);
    assert_eq!(Cluster::count(&cluster.run(70), "silence a000"), 1);
}

#[test]
fn a_node_that_never_reported_gets_longer() {
    let mut cluster = Cluster::new(&[("a", 2)]);
    let node = cluster.nodes.get_mut("a000").expect("a node");
    (node.ready, node.silent) = ("", true);
    assert_eq!(Cluster::count(&cluster.run(60), "silence"), 0);
    assert_eq!(Cluster::count(&cluster.run(10), "silence a000"), 1);
    let (created, now) =
        (Time(Timestamp::UNIX_EPOCH), Time(Timestamp::UNIX_EPOCH + SignedDuration::from_mins(1)));
    let mut status = NodeStatus::default();
    assert!(note_silence(&mut status, Some(&created), &now));
    let conditions = status.conditions.clone().expect("conditions");
    assert_eq!(conditions.len(), 4);
    assert!(
        conditions
            .iter()
            .all(|c| c.status == "Unknown" && c.reason.as_deref() == Some("NodeStatusNeverUpdated"))
    );
    assert!(!note_silence(&mut status, Some(&created), &now));
}

#[test]
fn nodes_of_a_zone_are_cleared_one_in_ten_seconds() {
    let mut cluster = Cluster::new(&[("a", 20), ("b", 5)]);
    cluster.run(60);
    for number in 0..5 {
        cluster.silence(&format!("a00{number}"), true);
    }
    let done = cluster.run(160);
    assert_eq!(Cluster::count(&done, "silence"), 5);
    let times: Vec<u64> =
        done.iter().filter(|(_, what)| what.starts_with("clear")).map(|(time, _)| *time).collect();
    assert_eq!(times.len(), 5);
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= 10), "{times:?}");
}

#[test]
fn a_small_zone_that_is_disrupted_is_left_alone_a_large_one_cleared_slowly() {
    for (size, least, most) in [(20, 0, 0), (60, 3, 5)] {
        let mut cluster = Cluster::new(&[("a", size), ("b", 5)]);
        cluster.run(60);
        // More than 55 %, but not all; the first of them have their taints before the zone is seen to be disrupted.
        for number in 0..size * 6 / 10 {
            cluster.silence(&format!("a{number:03}"), true);
        }
        let done = cluster.run(460);
        let cleared = Cluster::count(&done, "clear");
        assert!((least..=most).contains(&cleared), "{cleared} of {size}");
    }
}

#[test]
fn a_zone_that_is_wholly_down_is_cleared_at_the_usual_pace() {
    let mut cluster = Cluster::new(&[("a", 4), ("b", 4)]);
    cluster.run(60);
    cluster.silence("a", true);
    let done = cluster.run(120);
    assert_eq!((Cluster::count(&done, "silence a"), Cluster::count(&done, "clear a")), (4, 4));
}

#[test]
fn where_nobody_answers_nobody_is_cleared() {
    let mut cluster = Cluster::new(&[("a", 4), ("b", 4)]);
    cluster.run(60);
    cluster.silence("a000", true);
    cluster.run(70);
    assert_eq!(cluster.nodes["a000"].taint, Some(UNREACHABLE));
    cluster.silence("", true);
    let done = cluster.run(300);
    assert_eq!(Cluster::count(&done, "silence"), 7);
    assert_eq!(Cluster::count(&done, "clear"), 0, "{done:?}");
    assert_eq!(cluster.nodes["a000"].taint, None, "it cannot be told from the others any more");
    // One answers again: it is the others that are silent, and they are cleared at the usual pace.
    cluster.silence("b000", false);
    let done = cluster.run(45);
    assert_eq!(Cluster::count(&done, "silence"), 0);
    let cleared = Cluster::count(&done, "clear a");
    assert!((2..=5).contains(&cleared) && Cluster::count(&done, "clear b000") == 0, "{done:?}");
}

#[test]
fn the_reason_of_a_taint_follows_the_node_at_once() {
    let mut cluster = Cluster::new(&[("a", 3)]);
    cluster.run(60);
    cluster.silence("a000", true);
    cluster.run(70);
    let node = cluster.nodes.get_mut("a000").expect("a node");
    (node.ready, node.renewed) = ("False", 1_000_000);
    assert_eq!(Cluster::count(&cluster.run(5), "clear a000"), 1);
    assert_eq!(cluster.nodes["a000"].taint, Some(NOT_READY));
}

#[test]
fn nodes_come_and_go() {
    let mut cluster = Cluster::new(&[("a", 2)]);
    cluster.run(10);
    cluster.nodes.remove("a000");
    cluster.nodes.insert("a007".to_owned(), Node { zone: "a".to_owned(), ready: "True", ..Node::default() });
    let done: Vec<String> = cluster.run(5).into_iter().map(|(_, what)| what).collect();
    assert_eq!(done, ["remove a000", "register a007"]);
    cluster.nodes.clear();
    cluster.run(5);
    let (acts, wait) = cluster.monitor.step(&[], Mono::from_nanos(0) + Duration::from_mins(5));
    assert!(acts.is_empty() && wait.is_none(), "there is nothing to look at");
}

#[test]
fn excluded_nodes_do_not_count_for_their_zone() {
    let mut cluster = Cluster::new(&[("a", 2), ("b", 1)]);
    cluster.nodes.get_mut("b000").expect("a node").labels =
        json!({ "node.kubernetes.io/exclude-disruption": "" });
    cluster.run(60);
    cluster.silence("a", true);
    assert_eq!(Cluster::count(&cluster.run(120), "clear"), 0, "all that count are silent");
}

#[test]
fn nodes_that_say_that_they_never_beat_are_not_watched() {
    let object = json!({ "metadata": { "name": "n", "annotations": { "kube-plane/heartbeats": "off" } } });
    let node: Arc<NodeSight> = Arc::new(view::from_value(object).expect("a node"));
    let mut monitor = Monitor::new(Settings::default());
    for second in 0..500 {
        let mono = Mono::from_nanos(0) + Duration::from_secs(second);
        let (acts, _) = monitor.step(&[Sight { node: node.clone(), renewed: None }], mono);
        assert!(acts.iter().all(|act| matches!(act, Act::Register(_))), "{acts:?}");
    }
}

#[test]
fn states_of_zones() {
    let state = |ready, not_ready| ZoneState::of(ready, not_ready, &Settings::default());
    assert_eq!(state(0, 1), ZoneState::FullDisruption);
    assert_eq!(state(1, 2), ZoneState::Normal, "two are few");
    assert_eq!(state(9, 11), ZoneState::PartialDisruption);
    assert_eq!(state(10, 11), ZoneState::Normal);
    assert_eq!(state(0, 0), ZoneState::Normal);
}

#[test]
fn conditions_become_taints() {
    let conditions = json!([
        { "type": "Ready", "status": "Unknown" },
        { "type": "MemoryPressure", "status": "True" },
        { "type": "DiskPressure", "status": "False" },
    ]);
    let taints = json!([
        { "key": "node.kubernetes.io/disk-pressure", "effect": "NoSchedule" },
        { "key": "node.kubernetes.io/memory-pressure", "effect": "NoSchedule" },
        { "key": "own", "effect": "NoSchedule" },
        { "key": NOT_READY, "effect": "NoExecute" },
    ]);
    let object = json!({
        "metadata": { "name": "n", "labels": { "kubernetes.io/os": "linux", "beta.kubernetes.io/os": "old" } },
        "spec": { "unschedulable": true, "taints": taints },
        "status": { "conditions": conditions },
    });
    let node: NodeSight = view::from_value(object).expect("a node");
    let (add, remove) = no_schedule(&node);
    assert_eq!(add, [UNREACHABLE, "node.kubernetes.io/unschedulable"]);
    assert_eq!(remove, ["node.kubernetes.io/disk-pressure"]);
    assert_eq!(missing_labels(&node.meta.labels), [("beta.kubernetes.io/os", "linux".to_owned())]);

    let present: Vec<Taint> = from_value(taints).expect("taints");
    let swapped =
        swapped(&present, (&add, &remove), Effect::NoSchedule, Timestamp::UNIX_EPOCH).expect("a change");
    let keys: Vec<&str> = swapped.iter().map(|taint| taint.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "node.kubernetes.io/memory-pressure",
            "own",
            NOT_READY,
            UNREACHABLE,
            "node.kubernetes.io/unschedulable"
        ]
    );
    assert!(
        super::taints::swapped(&swapped, (&add, &remove), Effect::NoSchedule, Timestamp::UNIX_EPOCH)
            .is_none()
    );
}
