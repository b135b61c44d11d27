//! One fault at every place where it can be.

use kube_core::kinds::apps::v1::Deployment;
use kube_sim::scenarios::WEB;
use kube_sim::{Explore, Sim};

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

/// Every so many places, or every one with `SIM_EVERYWHERE`.
fn step(usually: usize) -> usize {
    if std::env::var_os("SIM_EVERYWHERE").is_some() { 1 } else { usually }
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
