//! One fault at every place where it can be.

use kube_core::kinds::apps::v1::Deployment;
use kube_core::kinds::core::v1::Pod;
use kube_sim::scenarios::{self, WEB};
use kube_sim::{Explore, Faults, Sim};
use kube_store::mutant::{Mutant, select};

/// Two pods on one node, then three, then gone.
fn small() -> Sim {
    Sim::seeds([1]).nodes(1).scenario(|c| async move {
        c.apply(WEB).await;
        c.scale::<Deployment>("default/web", 2).await;
        c.settle().await;
        c.scale::<Deployment>("default/web", 3).await;
        c.settle().await;
        c.delete::<Deployment>("default/web").await;
    })
}

/// Every so many places: as `SIM_STEP` says, every one with `SIM_EVERYWHERE`.
fn step(usually: usize) -> usize {
    let usually = if std::env::var_os("SIM_EVERYWHERE").is_some() { 1 } else { usually };
    asked("SIM_STEP").and_then(|text| text.parse().ok()).unwrap_or(usually)
}

fn asked(variable: &str) -> Option<String> {
    std::env::var_os(variable)?.into_string().ok()
}

#[test]
fn a_crash_after_any_write_does_no_harm() {
    let summary = small().explore_each(Explore::CrashAtEveryWrite, step(5)).unwrap_or_else(|f| panic!("{f}"));
    assert!(summary.runs >= 10, "{summary}");
}

#[test]
fn a_view_that_stands_still_anywhere_does_no_harm() {
    let summary = small().explore_each(Explore::StaleAtEveryRead, step(40)).unwrap_or_else(|f| panic!("{f}"));
    assert!(summary.runs >= 5, "{summary}");
}

#[test]
fn a_watch_lost_anywhere_does_no_harm() {
    let summary =
        small().explore_each(Explore::SkipAtEveryNotification, step(40)).unwrap_or_else(|f| panic!("{f}"));
    assert!(summary.runs >= 5, "{summary}");
}

/// The scenarios that together have all controllers at work.
const EACH: [&str; 14] = [
    "deployment",
    "stateful",
    "parallel",
    "daemons",
    "jobs",
    "crons",
    "evictions",
    "namespaces",
    "owners",
    "rejections",
    "services",
    "mirrors",
    "balancers",
    "silence",
];

/// Those scenarios that `SIM_EXPLORE` names (with commas between), all of them with `SIM_EVERYWHERE`, else the smallest.
#[expect(clippy::print_stdout, reason = "tells how many places there are")]
fn each_controller(what: Explore) {
    let asked = asked("SIM_EXPLORE");
    let named: Vec<&str> = match &asked {
        Some(names) => names.split(',').collect(),
        None if std::env::var_os("SIM_EVERYWHERE").is_some() => EACH.to_vec(),
        None => vec!["owners"],
    };
    for name in named {
        let (_, make) = scenarios::ALL.into_iter().find(|(other, _)| *other == name).expect("a scenario");
        let sim = make(1..2).faults(Faults::none());
        let summary = sim.explore_each(what, step(2)).unwrap_or_else(|f| panic!("{name}: {f}"));
        println!("{what:?} in {name}: {summary}");
        assert!(summary.runs > 1, "{name}: {summary}");
    }
}

#[test]
fn no_controller_minds_a_crash_after_any_write() {
    each_controller(Explore::CrashAtEveryWrite);
}

#[test]
fn no_controller_minds_a_view_that_stands_still_anywhere() {
    each_controller(Explore::StaleAtEveryRead);
}

#[test]
fn no_controller_minds_a_watch_lost_anywhere() {
    each_controller(Explore::SkipAtEveryNotification);
}

/// Two pods, one of which gets lost, and those controllers that have to do with it.
fn lossy() -> Sim {
    let controllers = ["deployment-controller", "replicaset-controller", "garbage-collector"];
    Sim::seeds([1]).nodes(1).only(&controllers).scenario(|c| async move {
        c.apply(WEB).await;
        c.scale::<Deployment>("default/web", 2).await;
        c.settle().await;
        let pod = c.state(|state| state.pods().first().map(|pod| pod.meta.key().to_string()));
        c.delete::<Pod>(&pod.expect("there are two")).await;
        c.settle().await;
    })
}

/// The pattern finds a bug of its kind, and what it prints finds it again.
fn finds(what: Explore, bug: Mutant) {
    let _guard = select(bug);
    let failure = lossy().explore(what).expect_err("there is a place where it shows");
    let again = lossy().replay(&failure.replay).expect_err("the line fails as well");
    assert_eq!(again.trouble, failure.trouble, "{}", failure.replay);
}

#[test]
fn a_crash_after_every_write_finds_who_starts_too_early() {
    finds(Explore::CrashAtEveryWrite, Mutant::StartsUnsynced);
}

#[test]
fn a_stale_view_at_every_read_finds_who_trusts_it() {
    finds(Explore::StaleAtEveryRead, Mutant::TrustsItsCache);
}

#[test]
fn a_watch_lost_at_every_event_finds_who_keeps_what_is_gone() {
    finds(Explore::SkipAtEveryNotification, Mutant::KeepsGoneObjects);
}
