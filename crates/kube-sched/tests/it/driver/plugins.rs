//! Plugins after the decision: they keep books, hold back, refuse and break.

use super::world::{World, key};
use kube_core::error::ApiError;
use kube_sched::framework::{
    Bind, BindContext, Bound, Permission, Permit, Plugin, PodInfo, Points, Reads, Reason, Reasons, Reserve,
    Verdict,
};
use kube_sched::{Profile, Snapshot};
use serde_json::json;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Counts what is reserved, and lets every pod wait.
#[derive(Clone, Default)]
struct Booked(Arc<AtomicI64>);

impl Plugin for Booked {
    fn name(&self) -> &'static str {
        "Booked"
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }

    fn points(self: Arc<Self>, points: &mut Points) {
        points.reserve(self.clone()).permit(self);
    }
}

impl Reserve for Booked {
    fn reserve(&self, _cluster: &mut Snapshot, _pod: &PodInfo, _node: &str) -> Verdict {
        self.0.fetch_add(1, Ordering::SeqCst);
        Verdict::Fits
    }

    fn unreserve(&self, _cluster: &mut Snapshot, _pod: &PodInfo, _node: &str) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Permit for Booked {
    fn permit(&self, _pod: &PodInfo, _node: &str) -> Permission {
        Permission::Wait(Duration::from_secs(30))
    }
}

#[test]
fn a_pod_waits_for_its_permission() {
    let world = World::new();
    world.node("n", "4");
    let booked = Booked::default();
    let (_running, handle) = world.schedule(Profile::default().with(booked.clone()));
    world.pod("yes", "1", &json!({}));
    world.pod("no", "1", &json!({}));
    world.settle();
    assert_eq!(world.placed().values().flatten().count(), 0);
    assert_eq!(handle.waiting_for_permission(), [key("no"), key("yes")]);
    assert_eq!(handle.cluster().node("n").unwrap().pod_count(), 2, "both count on their node meanwhile");

    assert!(handle.allow(&key("yes"), "Booked"));
    assert!(!handle.allow(&key("yes"), "Booked"));
    assert!(handle.refuse(&key("no"), "Booked", Reasons::from(Reason::from("not this one"))));
    world.settle();
    assert_eq!(world.placed()["yes"].as_deref(), Some("n"));
    assert_eq!(world.placed()["no"], None);
    let said = "0/1 nodes are available: not this one.".to_owned();
    assert!(world.events("no").contains(&("FailedScheduling".to_owned(), said)));
    assert_eq!(booked.0.load(Ordering::SeqCst), 1 + i64::from(!handle.waiting_for_permission().is_empty()));
}

#[test]
fn a_permission_that_does_not_come_is_refused_in_time() {
    let world = World::new();
    world.node("n", "4");
    let (_running, handle) = world.schedule(Profile::default().with(Booked::default()));
    world.pod("p", "1", &json!({}));
    world.pass(Duration::from_secs(31));
    let said = "0/1 nodes are available: timed out waiting for permission.".to_owned();
    assert!(world.events("p").contains(&("FailedScheduling".to_owned(), said)), "{:?}", world.events("p"));
    assert_eq!(handle.tally().bound, 0);
}

/// Fails twice, then leaves the pod to the next binder.
#[derive(Clone, Default)]
struct Flaky {
    calls: Arc<AtomicU32>,
    nodes: Arc<Mutex<Vec<String>>>,
}

impl Plugin for Flaky {
    fn name(&self) -> &'static str {
        "Flaky"
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }

    fn points(self: Arc<Self>, points: &mut Points) {
        points.bind(self);
    }
}

#[async_trait::async_trait]
impl Bind for Flaky {
    async fn bind(&self, _cx: &BindContext, _pod: &PodInfo, node: &str) -> Result<Bound, ApiError> {
        self.nodes.lock().unwrap().push(node.to_owned());
        if self.calls.fetch_add(1, Ordering::SeqCst) < 2 {
            return Err(ApiError::timeout("no answer"));
        }
        Ok(Bound::Skip)
    }
}

#[test]
fn a_binding_that_fails_is_tried_again_after_a_backoff() {
    let world = World::new();
    world.node("n", "1");
    let flaky = Flaky::default();
    // Ahead of the default binder, which gets the pod when this one passes.
    let profile = Profile::default().without("DefaultBinder").with(flaky.clone());
    let profile = profile.with(kube_sched::plugins::default_binder::DefaultBinder);
    let (_running, handle) = world.schedule(profile);
    world.pod("p", "1", &json!({}));
    world.pass(Duration::from_millis(500));
    assert_eq!(flaky.calls.load(Ordering::SeqCst), 1, "the back-off is a second");
    assert_eq!(handle.cluster().node("n").unwrap().pod_count(), 0, "what was assumed is free again");
    world.pass(Duration::from_secs(4));
    assert_eq!(flaky.calls.load(Ordering::SeqCst), 3);
    assert_eq!(world.placed()["p"].as_deref(), Some("n"));
    let said = "binding rejected: no answer".to_owned();
    assert!(world.events("p").contains(&("FailedScheduling".to_owned(), said)));
    assert_eq!((handle.tally().bound, handle.tally().failed), (1, 2));
}
