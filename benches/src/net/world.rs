//! Services and what stands behind them.

use kube_core::kinds::core::v1::Service;
use kube_core::kinds::discovery::v1::EndpointSlice;
use kube_core::resource::ObjectKey;
use kube_net::balance::Balancing;
use kube_net::resolve::Endpoint;
use kube_net::{EndpointTable, ServiceResolver};
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// Namespaces that Services are spread over.
const NAMESPACES: usize = 100;

fn home(n: usize) -> String {
    format!("team-{:02}", n % NAMESPACES)
}

/// The short name of Service number `n`, with its namespace.
pub fn name(n: usize) -> String {
    format!("web-{n}.{}", home(n))
}

/// The address number `n` of a network of 2^24.
pub(super) fn address(network: u8, n: usize) -> Ipv4Addr {
    let [_, a, b, c] = u32::try_from(n).unwrap_or_default().to_be_bytes();
    Ipv4Addr::from([network, a, b, c])
}

/// Service number `n`, as it is stored.
pub fn service(n: usize) -> Service {
    read(json!({
        "metadata": {"name": format!("web-{n}"), "namespace": home(n)},
        "spec": {
            "clusterIP": address(11, n), "selector": {"app": format!("web-{n}")},
            "ports": [{"name": "http", "port": 80, "targetPort": 8080, "protocol": "TCP"}],
        },
    }))
}

/// Its key.
pub(super) fn service_key(n: usize) -> ObjectKey {
    ObjectKey::new(home(n), format!("web-{n}"))
}

/// Its slice, with so many endpoints.
pub fn slice(n: usize, endpoints: usize) -> EndpointSlice {
    let endpoint = |at: usize| {
        let id = n * endpoints + at;
        json!({
            "addresses": [address(10, id)],
            "conditions": {"ready": true, "serving": true, "terminating": false},
            "nodeName": format!("node-{}", id % 100),
            "targetRef": {"kind": "Pod", "namespace": home(n), "name": format!("web-{n}-{at}"), "uid": format!("uid-{id}")},
        })
    };
    read(json!({
        "metadata": {
            "name": format!("web-{n}-x"), "namespace": home(n),
            "labels": {"kubernetes.io/service-name": format!("web-{n}")},
        },
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
        "endpoints": (0..endpoints).map(endpoint).collect::<Vec<Value>>(),
    }))
}

/// So many Services with so many endpoints each, balanced so.
pub fn table(services: usize, endpoints: usize, balancing: Balancing) -> EndpointTable {
    let mut table = EndpointTable::balanced(balancing);
    for n in 0..services {
        table.upsert_service(&Arc::new(service(n)));
        table.upsert_slice(&Arc::new(slice(n, endpoints)));
    }
    table
}

/// The same as a resolver.
pub fn resolver(services: usize, endpoints: usize, balancing: Balancing) -> ServiceResolver {
    ServiceResolver::from(table(services, endpoints, balancing))
}

/// So many endpoints of one Service.
pub fn endpoints(count: usize) -> Vec<Arc<Endpoint>> {
    (0..count).map(|n| Arc::new(Endpoint::new(IpAddr::V4(address(10, n)), 8080))).collect()
}

/// An object from its JSON.
#[expect(clippy::expect_used, reason = "what is written here in full is an object of its kind")]
pub(super) fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("an object")
}
