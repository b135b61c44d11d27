//! Plugins after the decision: they keep books, hold back, refuse and break.

use super::world::{World, key};
use kube_core::env::Mono;
use kube_core::error::ApiError;
use kube_sched::framework::{
    Bind, BindContext, Bound, Permission, Permit, Plugin, PodInfo, Points, PostBind, PreBind, QueueSort,
    Reads, Reason, Reasons, Reserve, SortKey, Verdict,
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

/// Panics wherever it is asked to after the decision, for pods of one name.
#[derive(Clone, Copy)]
struct Touchy(&'static str);

impl Touchy {
    fn touch(self, point: &str, pod: &PodInfo) {
        assert!(self.0 != point || &*pod.key().name != "bad", "do not touch");
    }
}

impl Plugin for Touchy {
    fn name(&self) -> &'static str {
        "Touchy"
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }

    fn points(self: Arc<Self>, points: &mut Points) {
        points.reserve(self.clone()).permit(self.clone()).pre_bind(self.clone());
        points.bind(self.clone()).post_bind(self.clone()).queue_sort(self);
    }
}

impl QueueSort for Touchy {
    fn key(&self, pod: &PodInfo, since: Mono) -> SortKey {
        self.touch("QueueSort", pod);
        SortKey([0, i64::try_from(since.nanos()).unwrap()])
    }
}

impl Reserve for Touchy {
    fn reserve(&self, _cluster: &mut Snapshot, pod: &PodInfo, _node: &str) -> Verdict {
        self.touch("Reserve", pod);
        Verdict::Fits
    }

    fn unreserve(&self, _cluster: &mut Snapshot, _pod: &PodInfo, _node: &str) {}
}

impl Permit for Touchy {
    fn permit(&self, pod: &PodInfo, _node: &str) -> Permission {
        self.touch("Permit", pod);
        Permission::Granted
    }
}

#[async_trait::async_trait]
impl PreBind for Touchy {
    async fn pre_bind(&self, _cx: &BindContext, pod: &PodInfo, _node: &str) -> Result<(), ApiError> {
        self.touch("PreBind", pod);
        Ok(())
    }
}

#[async_trait::async_trait]
impl Bind for Touchy {
    async fn bind(&self, _cx: &BindContext, pod: &PodInfo, _node: &str) -> Result<Bound, ApiError> {
        self.touch("Bind", pod);
        Ok(Bound::Skip)
    }
}

impl PostBind for Touchy {
    fn post_bind(&self, pod: &PodInfo, _node: &str) {
        self.touch("PostBind", pod);
    }
}

#[test]
fn a_plugin_that_panics_after_the_decision_fails_its_pod_and_nothing_else() {
    for point in ["QueueSort", "Reserve", "Permit", "PreBind", "Bind", "PostBind"] {
        let world = World::new();
        world.node("n", "4");
        let profile = Profile::default().without("PrioritySort").without("DefaultBinder");
        let profile = profile.with(Touchy(point)).with(kube_sched::plugins::default_binder::DefaultBinder);
        let (_running, handle) = world.schedule(profile);
        world.pod("bad", "1", &json!({}));
        world.pod("good", "1", &json!({}));
        world.settle();
        let placed = world.placed();
        assert_eq!(placed["good"].as_deref(), Some("n"), "{point}");
        // The order in the queue has a substitute, and after the binding nothing is left to be undone.
        let bound = ["QueueSort", "PostBind"].contains(&point);
        assert_eq!(placed["bad"].is_some(), bound, "{point}");
        if !bound {
            let said = format!("plugin \"Touchy\" at {point}: panicked: do not touch");
            let events = world.events("bad");
            assert!(events.iter().any(|(_, text)| text.contains(&said)), "{point}: {events:?}");
        }
        assert_eq!(
            handle.cluster().pod_count(),
            1 + usize::from(bound),
            "{point}: what was assumed is free again"
        );
    }
}
