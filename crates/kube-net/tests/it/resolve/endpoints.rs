//! Which endpoints are used, and what happens to them while they change.

use super::{service, slice};
use kube_core::kinds::discovery::v1::EndpointSlice;
use kube_net::{EndpointTable, ResolveError, ServiceResolver};
use serde_json::json;
use std::sync::Arc;

fn table(slices: &[EndpointSlice]) -> EndpointTable {
    let web = service("prod/web", &json!({"clusterIP": "10.96.0.10", "ports": [{"port": 80}]}));
    EndpointTable::from_slices(&[web], slices)
}

fn addresses(resolver: &ServiceResolver) -> Vec<String> {
    let endpoints = resolver.service("web.prod").unwrap().endpoints();
    endpoints.iter().map(|endpoint| endpoint.address.to_string()).collect()
}

#[test]
fn picks_are_fair_over_ready_endpoints_and_count_until_dropped() {
    let resolver = ServiceResolver::from(table(&[slice(
        "prod/web-1",
        ("", 80),
        &[(3, true), (1, true), (2, false), (4, true)],
    )]));
    let web = resolver.service("web.prod").unwrap();
    let picked: Vec<_> = (0..9).map(|_| web.pick().unwrap()).collect();
    assert_eq!(web.endpoints().iter().map(|endpoint| endpoint.in_flight()).collect::<Vec<_>>(), [3, 3, 3]);
    assert_eq!(web.peek().unwrap().address, picked[0].address().ip());
    drop(picked);
    assert!(web.endpoints().iter().all(|endpoint| endpoint.in_flight() == 0));
}

#[test]
fn terminating_endpoints_that_serve_are_the_last_resort() {
    let mut slices = [slice("prod/web-1", ("", 80), &[(1, true), (2, false)])];
    let mut table = table(&slices);
    let resolver = ServiceResolver::from(table.clone());
    assert_eq!(addresses(&resolver), ["10.0.0.1"]);
    for endpoint in slices[0].endpoints.iter_mut().flatten() {
        let conditions = endpoint.conditions.as_mut().unwrap();
        (conditions.ready, conditions.terminating) = (Some(false), Some(true));
    }
    table.upsert_slice(&Arc::new(slices[0].clone()));
    resolver.publish(&table);
    assert_eq!(addresses(&resolver), ["10.0.0.1"]);
    slices[0].endpoints = None;
    table.upsert_slice(&Arc::new(slices[0].clone()));
    resolver.publish(&table);
    let web = resolver.service("web.prod").unwrap();
    assert!(matches!(web.pick(), Err(ResolveError::NoEndpoints { .. })));
}

#[test]
fn an_endpoint_in_use_goes_on_counting_through_changes() {
    let mut table = table(&[slice("prod/web-1", ("", 80), &[(1, true), (2, true)])]);
    let resolver = ServiceResolver::from(table.clone());
    let web = resolver.service("web.prod").unwrap();
    let held = web.pick().unwrap();
    assert_eq!(held.address().to_string(), "10.0.0.1:80");

    table.upsert_slice(&Arc::new(slice("prod/web-1", ("", 80), &[(0, true), (1, true), (2, true)])));
    resolver.publish(&table);
    let in_flight: Vec<usize> = web.endpoints().iter().map(|endpoint| endpoint.in_flight()).collect();
    assert_eq!(in_flight, [0, 1, 0]);
    assert_eq!(web.pick().unwrap().address().to_string(), "10.0.0.2:80", "whose turn it was before");

    table.remove_slice(&"prod/web-1".into());
    resolver.publish(&table);
    assert_eq!((held.in_flight(), web.endpoints().len()), (1, 0));
    table.remove_service(&"prod/web".into());
    resolver.publish(&table);
    assert!(matches!(web.pick(), Err(ResolveError::NotFound { .. })));
    assert!(resolver.by_cluster_ip([10, 96, 0, 10].into(), 80).is_err());
}

#[test]
fn an_endpoint_goes_on_counting_from_slice_to_slice() {
    let mut table = table(&[slice("prod/web-1", ("", 80), &[(1, true)])]);
    let resolver = ServiceResolver::from(table.clone());
    let web = resolver.service("web.prod").unwrap();
    let held = web.pick().unwrap();
    let counts = |resolver: &ServiceResolver| {
        let endpoints = resolver.service("web.prod").unwrap().endpoints();
        endpoints.iter().map(|endpoint| endpoint.in_flight()).collect::<Vec<_>>()
    };
    // It stands in both, then in the other only, which another change does not touch.
    table.upsert_slice(&Arc::new(slice("prod/web-2", ("", 80), &[(1, true)])));
    resolver.publish(&table);
    assert_eq!(counts(&resolver), [1]);
    table.upsert_slice(&Arc::new(slice("prod/web-1", ("", 80), &[(2, true)])));
    resolver.publish(&table);
    assert_eq!(counts(&resolver), [1, 0]);
    table.upsert_slice(&Arc::new(slice("prod/web-1", ("", 80), &[(3, true)])));
    resolver.publish(&table);
    assert_eq!(counts(&resolver), [1, 0]);
    drop(held);
    assert_eq!(counts(&resolver), [0, 0]);
}

#[test]
fn a_slice_that_has_not_changed_is_not_read_again() {
    let mut table = table(&[
        slice("prod/web-1", ("", 80), &[(1, true)]),
        slice("prod/web-2", ("", 80), &[(2, true)]),
        slice("prod/web-3", ("", 80), &[(3, true)]),
    ]);
    let resolver = ServiceResolver::from(table.clone());
    let before = resolver.service("web.prod").unwrap().endpoints();
    table.upsert_slice(&Arc::new(slice("prod/web-2", ("", 80), &[(2, true)])));
    resolver.publish(&table);
    let after = resolver.service("web.prod").unwrap().endpoints();
    let same: Vec<bool> = before.iter().zip(&after).map(|(old, new)| Arc::ptr_eq(old, new)).collect();
    assert_eq!(same, [true, false, true]);
}

#[test]
fn families_are_kept_apart() {
    let dual = service(
        "prod/web",
        &json!({
            "clusterIP": "10.96.0.10", "clusterIPs": ["10.96.0.10", "fd00::10"], "ipFamilies": ["IPv4", "IPv6"],
            "ports": [{"port": 80}],
        }),
    );
    let four = slice("prod/web-1", ("", 80), &[(1, true)]);
    let mut six = slice("prod/web-2", ("", 80), &[(1, true)]);
    six.address_type = "IPv6".to_owned();
    six.endpoints.as_mut().unwrap()[0].addresses = vec!["fd00::1".to_owned()];
    let resolver = ServiceResolver::from(EndpointTable::from_slices(&[dual], &[four, six]));
    assert_eq!(addresses(&resolver), ["10.0.0.1"]);
    let found = resolver.by_cluster_ip("fd00::10".parse().unwrap(), 80).unwrap();
    assert_eq!(found.pick().unwrap().address().to_string(), "[fd00::1]:80");
}
