//! Hints and traffic policies, as kube-proxy's `CategorizeEndpoints` has them.

use super::id;
use crate::resolve::service;
use kube_core::kinds::discovery::v1::EndpointSlice;
use kube_net::{EndpointTable, ResolveError, ServiceResolver};
use serde_json::{Value, json};

/// An endpoint: last byte, node, zone, zones and nodes it is hinted for, state.
type Row<'a> = (u8, &'a str, &'a [&'a str], &'a [&'a str], &'a str);

fn slice(rows: &[Row<'_>]) -> EndpointSlice {
    let names = |names: &[&str]| names.iter().map(|name| json!({"name": name})).collect::<Vec<_>>();
    let endpoint = |(id, node, zones, nodes, state): &Row<'_>| {
        json!({
            "addresses": [format!("10.0.0.{id}")],
            "nodeName": node,
            "conditions": {
                "ready": *state == "ready", "serving": *state != "down", "terminating": *state == "ending",
            },
            "hints": {"forZones": names(zones), "forNodes": names(nodes)},
        })
    };
    let endpoints: Vec<Value> = rows.iter().map(endpoint).collect();
    serde_json::from_value(json!({
        "metadata": {"name": "web-1", "namespace": "prod", "labels": {"kubernetes.io/service-name": "web"}},
        "addressType": "IPv4", "ports": [{"name": "", "port": 80}], "endpoints": endpoints,
    }))
    .unwrap()
}

fn resolver(spec: Value, rows: &[Row<'_>]) -> ServiceResolver {
    let mut all =
        json!({"type": "NodePort", "clusterIP": "10.96.0.10", "ports": [{"port": 80, "nodePort": 30080}]});
    let Value::Object(more) = spec else { panic!("an object") };
    all.as_object_mut().unwrap().extend(more);
    ServiceResolver::from(EndpointTable::from_slices(&[service("prod/web", &all)], &[slice(rows)]))
}

fn inside(resolver: &ServiceResolver, node: &str, zone: &str) -> Vec<u8> {
    let here = resolver.clone().on_node(node).in_zone(zone);
    here.service("web.prod").unwrap().endpoints().iter().map(|endpoint| id(endpoint)).collect()
}

fn outside(resolver: &ServiceResolver, node: &str) -> Vec<u8> {
    let found = resolver.clone().on_node(node).by_node_port(30080).unwrap();
    found.endpoints().iter().map(|endpoint| id(endpoint)).collect()
}

#[test]
fn zones_are_kept_when_every_ready_endpoint_is_hinted() {
    let mut rows: Vec<Row<'_>> = vec![
        (1, "n1", &["a"], &[], "ready"),
        (2, "n2", &["b"], &[], "ready"),
        (3, "n3", &["a", "b"], &[], "ready"),
        (4, "n4", &[], &[], "down"),
    ];
    let found = resolver(json!({}), &rows);
    assert_eq!(inside(&found, "n1", "a"), [1, 3]);
    assert_eq!(inside(&found, "n1", "b"), [2, 3]);
    assert_eq!(inside(&found, "n1", "c"), [1, 2, 3], "a zone that nobody is meant for");
    assert_eq!(found.service("web.prod").unwrap().endpoints().len(), 3, "a client of unknown place");
    let picked = found.in_zone("b").service("web.prod").unwrap();
    assert!((0..6).all(|_| [2, 3].contains(&id(&picked.pick().unwrap()))));
    rows.push((5, "n5", &[], &[], "ready"));
    assert_eq!(
        inside(&resolver(json!({}), &rows), "n1", "a"),
        [1, 2, 3, 5],
        "one without a hint: none counts"
    );
}

#[test]
fn nodes_come_before_zones() {
    let rows: [Row<'_>; 3] = [
        (1, "n1", &["a"], &["n1"], "ready"),
        (2, "n2", &["a"], &["n2"], "ready"),
        (3, "n3", &["b"], &["n3"], "ready"),
    ];
    let found = resolver(json!({}), &rows);
    assert_eq!(inside(&found, "n2", "a"), [2]);
    assert_eq!(inside(&found, "n9", "a"), [1, 2], "no endpoint on the node: the zone");
    assert_eq!(inside(&found, "n9", "c"), [1, 2, 3]);
}

#[test]
fn the_last_resort_has_no_zones() {
    let rows: [Row<'_>; 3] =
        [(1, "n1", &["a"], &[], "ending"), (2, "n2", &["b"], &[], "ending"), (3, "n3", &["b"], &[], "down")];
    assert_eq!(inside(&resolver(json!({}), &rows), "n1", "a"), [1, 2]);
}

#[test]
fn a_local_policy_keeps_to_the_node_or_drops() {
    let rows: [Row<'_>; 5] = [
        (1, "n1", &["a"], &[], "ready"),
        (2, "n2", &["a"], &[], "ready"),
        (3, "n2", &["a"], &[], "ending"),
        (4, "n3", &["a"], &[], "ending"),
        (5, "n4", &["a"], &[], "down"),
    ];
    let found = resolver(json!({"internalTrafficPolicy": "Local"}), &rows);
    assert_eq!(inside(&found, "n2", "a"), [2]);
    assert_eq!(inside(&found, "n3", "a"), [4], "serving while it terminates, and nobody else here");
    assert_eq!(inside(&found, "n4", "a"), [0; 0]);
    let lost = found.clone().on_node("n9").service("web.prod").unwrap();
    assert!(matches!(lost.pick(), Err(ResolveError::NoEndpoints { .. })));
    assert_eq!(outside(&found, "n4"), [1, 2], "from outside another policy holds");

    let found = resolver(json!({"externalTrafficPolicy": "Local"}), &rows);
    assert_eq!((inside(&found, "n4", "z"), outside(&found, "n4")), (vec![1, 2], vec![]));
    assert_eq!(outside(&found, "n1"), [1]);
}

#[test]
fn a_node_tells_whether_it_has_endpoints() {
    let rows: [Row<'_>; 3] =
        [(1, "n1", &["a"], &[], "ready"), (2, "n1", &["a"], &[], "ready"), (3, "n2", &["a"], &[], "ending")];
    let spec =
        json!({"type": "LoadBalancer", "externalTrafficPolicy": "Local", "healthCheckNodePort": 31000});
    let found = resolver(spec, &rows);
    let check = |node: &str| found.health_checks(node).remove(0);
    assert_eq!((check("n1").port, check("n1").local_endpoints, check("n1").status()), (31000, 2, 200));
    assert_eq!((check("n2").status(), check("n3").status()), (503, 503));
    assert_eq!(
        check("n1").body(),
        json!({"service": {"namespace": "prod", "name": "web"}, "localEndpoints": 2, "serviceProxyHealthy": true})
    );
    let everywhere = resolver(json!({"type": "LoadBalancer", "healthCheckNodePort": 31000}), &rows);
    assert!(everywhere.health_checks("n1").is_empty(), "the policy is not local");
}
