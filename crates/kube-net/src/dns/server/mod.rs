//! A DNS server on UDP and TCP (feature `dns-server`).
//!
//! ```no_run
//! use kube_net::dns::{Zone, server::DnsServer};
//! # async fn serve(zone: Zone, env: kube_core::env::Env) -> std::io::Result<()> {
//! let server = DnsServer::bind("127.0.0.1:5353".parse().expect("an address"), zone, &env).await?;
//! println!("{}", server.address());
//! server.run().await;
//! # Ok(())
//! # }
//! ```

mod tcp;
mod udp;
mod wire;

pub use wire::respond;

use super::zone::Zone;
use kube_core::env::Env;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::{TcpListener, UdpSocket};

/// A DNS server over a [`Zone`]: answers every question from the snapshot of that moment, and forwards none.
///
/// Packets that are no questions get what RFC 1035 has for them, or nothing; none of them ends the server.
#[derive(Debug)]
pub struct DnsServer {
    zone: Arc<Zone>,
    env: Env,
    udp: Arc<UdpSocket>,
    tcp: TcpListener,
    address: SocketAddr,
}

/// So many tasks answer on UDP.
const UDP_TASKS: usize = 2;

/// How many other ports are tried where any port will do.
const ANY_PORT_TRIES: usize = 16;

impl DnsServer {
    /// Takes `address` for UDP and TCP; with port 0 a port that is free for both. Its tasks run in `env`, which must be
    /// that of a tokio runtime with I/O.
    ///
    /// # Errors
    /// The address cannot be had.
    pub async fn bind(address: SocketAddr, zone: Zone, env: &Env) -> io::Result<Self> {
        let mut tries = 0..ANY_PORT_TRIES;
        let (tcp, udp) = loop {
            match sockets(address).await {
                // Free for TCP, and somebody has it for UDP.
                Err(error)
                    if address.port() == 0
                        && error.kind() == io::ErrorKind::AddrInUse
                        && tries.next().is_some() => {}
                bound => break bound?,
            }
        };
        let (address, udp) = (tcp.local_addr()?, Arc::new(udp));
        Ok(Self { zone: Arc::new(zone), env: env.clone(), udp, tcp, address })
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until dropped. Nothing is answered before the resolver's first state is complete.
    pub async fn run(self) {
        if self.zone.resolver().synced().await.is_err() {
            return;
        }
        let mut tasks = Tasks(Vec::new());
        for _ in 1..UDP_TASKS {
            let serving = udp::serve(self.udp.clone(), self.zone.clone());
            tasks.0.push(self.env.spawn("dns-udp", serving));
        }
        let tcp = tcp::serve(self.tcp, self.zone.clone(), self.env.clone());
        futures::join!(udp::serve(self.udp, self.zone), tcp);
    }
}

/// One port, for both.
async fn sockets(address: SocketAddr) -> io::Result<(TcpListener, UdpSocket)> {
    let tcp = TcpListener::bind(address).await?;
    let udp = UdpSocket::bind(tcp.local_addr()?).await?;
    Ok((tcp, udp))
}

/// Tasks that end when this is dropped.
struct Tasks(Vec<kube_core::env::TaskHandle>);

impl Drop for Tasks {
    fn drop(&mut self) {
        self.0.iter().for_each(kube_core::env::TaskHandle::abort);
    }
}
