//! Lists by label and field.

use super::{World, config_maps, map, nodes, pod, pods, run, world};
use kube_core::kinds::core::v1::Service;
use kube_core::resource::{KindInfo, Resource};
use kube_store::service::{ListQuery, ObjectService, WriteOptions};
use kube_store::storage::{ReadAt, Revision};
use serde_json::json;

fn names(w: &World, kind: &KindInfo, query: &ListQuery) -> String {
    let list = run(w.objects.list(kind, query)).expect("list");
    list.items.iter().map(|item| item.key().to_string()).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_list_sees_every_write_before_it() {
    let w = world();
    assert_eq!(names(&w, config_maps(), &ListQuery::all()), "");
    for n in 0..5 {
        w.create(config_maps(), map(&format!("m{n}"), "1"));
        let list = run(w.objects.list(config_maps(), &ListQuery::all())).expect("list");
        assert_eq!((list.items.len(), list.revision.get()), (n + 1, w.head()));
    }
}

#[test]
fn labels_and_namespaces_select() {
    let w = world();
    for (namespace, name, tier) in
        [("a", "x", "front"), ("a", "y", "back"), ("a-b", "x", "front"), ("b", "x", "front")]
    {
        let object = json!({"metadata": {"name": name, "namespace": namespace, "labels": {"tier": tier}}});
        run(w.objects.create(config_maps(), namespace, object, &WriteOptions::default())).expect("created");
    }
    assert_eq!(names(&w, config_maps(), &ListQuery::namespaced("a")), "a/x a/y");
    let front = ListQuery::all().labels("tier=front".parse().expect("selector"));
    assert_eq!(names(&w, config_maps(), &front), "a-b/x a/x b/x");
    let both = ListQuery::namespaced("a").labels("tier!=front".parse().expect("selector"));
    assert_eq!(names(&w, config_maps(), &both), "a/y");
    let named = ListQuery::all().fields("metadata.name=x,metadata.namespace!=b".parse().expect("fields"));
    assert_eq!(names(&w, config_maps(), &named), "a-b/x a/x");
    let one = ListQuery::namespaced("b").fields("metadata.name=x".parse().expect("fields"));
    assert_eq!(names(&w, config_maps(), &one), "b/x");
}

#[test]
fn fields_select_from_cache_and_from_store_alike() {
    let w = world();
    for (name, node) in [("a", "n1"), ("b", "n2"), ("c", "n1"), ("d", "")] {
        let mut object = pod(name);
        if !node.is_empty() {
            object["spec"]["nodeName"] = node.into();
        }
        w.create(pods(), object);
    }
    w.create(nodes(), json!({"metadata": {"name": "n1"}}));
    w.create(nodes(), json!({"metadata": {"name": "n2"}, "spec": {"unschedulable": true}}));
    let head = Revision::new(w.head());
    for (kind, fields, want) in [
        (pods(), "spec.nodeName=n1", "default/a default/c"),
        (pods(), "spec.nodeName=", "default/d"),
        (pods(), "spec.nodeName!=n1,status.phase=Pending", "default/b default/d"),
        (pods(), "status.phase=Running", ""),
        (nodes(), "spec.unschedulable=false", "n1"),
        (nodes(), "spec.unschedulable=true", "n2"),
        (nodes(), "metadata.name=n2", "n2"),
    ] {
        let query = ListQuery::all().fields(fields.parse().expect("fields"));
        assert_eq!(names(&w, kind, &query), want, "{fields}");
        assert_eq!(
            names(&w, kind, &query.clone().at(ReadAt::Exactly(head))),
            want,
            "{fields} from the store"
        );
        assert_eq!(names(&w, kind, &query.at(ReadAt::Any)), want, "{fields} at any revision");
    }
    let query = ListQuery::all().fields("spec.nonsense=1".parse().expect("fields"));
    let error = run(w.objects.list(pods(), &query)).expect_err("unknown field");
    assert_eq!((error.code, error.message.as_str()), (400, "field label not supported: spec.nonsense"));
}

#[test]
fn a_list_at_a_revision_shows_that_revision() {
    let w = world();
    let first = w.create(config_maps(), map("a", "1"));
    w.create(config_maps(), map("b", "1"));
    let past = ListQuery::all().at(ReadAt::Exactly(Revision::new(first.version.revision())));
    assert_eq!(names(&w, config_maps(), &past), "default/a");
    let ahead = ListQuery::all().at(ReadAt::Exactly(Revision::new(w.head() + 5)));
    let error = run(w.objects.list(config_maps(), &ahead)).expect_err("ahead");
    assert_eq!((error.code, error.details.causes[0].reason.as_str()), (504, "ResourceVersionTooLarge"));
}

#[test]
fn kinds_are_selected_by_the_fields_that_kubernetes_knows() {
    let w = world();
    w.create(pods(), pod("a"));
    let service = |name: &str, kind: &str| json!({"metadata": {"name": name}, "spec": {"type": kind, "externalName": "x.example.com", "ports": [{"port": 80}]}});
    w.create(Service::kind_info(), service("s", "ExternalName"));
    let requests =
        w.objects.find_kind("certificates.k8s.io/v1", "CertificateSigningRequest").expect("served");
    for signer in ["a", "b"] {
        let spec = json!({"signerName": format!("example.com/{signer}"), "request": "", "usages": []});
        w.create(&requests, json!({"metadata": {"name": signer}, "spec": spec}));
    }
    for (kind, fields, want) in [
        (Service::kind_info(), "spec.type=ExternalName", "default/s"),
        (Service::kind_info(), "spec.type=ClusterIP", ""),
        (&*requests, "spec.signerName=example.com/b", "b"),
        (pods(), "status.podIPs=", "default/a"),
        (pods(), "status.podIPs=10.0.0.1", ""),
    ] {
        let query = ListQuery::all().fields(fields.parse().expect("fields"));
        assert_eq!(names(&w, kind, &query), want, "{fields}");
    }
}
