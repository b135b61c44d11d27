//! A table kept up by changes is the table made of the outcome.

use super::{service, slice};
use kube_core::kinds::core::v1::Service;
use kube_core::kinds::discovery::v1::EndpointSlice;
use kube_net::{EndpointTable, ServiceResolver};
use proptest::prelude::{Strategy, any, prop, proptest};
use proptest::prop_assert_eq;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone, Debug)]
enum Event {
    Service(u8, u8),
    NoService(u8),
    Slice(u8, u8, Vec<(u8, bool)>),
    NoSlice(u8),
}

fn event() -> impl Strategy<Value = Event> {
    let endpoints = prop::collection::vec((0..6_u8, any::<bool>()), 0..4);
    (0..4_u8, 0..4_u8, 0..4_u8, endpoints).prop_map(|(what, id, more, endpoints)| match what {
        0 => Event::Service(id, more),
        1 => Event::NoService(id),
        2 => Event::Slice(id, more, endpoints),
        _ => Event::NoSlice(id),
    })
}

fn service_of(id: u8, ip: u8) -> Service {
    let ports = json!([{"name": "a", "port": 80, "nodePort": 30_000 + u16::from(ip)}]);
    service(&format!("ns/s{id}"), &json!({"clusterIP": format!("10.96.0.{ip}"), "ports": ports}))
}

/// The name of a slice says nothing of its Service here, so that it can move.
fn slice_of(id: u8, home: u8, endpoints: &[(u8, bool)]) -> EndpointSlice {
    let mut slice = slice(&format!("ns/s{home}-x"), ("a", 8080), endpoints);
    slice.metadata.name = Some(format!("slice-{id}"));
    slice
}

/// Everything that can be asked.
fn answers(resolver: &ServiceResolver) -> Vec<String> {
    let mut answers: Vec<String> = resolver.services().iter().map(ToString::to_string).collect();
    for n in 0..4_u8 {
        let by_name = resolver.service(&format!("s{n}.ns"));
        let endpoints = |found: kube_net::resolve::ServiceHandle| {
            let all = found.endpoints();
            all.iter().map(|e| format!("{} {:?}", e.socket(), e.target)).collect::<Vec<_>>().join("; ")
        };
        answers.push(by_name.map_or_else(|error| error.to_string(), endpoints));
    }
    answers
}

proptest! {
    #[test]
    fn changes_lead_where_a_fresh_table_begins(events in prop::collection::vec(event(), 1..40)) {
        let mut table = EndpointTable::new();
        let resolver = ServiceResolver::from(table.clone());
        let (mut services, mut slices) = (BTreeMap::new(), BTreeMap::new());
        for event in events {
            match event {
                Event::Service(id, ip) => {
                    table.upsert_service(&Arc::new(service_of(id, ip)));
                    services.insert(id, service_of(id, ip));
                }
                Event::NoService(id) => {
                    table.remove_service(&format!("ns/s{id}").as_str().into());
                    services.remove(&id);
                }
                Event::Slice(id, home, endpoints) => {
                    table.upsert_slice(&Arc::new(slice_of(id, home, &endpoints)));
                    slices.insert(id, slice_of(id, home, &endpoints));
                }
                Event::NoSlice(id) => {
                    table.remove_slice(&format!("ns/slice-{id}").as_str().into());
                    slices.remove(&id);
                }
            }
            resolver.publish(&table);
            let all: Vec<Service> = services.values().cloned().collect();
            let all_slices: Vec<EndpointSlice> = slices.values().cloned().collect();
            let fresh = ServiceResolver::from(EndpointTable::from_slices(&all, &all_slices));
            prop_assert_eq!(answers(&resolver), answers(&fresh));
        }
    }
}
