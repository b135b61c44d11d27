//! The names of a small cluster, served to any DNS client.
//!
//! `cargo run -p kube-net --example serve_dns -- 127.0.0.1:5353`, then
//! `dig @127.0.0.1 -p 5353 db.prod.svc.cluster.local` and the like. Without an address it asks itself and ends.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use kube_core::kinds::core::v1::Service;
use kube_core::kinds::discovery::v1::EndpointSlice;
use kube_net::dns::server::DnsServer;
use kube_net::dns::{RecordType, SearchPath, Zone};
use kube_net::{EndpointTable, ServiceResolver};
use serde_json::json;
use std::error::Error;
use tokio::net::UdpSocket;

fn zone() -> Result<Zone, Box<dyn Error>> {
    let services: Vec<Service> = serde_json::from_value(json!([
        {
            "metadata": {"name": "web", "namespace": "prod"},
            "spec": {"clusterIP": "10.96.0.10", "ports": [{"name": "http", "port": 80}]},
        },
        {
            "metadata": {"name": "db", "namespace": "prod"},
            "spec": {"clusterIP": "None", "ports": [{"name": "pg", "port": 5432}]},
        },
        {
            "metadata": {"name": "bucket", "namespace": "prod"},
            "spec": {"type": "ExternalName", "externalName": "storage.example.com"},
        },
    ]))?;
    let slice: EndpointSlice = serde_json::from_value(json!({
        "metadata": {"name": "db-1", "namespace": "prod", "labels": {"kubernetes.io/service-name": "db"}},
        "addressType": "IPv4",
        "ports": [{"name": "pg", "port": 5432}],
        "endpoints": [
            {"addresses": ["10.0.0.1"], "hostname": "db-0"},
            {"addresses": ["10.0.0.2"], "hostname": "db-1"},
        ],
    }))?;
    Ok(Zone::new(&ServiceResolver::from(EndpointTable::from_slices(&services, &[slice]))))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (env, zone) = (kube_store::rt::env(), zone()?);
    if let Some(address) = std::env::args().nth(1) {
        let server = DnsServer::bind(address.parse()?, zone, &env).await?;
        println!("answering at {}", server.address());
        server.run().await;
        return Ok(());
    }

    // What a pod in namespace prod gets for short names.
    let path = SearchPath::of_pod("prod", "cluster.local");
    for (name, kind) in [("web", RecordType::A), ("db-0.db", RecordType::A), ("_pg._tcp.db", RecordType::Srv)]
    {
        if let Some((full, answer, asked)) = path.ask(&zone, name, kind) {
            println!("{name} is {full}, found at question {asked}:\n{answer}");
        }
    }

    // The same over a socket.
    let server = DnsServer::bind("127.0.0.1:0".parse()?, zone, &env).await?;
    let address = server.address();
    let task = env.spawn("dns", server.run());
    let client = UdpSocket::bind("127.0.0.1:0").await?;
    let mut question = vec![0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in ["web", "prod", "svc", "cluster", "local", ""] {
        question.push(u8::try_from(label.len())?);
        question.extend(label.as_bytes());
    }
    question.extend([0, 1, 0, 1]);
    client.send_to(&question, address).await?;
    let mut answer = [0; 512];
    let length = client.recv(&mut answer).await?;
    let ip = answer[..length].last_chunk::<4>().ok_or("an answer that is too short")?;
    println!("over UDP: {}", std::net::Ipv4Addr::from(*ip));
    task.abort();
    Ok(())
}
