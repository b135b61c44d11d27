//! Names answered.

mod cases;
mod laws;
mod server;

use crate::resolve::service;
use kube_core::kinds::core::v1::Service;
use kube_core::kinds::discovery::v1::EndpointSlice;
use kube_net::dns::Zone;
use kube_net::{EndpointTable, ServiceResolver};
use serde_json::{Value, json};

/// The cluster that the cases ask about.
fn zone() -> Zone {
    let servers = ["10.96.0.53".parse().unwrap(), "fd00:10::53".parse().unwrap()];
    Zone::new(&ServiceResolver::from(table())).servers(servers)
}

fn table() -> EndpointTable {
    EndpointTable::from_slices(&services(), &slices())
}

fn services() -> Vec<Service> {
    let port = |name: &str, port: u16| json!({"name": name, "port": port, "protocol": "TCP"});
    let cluster = |name: &str, ips: &[&str], ports: &[Value]| {
        service(name, &json!({"clusterIP": ips[0], "clusterIPs": ips, "ports": ports}))
    };
    let headless = |name: &str, families: &[&str], ports: &[Value]| {
        service(name, &json!({"clusterIP": "None", "ipFamilies": families, "ports": ports}))
    };
    let external =
        |name: &str, target: &str| service(name, &json!({"type": "ExternalName", "externalName": target}));
    let (http, pg) = (port("http", 80), port("pg", 5432));
    vec![
        cluster("default/kubernetes", &["10.3.0.1"], &[port("https", 443)]),
        cluster(
            "prod/web",
            &["10.96.0.10"],
            &[http.clone(), json!({"name": "names", "port": 53, "protocol": "UDP"})],
        ),
        cluster("prod/plain", &["10.96.0.11"], &[json!({"port": 8080})]),
        cluster("prod/dual", &["10.96.0.12", "fd00:10::12"], std::slice::from_ref(&http)),
        cluster("prod/six", &["fd00:10::13"], std::slice::from_ref(&http)),
        cluster("prod/empty", &["10.96.0.14"], std::slice::from_ref(&http)),
        headless("prod/db", &["IPv4"], &[pg.clone(), port("admin", 8080)]),
        headless("prod/peers", &["IPv4", "IPv6"], &[port("gossip", 7000)]),
        headless("prod/bare", &["IPv4"], &[]),
        headless("prod/dup", &["IPv4"], std::slice::from_ref(&pg)),
        headless("prod/sleepy", &["IPv4"], std::slice::from_ref(&pg)),
        headless("prod/nobody", &["IPv4"], &[pg]),
        headless("prod/published", &["IPv4"], &[]),
        external("prod/ext", "www.example.com"),
        external("prod/inner", "web.prod.svc.cluster.local"),
        external("prod/lost", "svc0.prod.svc.cluster.local"),
        external("prod/loop", "loop.prod.svc.cluster.local"),
        cluster("test/web", &["10.96.1.10"], std::slice::from_ref(&http)),
        service(
            "test/np",
            &json!({"type": "NodePort", "clusterIP": "10.96.1.11", "ports": [{"port": 80, "nodePort": 30080}]}),
        ),
        service("test/lb", &json!({"type": "LoadBalancer", "clusterIP": "10.96.1.12", "ports": [http]})),
    ]
}

fn slices() -> Vec<EndpointSlice> {
    let both = [("pg", 5432), ("admin", 8080)];
    vec![
        slice("db", &both, &[("10.0.1.1", "db-0", true), ("10.0.1.2", "db-1", true)]),
        slice("db", &both, &[("10.0.1.3", "", true), ("10.0.1.4", "db-3", false)]),
        slice("peers", &[("gossip", 7000)], &[("10.0.2.1", "a", true), ("10.0.2.2", "", true)]),
        slice("peers", &[("gossip", 7000)], &[("fd00:2::1", "a", true), ("fd00:2::2", "", true)]),
        slice("bare", &[], &[("10.0.3.1", "", true)]),
        slice("dup", &[("pg", 5432)], &[("10.0.4.1", "same", true), ("10.0.4.2", "same", true)]),
        // It serves while it terminates: good enough for a pick, not for a name.
        slice("sleepy", &[("pg", 5432)], &[("10.0.5.1", "last", false)]),
        slice("published", &[], &[("10.0.6.1", "", true)]),
        slice("web", &[("http", 8080)], &[("10.0.0.1", "", true)]),
    ]
}

fn slice(home: &str, ports: &[(&str, u16)], endpoints: &[(&str, &str, bool)]) -> EndpointSlice {
    let endpoint = |(address, hostname, ready): &(&str, &str, bool)| {
        json!({
            "addresses": [address],
            "hostname": if hostname.is_empty() { Value::Null } else { json!(hostname) },
            "conditions": {"ready": ready, "serving": true, "terminating": !ready},
        })
    };
    let six = endpoints[0].0.contains(':');
    serde_json::from_value(json!({
        "metadata": {
            "name": format!("{home}-{}", endpoints[0].0.replace(['.', ':'], "-")), "namespace": "prod",
            "labels": {"kubernetes.io/service-name": home},
        },
        "addressType": if six { "IPv6" } else { "IPv4" },
        "ports": ports.iter().map(|(name, port)| json!({"name": name, "port": port})).collect::<Vec<_>>(),
        "endpoints": endpoints.iter().map(endpoint).collect::<Vec<_>>(),
    }))
    .unwrap()
}
