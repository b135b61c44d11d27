//! Services resolved without a cluster: by name, by address, by node port; and why.
//!
//! `cargo run -p kube-net --example resolve_service`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use kube_core::kinds::core::v1::Service;
use kube_core::kinds::discovery::v1::EndpointSlice;
use kube_net::{EndpointTable, ServiceResolver};
use serde_json::json;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let web: Service = serde_json::from_value(json!({
        "metadata": {"name": "web", "namespace": "prod"},
        "spec": {
            "type": "NodePort", "clusterIP": "10.96.0.10",
            "ports": [
                {"name": "http", "port": 80, "targetPort": "web", "nodePort": 30080},
                {"name": "admin", "port": 9000, "targetPort": "adm"},
            ],
        },
    }))?;
    let slice: EndpointSlice = serde_json::from_value(json!({
        "metadata": {"name": "web-1", "namespace": "prod", "labels": {"kubernetes.io/service-name": "web"}},
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": 8080}],
        "endpoints": [
            {"addresses": ["10.0.0.1"], "targetRef": {"kind": "Pod", "namespace": "prod", "name": "web-a"}},
            {"addresses": ["10.0.0.2"], "targetRef": {"kind": "Pod", "namespace": "prod", "name": "web-b"}},
            {
                "addresses": ["10.0.0.3"], "conditions": {"ready": false},
                "targetRef": {"kind": "Pod", "namespace": "prod", "name": "web-c"},
            },
        ],
    }))?;
    let resolver = ServiceResolver::from(EndpointTable::from_slices(&[web], &[slice]));

    for name in ["web.prod", "web.prod.svc", "web.prod.svc.cluster.local"] {
        let picked = resolver.service(name)?.pick()?;
        println!("{name} -> {}", picked.address());
    }
    println!("10.96.0.10:80 -> {}", resolver.by_cluster_ip("10.96.0.10".parse()?, 80)?.pick()?.address());
    println!("node port 30080 -> {}", resolver.by_node_port(30080)?.pick()?.address());
    println!("\n{}", resolver.why("web.prod"));
    println!("{}", resolver.service("web.prod")?.port("admin")?.why());
    println!("{}", resolver.why("web.test"));
    Ok(())
}
