//! What is counted, under kube-scheduler's names.

use super::world::World;
use kube_core::metrics::{Counter, Gauge, Histogram, Metrics};
use kube_sched::Scheduler;
use kube_store::client::Running;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Keeps every handle by name and labels.
#[derive(Debug, Default)]
struct Kept {
    counters: Mutex<BTreeMap<String, Counter>>,
    gauges: Mutex<BTreeMap<String, Gauge>>,
    histograms: Mutex<BTreeMap<String, Arc<Observations>>>,
}

#[derive(Debug, Default)]
struct Observations(AtomicU64);

impl Histogram for Observations {
    fn observe(&self, seconds: f64) {
        assert!(seconds >= 0.0);
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn named(name: &str, labels: &[(&'static str, &str)]) -> String {
    let labels: Vec<String> = labels.iter().map(|(label, value)| format!("{label}={value}")).collect();
    format!("{name}{{{}}}", labels.join(","))
}

impl Metrics for Kept {
    fn counter(&self, name: &'static str, labels: &[(&'static str, &str)]) -> Counter {
        self.counters.lock().unwrap().entry(named(name, labels)).or_default().clone()
    }

    fn gauge(&self, name: &'static str, labels: &[(&'static str, &str)]) -> Gauge {
        self.gauges.lock().unwrap().entry(named(name, labels)).or_default().clone()
    }

    fn histogram(&self, name: &'static str, labels: &[(&'static str, &str)]) -> Arc<dyn Histogram> {
        self.histograms.lock().unwrap().entry(named(name, labels)).or_default().clone()
    }
}

impl Kept {
    fn count(&self, what: &str) -> u64 {
        self.counters.lock().unwrap().get(what).unwrap_or_else(|| panic!("no {what}")).total()
    }

    fn shown(&self, what: &str) -> u64 {
        self.gauges.lock().unwrap().get(what).unwrap_or_else(|| panic!("no {what}")).value()
    }

    fn observed(&self, what: &str) -> u64 {
        let all = self.histograms.lock().unwrap();
        all.get(what).unwrap_or_else(|| panic!("no {what}")).0.load(Ordering::SeqCst)
    }
}

#[test]
fn attempts_waits_and_their_ends_are_counted() {
    let world = World::new();
    let kept = Arc::new(Kept::default());
    let scheduler = Scheduler::builder(&world.informers).metrics(kept.clone()).build().unwrap();
    let _running = Running::start(&world.env, Box::new(scheduler));
    world.node("n", "2");
    world.pod("fits", "1", &json!({}));
    world.pod("huge", "3", &json!({}));
    world.settle();
    let of = |result: &str| format!("{{result={result},profile=default-scheduler}}");
    let attempts = |result: &str| kept.count(&format!("scheduler_schedule_attempts_total{}", of(result)));
    assert_eq!(["scheduled", "unschedulable", "error"].map(attempts), [1, 1, 0]);
    let durations = format!("scheduler_scheduling_attempt_duration_seconds{}", of("scheduled"));
    assert_eq!(kept.observed(&durations), 1);
    assert_eq!(kept.observed("scheduler_scheduling_algorithm_duration_seconds{}"), 2);
    assert_eq!(kept.observed("scheduler_pod_scheduling_attempts{}"), 1);
    assert_eq!(kept.observed("scheduler_pod_scheduling_sli_duration_seconds{attempts=1}"), 1);
    assert_eq!(kept.shown("scheduler_pending_pods{queue=unschedulable}"), 1);
    let rejected = "scheduler_unschedulable_pods{plugin=NodeResourcesFit,profile=default-scheduler}";
    assert_eq!(kept.shown(rejected), 1);
    assert_eq!(kept.shown("scheduler_cache_size{type=nodes}"), 1);
    assert_eq!(kept.shown("scheduler_cache_size{type=assumed_pods}"), 0);
}

#[test]
fn points_plugins_queues_and_events_are_told_apart() {
    let world = World::new();
    let kept = Arc::new(Kept::default());
    let scheduler = Scheduler::builder(&world.informers).metrics(kept.clone()).build().unwrap();
    let _running = Running::start(&world.env, Box::new(scheduler));
    world.node("a", "1");
    world.node("b", "1");
    world.pod("fits", "1", &json!({}));
    world.settle();
    world.pod("huge", "3", &json!({}));
    world.settle();
    let point = |point: &str, status: &str| {
        let of = format!("{{extension_point={point},status={status},profile=default-scheduler}}");
        kept.observed(&format!("scheduler_framework_extension_point_duration_seconds{of}"))
    };
    let once =
        ["PreScore", "Score", "ScoreExtensionNormalize", "Reserve", "Permit", "PreBind", "Bind", "PostBind"];
    assert_eq!(once.map(|name| point(name, "Success")), [1; 8]);
    assert_eq!((point("PreFilter", "Success"), point("Filter", "Success")), (2, 2));
    assert_eq!(point("PostFilter", "Unschedulable"), 1);
    let evaluated = |plugin: &str, point: &str| {
        let of = format!("{{plugin={plugin},extension_point={point},profile=default-scheduler}}");
        kept.count(&format!("scheduler_plugin_evaluation_total{of}"))
    };
    assert_eq!(evaluated("NodeResourcesFit", "Filter"), 2);
    assert_eq!(evaluated("NodeResourcesFit", "Score"), 1);
    // The first attempt of ten.
    let run = "{plugin=NodeResourcesFit,extension_point=Filter,status=Success}";
    assert_eq!(kept.observed(&format!("scheduler_plugin_execution_duration_seconds{run}")), 1);
    let incoming = |queue: &str, event: &str| {
        kept.count(&format!("scheduler_queue_incoming_pods_total{{queue={queue},event={event}}}"))
    };
    assert_eq!(incoming("active", "UnscheduledPodAdd"), 2);
    assert_eq!(incoming("unschedulable", "ScheduleAttemptFailure"), 1);
    assert!(kept.observed("scheduler_event_handling_duration_seconds{event=NodeAdd}") >= 2);
    assert_eq!(kept.observed("scheduler_event_handling_duration_seconds{event=AssignedPodAdd}"), 1);
    assert_eq!(kept.shown("scheduler_goroutines{operation=binding}"), 0);
}
