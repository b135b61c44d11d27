//! What is held by nobody, and what is held without a note.

use super::{run, world};
use kube_net::alloc::{Repaired, ServiceRanges, repair};
use kube_store::storage::{Key, KeyRange, ListOptions, Txn};
use serde_json::json;

#[test]
fn a_store_of_the_api_alone_is_in_order() {
    let w = world(ServiceRanges::default());
    w.create("web", &json!({"type": "NodePort", "ports": [{"port": 80}]})).unwrap();
    w.create("db", &json!({"clusterIP": "None"})).unwrap();
    let local = json!({"type": "LoadBalancer", "externalTrafficPolicy": "Local", "ports": [{"port": 80}]});
    w.create("lb", &local).unwrap();
    let env = kube_core::env::Env::manual(1).0;
    assert_eq!(run(repair(&w.objects, &env)), Ok(Repaired::default()));
    assert_eq!((w.addresses().len(), w.node_ports().len()), (2, 3));
}

#[test]
fn leaks_are_freed_and_what_was_not_noted_is() {
    let w = world(ServiceRanges::default());
    let env = kube_core::env::Env::manual(1).0;
    for name in ["gone", "web"] {
        w.create(name, &json!({"type": "NodePort", "ports": [{"port": 80}]})).unwrap();
    }
    let (addresses, ports) = (w.addresses(), w.node_ports());
    // A Service that goes below the API leaves what it held behind.
    let storage = w.objects.storage();
    run(storage.txn(Txn::delete("/registry/core/services/prod/gone"))).unwrap();
    // And another loses its notes.
    let ip = addresses.iter().find(|(_, holder)| holder == "web").map(|(ip, _)| ip.clone()).unwrap();
    run(storage.txn(Txn::delete(format!("/registry/networking.k8s.io/ipaddresses/{ip}")))).unwrap();
    let range = KeyRange::prefix("/registry/ranges/nodeports/");
    let stored = run(storage.list(&range, &ListOptions::default())).unwrap().items;
    let of_web = |value: &[u8]| String::from_utf8_lossy(value).contains("\"web\"");
    let note = stored.iter().find(|note| of_web(&note.value)).unwrap();
    run(storage.txn(Txn::delete(Key::new(note.key.as_str())))).unwrap();

    let done = run(repair(&w.objects, &env)).unwrap();
    assert_eq!((done.freed_addresses.len(), done.freed_ports.len()), (1, 1));
    let noted: Vec<String> = done.noted_addresses.iter().map(|(ip, by)| format!("{ip} {by}")).collect();
    assert_eq!(noted, [format!("{ip} prod/web")]);
    assert_eq!(done.noted_ports.len(), 1);
    assert!(done.conflicts.is_empty());
    assert_eq!(w.addresses(), [(ip, "web".to_owned())]);
    assert!(w.node_ports().len() == 1 && ports.contains(&w.node_ports()[0]));
    assert!(run(repair(&w.objects, &env)).unwrap().is_empty());
}

#[test]
fn two_with_the_same_address_are_told() {
    let w = world(ServiceRanges::default());
    let env = kube_core::env::Env::manual(1).0;
    let spec = w.create("first", &json!({"ports": [{"port": 80}]})).unwrap();
    let twin = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "twin", "namespace": "prod"}, "spec": spec,
    });
    let put = Txn::put("/registry/core/services/prod/twin", twin.to_string());
    run(w.objects.storage().txn(put)).unwrap();
    let done = run(repair(&w.objects, &env)).unwrap();
    let [conflict] = done.conflicts.as_slice() else { panic!("one conflict: {done:?}") };
    let told = (conflict.what.as_str(), conflict.holder.to_string(), conflict.other.to_string());
    assert_eq!(told, (spec["clusterIP"].as_str().unwrap(), "prod/first".into(), "prod/twin".into()));
    assert_eq!(w.addresses().len(), 1);
}
