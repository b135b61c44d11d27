//! Who may bind, knowing what.

use super::{Basis, NodeGuard, overtaken};
use kube_core::env::Env;
use kube_core::error::ApiError;
use kube_core::resource::ObjectKey;
use kube_core::view::{KindView, PodView};
use kube_store::objects::Objects;
use kube_store::service::{ObjectService, Subresource, WriteOptions};
use kube_store::storage::{MemoryStorage, Revision};
use serde_json::{Value, json};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

struct Server(Arc<Objects>);

impl Server {
    fn new() -> Self {
        let (env, _clock) = Env::manual(1);
        let objects = Objects::builder(Arc::new(MemoryStorage::with_env(&env)), env);
        Self(objects.contributor("", "Pod", Arc::new(NodeGuard)).build())
    }

    fn pod(&self, name: &str, spec: &Value) {
        let mut pod = json!({"metadata": {"name": name, "namespace": "default"}, "spec": spec});
        pod["spec"]["containers"] = json!([{"name": "c", "image": "app:1"}]);
        let options = WriteOptions::default();
        run(self.0.create(PodView::kind(), "default", pod, &options)).expect("created");
    }

    /// Binds a new pod to `n`; the revision of the binding, or of what has to be seen first.
    fn bind(&self, pod: &str, basis: Option<(&str, u64)>) -> Result<u64, u64> {
        self.pod(pod, &json!({}));
        let mut binding = json!({"metadata": {"name": pod}, "target": {"kind": "Node", "name": "n"}});
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
