//! Typed and dynamic handles.

use super::{run, world};
use futures::Stream;
use kube_core::dynamic::DynamicObject;
use kube_core::kinds::core::v1::{ConfigMap, Node};
use kube_core::kinds::meta::v1::ObjectMeta;
use kube_core::resource::{Resource, ResourceExt};
use kube_store::api::{Api, DynamicApi, Event};
use kube_store::service::{DeleteOptions, Deleted, ListQuery, Patch, WatchQuery};
use serde_json::json;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

fn map(name: &str, data: &str) -> ConfigMap {
    ConfigMap {
        metadata: ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() },
        data: Some([("x".to_owned(), data.to_owned())].into()),
        ..ConfigMap::default()
    }
}

#[test]
fn a_typed_handle_does_everything() {
    let w = world();
    let api = Api::<ConfigMap>::namespaced(w.objects.clone(), "default");
    let made = run(api.create(&map("a", "1"))).expect("created");
    assert_eq!((made.namespace(), made.resource_version().is_some()), ("default", true));
    let mut changed = made.clone();
    changed.data.get_or_insert_default().insert("x".to_owned(), "2".to_owned());
    let second = run(api.update(&changed)).expect("updated");
    assert!(second.resource_version() > made.resource_version());
    assert!(run(api.update(&made)).expect_err("stale").is_conflict());
    let patched = run(api.patch("a", &Patch::Merge(json!({"data": {"y": "3"}})))).expect("patched");
    assert_eq!(patched.data.map(|data| data.len()), Some(2));
    let edited = run(api.edit("a", |map| map.immutable = Some(true))).expect("edited");
    assert_eq!(edited.immutable, Some(true));
    assert_eq!(run(api.find("none")).expect("asked"), None);
    assert_eq!(run(api.list(&ListQuery::all())).expect("list").items.len(), 1);
    let other = api.in_namespace("other");
    run(other.create(&map("b", "1"))).expect("created");
    assert_eq!(run(api.list(&ListQuery::all())).expect("list").items.len(), 1, "only its namespace");
    let everywhere = Api::<ConfigMap>::all(w.objects.clone());
    assert_eq!(run(everywhere.list(&ListQuery::all())).expect("list").items.len(), 2);
    assert_eq!(run(everywhere.get("other/b")).expect("there").name(), "b");
    assert_eq!(run(everywhere.get("b")).expect_err("which?").code, 400);
    assert!(matches!(run(api.delete("a", &DeleteOptions::default())), Ok(Deleted::Gone(_))));
    let nodes = Api::<Node>::all(w.objects);
    let node = Node {
        metadata: ObjectMeta { name: Some("n1".to_owned()), ..ObjectMeta::default() },
        ..Node::default()
    };
    run(nodes.create(&node)).expect("created");
    assert_eq!(run(nodes.get("n1")).expect("there").name(), "n1");
}

#[test]
fn a_typed_watch_decodes() {
    let w = world();
    let api = Api::<ConfigMap>::namespaced(w.objects, "default");
    run(api.create(&map("a", "1"))).expect("created");
    let mut stream = run(api.watch(&WatchQuery::default())).expect("watch");
    let mut next = || Pin::new(&mut stream).poll_next(&mut Context::from_waker(Waker::noop()));
    let Poll::Ready(Some(Ok(Event::Added(added)))) = next() else { panic!("no object") };
    assert_eq!(added.name(), "a");
    assert!(matches!(next(), Poll::Ready(Some(Ok(Event::Bookmark(_))))));
    assert!(next().is_pending());
}

#[test]
fn a_dynamic_handle_reads_what_a_typed_one_wrote() {
    let w = world();
    run(Api::<ConfigMap>::namespaced(w.objects.clone(), "default").create(&map("a", "1"))).expect("created");
    let kind = Arc::new(ConfigMap::kind_info().clone());
    let api = DynamicApi::namespaced(w.objects, kind, "default");
    let mut read: DynamicObject = run(api.get("a")).expect("there");
    assert_eq!(read.data["data"], json!({"x": "1"}));
    read.data.insert("data".to_owned(), json!({"x": "2"}));
    let written = run(api.update(&read)).expect("updated");
    assert_eq!(written.data["data"], json!({"x": "2"}));
    assert_eq!(run(api.list(&ListQuery::all())).expect("list").items.len(), 1);
}
