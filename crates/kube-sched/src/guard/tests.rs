//! Who may bind, knowing what.

use super::{Basis, NodeGuard, overtaken};
use kube_core::env::Env;
use kube_core::error::ApiError;
use kube_core::resource::ObjectKey;
use kube_core::view::{KindView, NodeView, PodView};
use kube_store::objects::Objects;
use kube_store::service::{DeleteOptions, ObjectService, Subresource, WriteOptions};
use kube_store::storage::{KeyRange, ListOptions, MemoryStorage, Revision};
use serde_json::{Value, json};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

struct Server(Arc<Objects>);

impl Server {
    fn new() -> Self {
        let (env, _clock) = Env::manual(1);
        let objects = Objects::builder(Arc::new(MemoryStorage::with_env(&env)), env);
        let objects = objects.contributor("", "Pod", Arc::new(NodeGuard));
        Self(objects.contributor("", "Node", Arc::new(NodeGuard)).build())
    }

    fn node(&self, name: &str) {
        let options = WriteOptions::default();
        let node = json!({"metadata": {"name": name}});
        run(self.0.create(NodeView::kind(), "", node, &options)).expect("created");
    }

    fn delete_node(&self, name: &str) {
        let key = ObjectKey::cluster(name);
        run(self.0.delete(NodeView::kind(), &key, &DeleteOptions::now())).expect("deleted");
    }

    /// The keys of the guard.
    fn records(&self) -> Vec<String> {
        let range = KeyRange::prefix("/guard/");
        let options = ListOptions::default();
        let page = self.0.storage().list(&range, &options);
        let page = run(async { Ok(page.await.expect("a page")) }).expect("a page");
        page.items.iter().map(|item| item.key.as_str().to_owned()).collect()
    }

    fn pod(&self, name: &str, spec: &Value) {
        let mut pod = json!({"metadata": {"name": name, "namespace": "default"}, "spec": spec});
        pod["spec"]["containers"] = json!([{"name": "c", "image": "app:1"}]);
        let options = WriteOptions::default();
        run(self.0.create(PodView::kind(), "default", pod, &options)).expect("created");
    }

    /// Binds a new pod to `n`; the revision of the binding, or of what has to be seen first.
    fn bind(&self, pod: &str, basis: Option<(&str, u64)>) -> Result<u64, u64> {
        self.bind_to("n", pod, basis)
    }

    fn bind_to(&self, node: &str, pod: &str, basis: Option<(&str, u64)>) -> Result<u64, u64> {
        self.pod(pod, &json!({}));
        let mut binding = json!({"metadata": {"name": pod}, "target": {"kind": "Node", "name": node}});
        if let Some((by, seen)) = basis {
            Basis::new(by, Revision::new(seen)).write(&mut binding);
        }
        let (key, options) = (ObjectKey::new("default", pod), WriteOptions::default());
        let made = self.0.create_on(PodView::kind(), &key, Subresource::Binding, binding, &options);
        match run(made) {
            Ok(_) => Ok(self.now()),
            Err(error) => Err(overtaken(&error).expect("nothing else is refused here").get()),
        }
    }

    fn now(&self) -> u64 {
        run(self.0.current()).expect("a revision").get()
    }
}

/// Nothing here waits for anybody else: the store in memory answers whoever asks.
fn run<T>(future: impl Future<Output = Result<T, ApiError>>) -> Result<T, ApiError> {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(answer) = future.as_mut().poll(&mut cx) {
            return answer;
        }
    }
}

#[test]
fn one_scheduler_need_not_see_its_own_bindings() {
    let server = Server::new();
    for number in 0..3 {
        assert!(server.bind(&format!("p{number}"), Some(("a", 0))).is_ok());
    }
}

