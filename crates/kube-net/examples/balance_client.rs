//! A client of a Service, balanced in two lines over real servers of which one is slow.
//!
//! `cargo run -p kube-net --example balance_client`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use kube_core::env::Env;
use kube_core::kinds::core::v1::Service as KubeService;
use kube_core::kinds::discovery::v1::EndpointSlice;
use kube_net::balance::{Balancing, find};
use kube_net::resolve::Endpoint;
use kube_net::{EndpointTable, ServiceResolver};
use serde_json::json;
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower_service::Service;

const REQUESTS: usize = 300;

/// A client of one server: any tower service will do, as hyper's or tonic's.
#[derive(Clone)]
struct Client(SocketAddr);

impl Client {
    fn of(endpoint: &Endpoint) -> Self {
        Self(endpoint.socket())
    }
}

impl Service<u8> for Client {
    type Response = u8;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<u8>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: u8) -> Self::Future {
        let address = self.0;
        Box::pin(async move {
            let mut stream = TcpStream::connect(address).await?;
            stream.write_u8(request).await?;
            stream.read_u8().await
        })
    }
}

/// Answers the byte that it was sent, after a while.
async fn server(listener: TcpListener, pause: Duration, env: Env) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let clock = env.clone();
        let _task = env.spawn("connection", async move {
            if let Ok(byte) = stream.read_u8().await {
                clock.sleep(pause).await;
                stream.write_u8(byte).await.ok();
            }
        });
    }
}

/// Service `web` with three servers behind it, the last of them slow.
async fn start(env: &Env, policy: &str) -> Result<ServiceResolver, Box<dyn Error>> {
    let policy = find(policy, env).ok_or("no such policy")?;
    let mut table = EndpointTable::balanced(Balancing::shared(env, policy));
    let web: KubeService = serde_json::from_value(json!({
        "metadata": {"name": "web", "namespace": "prod"},
        "spec": {"clusterIP": "None", "ports": [{"port": 80}]},
    }))?;
    table.upsert_service(&Arc::new(web));
    for (name, millis) in [("a", 1), ("b", 1), ("slow", 50)] {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let slice: EndpointSlice = serde_json::from_value(json!({
            "metadata": {
                "name": format!("web-{name}"), "namespace": "prod",
                "labels": {"kubernetes.io/service-name": "web"},
            },
            "addressType": "IPv4",
            "ports": [{"name": "", "port": listener.local_addr()?.port()}],
            "endpoints": [{"addresses": ["127.0.0.1"], "targetRef": {"kind": "Pod", "name": name, "uid": name}}],
        }))?;
        table.upsert_slice(&Arc::new(slice));
        let _task = env.spawn("server", server(listener, Duration::from_millis(millis), env.clone()));
    }
    Ok(ServiceResolver::from(table))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let env = kube_store::rt::env();
    for policy in ["round-robin", "peak-ewma"] {
        let resolver = start(&env, policy).await?;
        let web = resolver.service("web.prod")?;
        // The two lines.
        let mut client = web.balance(Client::of);
        let first = client.call(1).await?;

        let mut took = Vec::new();
        for _ in 0..REQUESTS {
            let began = env.now();
            client.call(first).await?;
            took.push(env.now().since(began));
        }
        took.sort_unstable();
        let p95 = took.get(REQUESTS * 95 / 100).copied().unwrap_or_default();
        println!("{policy}: 95 of 100 requests took less than {p95:?}");
    }
    Ok(())
}
