//! Clients that ask one request after the other.

use super::servers::Network;
use futures::future::join_all;
use kube_core::env::{Env, Mono};
use kube_net::ServiceResolver;
use kube_net::resolve::Picked;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// Clients at work.
pub(super) struct Load {
    env: Env,
    began: Mono,
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<(usize, usize)>>,
}

/// What became of their requests.
pub(super) struct Count {
    pub(super) sent: usize,
    pub(super) failed: usize,
    pub(super) took: Duration,
}

impl Load {
    pub(super) fn start(env: &Env, resolver: &ServiceResolver, network: &Network, clients: usize) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let client = |_| {
            let (resolver, network, stop) = (resolver.clone(), network.clone(), stop.clone());
            tokio::runtime::Handle::current().spawn(ask(resolver, network, stop))
        };
        let clients = (0..clients).map(client).collect();
        Self { env: env.clone(), began: env.now(), stop, clients }
    }

    pub(super) async fn stop(self) -> Count {
        self.stop.store(true, Ordering::SeqCst);
        let told = join_all(self.clients).await;
        let took = self.env.now().since(self.began);
        // A client that has panicked is one whose request failed.
        let told = told.into_iter().map(|told| told.unwrap_or((1, 1)));
        let (sent, failed) = told.fold((0, 0), |(sent, failed), (s, f)| (sent + s, failed + f));
        Count { sent, failed, took }
    }
}

/// How many requests were sent, and how many failed: no request is sent twice.
async fn ask(resolver: ServiceResolver, network: Network, stop: Arc<AtomicBool>) -> (usize, usize) {
    let (mut sent, mut failed) = (0, 0);
    // Connections are kept, by pod.
    let mut connections = BTreeMap::new();
    while !stop.load(Ordering::SeqCst) {
        sent += 1;
        let Ok(picked) = resolver.service("web").and_then(|web| web.pick()) else {
            failed += 1;
            tokio::task::yield_now().await;
            continue;
        };
        if request(&picked, &network, &mut connections).await.is_ok() {
            picked.succeeded();
        } else {
            connections.remove(&picked.address().ip());
            picked.failed();
            failed += 1;
        }
    }
    (sent, failed)
}

async fn request(
    picked: &Picked,
    network: &Network,
    connections: &mut BTreeMap<IpAddr, TcpStream>,
) -> io::Result<()> {
    let pod = picked.address().ip();
    let stream = match connections.entry(pod) {
        Entry::Occupied(there) => there.into_mut(),
        Entry::Vacant(none) => {
            let place = network.place(pod).ok_or_else(|| io::Error::other("no route to the pod"))?;
            let stream = TcpStream::connect(place).await?;
            stream.set_nodelay(true)?;
            none.insert(stream)
        }
    };
    stream.write_all(b"GET / HTTP/1.1\r\nhost: web\r\n\r\n").await?;
    let (mut answer, mut length) = ([0; 128], 0);
    while !answer[..length].ends_with(b"\r\n\r\nok") {
        match stream.read(&mut answer[length..]).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => length += read,
        }
    }
    if answer.starts_with(b"HTTP/1.1 200 ") {
        Ok(())
    } else {
        Err(io::Error::other("not what was asked for"))
    }
}
