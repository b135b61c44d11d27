//! `Endpoints` mirrored to slices.

use kube_core::kinds::core::v1::{Endpoints, Service};
use kube_core::kinds::discovery::v1::EndpointSlice;
use kube_core::kinds::meta::v1::Time;
use kube_net::slices::{MIRRORED_BY, MirrorPlan, is_mirrored, plan_mirror};
use proptest::prelude::{any, prop, proptest};
use proptest::{prop_assert, prop_assert_eq};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

fn endpoints(subsets: &Value) -> Endpoints {
    serde_json::from_value(json!({
        "metadata": {
            "name": "ext", "namespace": "prod", "uid": "e1", "labels": {"team": "a"},
            "annotations": {"note": "x", "endpoints.kubernetes.io/last-change-trigger-time": "t"},
        },
        "subsets": subsets,
    }))
    .unwrap()
}

/// The slices after a plan was carried out.
fn carried_out(plan: &MirrorPlan, before: &[Arc<EndpointSlice>]) -> Vec<Arc<EndpointSlice>> {
    let gone: BTreeSet<_> = plan.slices.delete.iter().map(|slice| slice.metadata.name.clone()).collect();
    let mut after: Vec<Arc<EndpointSlice>> = before.to_vec();
    after.retain(|slice| !gone.contains(&slice.metadata.name));
    for updated in &plan.slices.update {
        let place = after.iter().position(|slice| slice.metadata.name == updated.metadata.name).unwrap();
        after[place] = Arc::new(updated.clone());
    }
    for created in &plan.slices.create {
        let mut created = created.clone();
        let free = |name: &String| after.iter().all(|slice| slice.metadata.name.as_ref() != Some(name));
        created.metadata.name = (0..=after.len()).map(|n| format!("ext-{n}")).find(free);
        after.push(Arc::new(created));
    }
    after
}

fn addresses(slice: &EndpointSlice) -> Vec<(String, bool)> {
    let all = slice.endpoints.iter().flatten();
    all.map(|endpoint| (endpoint.addresses[0].clone(), endpoint.conditions.as_ref().unwrap().ready.unwrap()))
        .collect()
}

#[test]
fn subsets_become_slices_by_family_and_ports() {
    let all = endpoints(&json!([
        {
            "addresses": [{"ip": "10.0.0.2", "nodeName": "n1", "hostname": "b"}, {"ip": "fd00::1"}, {"ip": "nonsense"}],
            "notReadyAddresses": [{"ip": "010.0.0.1"}],
            "ports": [{"name": "http", "port": 80}],
        },
        {"addresses": [{"ip": "10.0.0.3"}], "ports": [{"name": "http", "port": 80, "protocol": "TCP"}]},
        {"addresses": [{"ip": "10.0.0.3"}], "ports": [{"port": 53, "protocol": "UDP"}]},
    ]));
    let plan = plan_mirror(Some(&all), &[], 1_000);
    assert_eq!((plan.invalid.as_slice(), plan.excess), (&["nonsense".to_owned()][..], 0));
    let slices = &plan.slices.create;
    let shown: Vec<_> = slices.iter().map(|slice| (slice.address_type.as_str(), addresses(slice))).collect();
    let pair = |ip: &str, ready| (ip.to_owned(), ready);
    assert_eq!(
        shown,
        [
            ("IPv4", vec![pair("10.0.0.3", true)]),
            ("IPv4", vec![pair("10.0.0.1", false), pair("10.0.0.2", true), pair("10.0.0.3", true)]),
            ("IPv6", vec![pair("fd00::1", true)]),
        ]
    );
    let meta = &slices[1].metadata;
    assert_eq!(meta.generate_name.as_deref(), Some("ext-"));
    let labels = meta.labels.as_ref().unwrap();
    assert_eq!((labels["team"].as_str(), labels["kubernetes.io/service-name"].as_str()), ("a", "ext"));
    assert_eq!(labels["endpointslice.kubernetes.io/managed-by"], MIRRORED_BY);
    assert_eq!(meta.annotations.as_ref().unwrap().keys().collect::<Vec<_>>(), ["note"]);
    let owner = &meta.owner_references.as_ref().unwrap()[0];
    assert_eq!((owner.kind.as_str(), owner.uid.as_str()), ("Endpoints", "e1"));
    let second = &slices[1].endpoints.as_ref().unwrap()[1];
    assert_eq!((second.hostname.as_deref(), second.node_name.as_deref()), (Some("b"), Some("n1")));
}