#[test]
fn who_has_not_seen_what_another_bound_is_refused() {
    let server = Server::new();
    let first = server.bind("p0", Some(("a", 0))).expect("the first");
    assert_eq!(server.bind("p1", Some(("b", first - 1))), Err(first));
    let second = server.bind("p2", Some(("b", first))).expect("seen");
    let third = server.bind("p3", Some(("b", first))).expect("its own");
    assert!(second < third);
    assert_eq!(server.bind("p4", Some(("a", second))), Err(third), "the newest of the other's counts");
    assert!(server.bind("p5", Some(("a", third))).is_ok());
}

#[test]
fn a_later_binding_of_ones_own_does_not_hide_what_another_bound_before() {
    let server = Server::new();
    server.bind("p0", Some(("a", 0))).expect("the first");
    let other = server.bind("p1", Some(("b", server.now()))).expect("seen");
    server.bind("p2", Some(("a", other))).expect("seen");
    // Decided before the one above, and sent after it.
    assert_eq!(server.bind("p3", Some(("a", other - 1))), Err(other));
}

#[test]
fn strangers_are_let_through_and_seen() {
    let server = Server::new();
    server.bind("p0", Some(("a", 0))).expect("the first");
    let stranger = server.bind("p1", None).expect("it rests on nothing");
    assert_eq!(server.bind("p2", Some(("a", 0))), Err(stranger));
    server.pod("born-there", &json!({"nodeName": "n"}));
    let born = server.now();
    assert_eq!(server.bind("p3", Some(("a", born - 1))), Err(born));
    assert!(server.bind("p4", Some(("a", born))).is_ok());
}

#[test]
fn nodes_are_apart() {
    let server = Server::new();
    server.pod("elsewhere", &json!({"nodeName": "m"}));
    assert!(server.bind("p0", Some(("a", 0))).is_ok());
}

#[test]
fn records_go_with_their_nodes() {
    let server = Server::new();
    for node in ["n", "m"] {
        server.node(node);
        server.bind_to(node, &format!("on-{node}"), Some(("a", server.now()))).expect("the first");
    }
    assert_eq!(server.records(), ["/guard/nodes/m", "/guard/nodes/n"]);
    server.delete_node("n");
    server.delete_node("m");
    assert_eq!(server.records(), ["/guard/gone"]);
    server.node("unused");
    server.delete_node("unused");
    assert_eq!(server.records(), ["/guard/gone"]);
}

#[test]
fn a_node_that_comes_back_may_still_have_pods_that_others_bound() {
    let server = Server::new();
    server.node("n");
    let bound = server.bind("p0", Some(("a", server.now()))).expect("the first");
    server.delete_node("n");
    server.node("n");
    assert_eq!(server.bind("p1", Some(("b", bound - 1))), Err(bound), "p0 is not seen");
    assert!(server.bind("p2", Some(("a", 0))).is_ok(), "its own it knows");
}

#[test]
fn of_gone_nodes_of_several_schedulers_all_bindings_must_be_seen() {
    let server = Server::new();
    let mut bound = Vec::new();
    for (node, by) in [("n", "a"), ("m", "b")] {
        server.node(node);
        bound.push(server.bind_to(node, &format!("by-{by}"), Some((by, server.now()))).expect("the first"));
    }
    server.delete_node("m");
    server.delete_node("n");
    for (number, by) in ["a", "b", "c"].into_iter().enumerate() {
        let pod = format!("early-{number}");
        assert_eq!(server.bind_to(&format!("new-{number}"), &pod, Some((by, bound[1] - 1))), Err(bound[1]));
    }
    assert!(server.bind_to("new", "late", Some(("c", bound[1]))).is_ok());
}

#[test]
fn a_stranger_on_a_gone_node_is_seen() {
    let server = Server::new();
    server.node("n");
    let stranger = server.bind("p0", None).expect("it rests on nothing");
    server.delete_node("n");
    assert_eq!(server.bind("p1", Some(("a", stranger - 1))), Err(stranger));
    assert!(server.bind("p2", Some(("a", stranger))).is_ok());
}