#[test]
fn changes_write_what_they_must() {
    let subset = |ips: &[&str], port: u16| {
        let addresses: Vec<Value> = ips.iter().map(|ip| json!({"ip": ip})).collect();
        json!({"addresses": addresses, "ports": [{"port": port}]})
    };
    let first = endpoints(&json!([subset(&["10.0.0.1", "10.0.0.2"], 80)]));
    let there = carried_out(&plan_mirror(Some(&first), &[], 1_000), &[]);
    assert!(plan_mirror(Some(&first), &there, 1_000).slices.is_empty());
    // One address more, then another label, then other ports: one update each.
    let more = endpoints(&json!([subset(&["10.0.0.1", "10.0.0.2", "10.0.0.3"], 80)]));
    let mut labelled = more.clone();
    labelled.metadata.labels.as_mut().unwrap().insert("team".into(), "b".into());
    let moved = endpoints(&json!([subset(&["10.0.0.1"], 81)]));
    for changed in [&more, &labelled, &moved] {
        let plan = plan_mirror(Some(changed), &there, 1_000);
        let writes = (plan.slices.create.len(), plan.slices.update.len(), plan.slices.delete.len());
        assert_eq!(writes, (0, 1, 0));
        assert_eq!(plan.slices.update[0].metadata.name, there[0].metadata.name);
    }
    let none = endpoints(&Value::Null);
    assert_eq!(plan_mirror(Some(&none), &there, 1_000).slices.delete.len(), 1);
    assert_eq!(plan_mirror(None, &there, 1_000).slices.delete.len(), 1);
    let six = endpoints(&json!([subset(&["fd00::1"], 80)]));
    let plan = plan_mirror(Some(&six), &there, 1_000);
    assert_eq!((plan.slices.create.len(), plan.slices.delete.len()), (1, 1), "a family cannot change");
    let mut ending = six;
    ending.metadata.deletion_timestamp = Some(Time(jiff::Timestamp::UNIX_EPOCH));
    assert!(plan_mirror(Some(&ending), &[], 1_000).slices.is_empty());
    // Those of others are left alone.
    let mut foreign = (*there[0]).clone();
    foreign.metadata.labels.as_mut().unwrap().remove("endpointslice.kubernetes.io/managed-by");
    assert!(plan_mirror(None, &[Arc::new(foreign)], 1_000).slices.is_empty());
}

/// Kubernetes puts subsets together before it mirrors them: what one says is not ready is not, whatever another says.
#[test]
fn not_ready_beats_ready() {
    let ports = json!([{"port": 80}]);
    let ready = json!({"addresses": [{"ip": "10.0.0.1"}], "ports": ports});
    let unready = json!({"notReadyAddresses": [{"ip": "10.0.0.1"}], "ports": ports});
    for subsets in [json!([ready, unready]), json!([unready, ready])] {
        let plan = plan_mirror(Some(&endpoints(&subsets)), &[], 1_000);
        assert_eq!(addresses(&plan.slices.create[0]), [("10.0.0.1".to_owned(), false)]);
    }
}

#[test]
fn too_many_addresses_are_counted() {
    let ips: Vec<Value> = (0..12).map(|n| json!({"ip": format!("10.0.0.{n}")})).collect();
    let subset = json!({"addresses": ips, "ports": [{"port": 80}]});
    let plan = plan_mirror(Some(&endpoints(&json!([subset]))), &[], 10);
    assert_eq!((plan.excess, addresses(&plan.slices.create[0]).len()), (2, 10));
}

#[test]
fn who_is_mirrored() {
    let service = |spec: Value| -> Service { serde_json::from_value(json!({"spec": spec})).unwrap() };
    let bare = endpoints(&json!([]));
    assert!(is_mirrored(Some(&service(json!({}))), &bare));
    assert!(is_mirrored(Some(&service(json!({"selector": {}}))), &bare));
    assert!(!is_mirrored(Some(&service(json!({"selector": {"a": "b"}}))), &bare));
    assert!(!is_mirrored(None, &bare));
    for (field, key, value) in [
        ("labels", "endpointslice.kubernetes.io/skip-mirror", "true"),
        ("annotations", "control-plane.alpha.kubernetes.io/leader", "{}"),
    ] {
        let marked: Endpoints =
            serde_json::from_value(json!({"metadata": {"name": "ext", field: {key: value}}})).unwrap();
        assert!(!is_mirrored(Some(&service(json!({}))), &marked), "{field}");
    }
}

proptest! {
    #[test]
    fn a_plan_is_stable_and_the_order_does_not_matter(
        states in prop::collection::vec(prop::collection::vec((0..20_u8, any::<bool>(), 0..3_u16), 0..30), 1..5),
        seed in any::<usize>(),
    ) {
        let mut there: Vec<Arc<EndpointSlice>> = Vec::new();
        for state in states {
            let subsets: Vec<Value> = state.iter().map(|(id, ready, port)| {
                let list = json!([{"ip": format!("10.0.0.{id}")}]);
                let field = if *ready { "addresses" } else { "notReadyAddresses" };
                json!({field: list, "ports": [{"port": 80 + port}]})
            }).collect();
            let mut turned = subsets.clone();
            turned.rotate_left(seed % subsets.len().max(1));
            let plan = plan_mirror(Some(&endpoints(&json!(subsets))), &there, 1_000);
            prop_assert_eq!(&plan, &plan_mirror(Some(&endpoints(&json!(turned))), &there, 1_000));
            there = carried_out(&plan, &there);
            let told: BTreeSet<(String, u16)> = there.iter().flat_map(|slice| {
                let port = u16::try_from(slice.ports.as_ref().unwrap()[0].port.unwrap()).unwrap();
                addresses(slice).into_iter().map(move |(ip, _)| (ip, port))
            }).collect();
            let wanted: BTreeSet<(String, u16)> = state.iter().map(|(id, _, port)| (format!("10.0.0.{id}"), 80 + port)).collect();
            prop_assert_eq!(told, wanted);
            prop_assert!(plan_mirror(Some(&endpoints(&json!(subsets))), &there, 1_000).slices.is_empty());
        }
    }
}
