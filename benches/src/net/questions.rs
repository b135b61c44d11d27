//! A name server, asked over UDP.

use super::name;
use futures::future::{Either, select};
use kube_core::env::Env;
use kube_net::dns::Zone;
use kube_net::dns::server::DnsServer;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;
use tokio::net::UdpSocket;

/// Questions that a client has on their way at a time: far fewer than a socket's buffer holds.
const WINDOW: usize = 32;
/// A client that hears nothing for so long gives up.
const PATIENCE: Duration = Duration::from_secs(2);

/// The packets that ask for the addresses of so many Services.
pub fn questions(services: usize) -> Vec<Vec<u8>> {
    (0..services).map(|n| question(n, &format!("{}.svc.cluster.local", name(n)))).collect()
}

fn question(id: usize, name: &str) -> Vec<u8> {
    let [.., high, low] = id.to_be_bytes();
    // A question that wants recursion, one question, and no more.
    let mut packet = vec![high, low, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        packet.extend(u8::try_from(label.len()));
        packet.extend(label.as_bytes());
    }
    packet.extend([0, 0, 1, 0, 1]);
    packet
}

/// Starts a server of `zone` on a free port; it ends when the task is aborted.
///
/// # Errors
/// No port is free.
pub async fn serve(zone: Zone, env: &Env) -> io::Result<(SocketAddr, kube_core::env::TaskHandle)> {
    let server = DnsServer::bind(([127, 0, 0, 1], 0).into(), zone, env).await?;
    let address = server.address();
    Ok((address, env.spawn("dns", server.run())))
}

/// Asks `count` of `questions` in turn, from number `first` on; how many were answered, and how many of those with an
/// address.
///
/// # Errors
/// What the socket says.
pub async fn ask(
    server: SocketAddr,
    env: &Env,
    questions: &[Vec<u8>],
    first: usize,
    count: usize,
) -> io::Result<(usize, usize)> {
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    socket.connect(server).await?;
    let (mut answered, mut with_address, mut packet) = (0, 0, [0; 512]);
    let mut asked = questions.iter().cycle().skip(first % questions.len().max(1)).take(count);
    loop {
        let mut sent = 0;
        for question in asked.by_ref().take(WINDOW) {
            socket.send(question).await?;
            sent += 1;
        }
        if sent == 0 {
            return Ok((answered, with_address));
        }
        for _ in 0..sent {
            let received = {
                let received = pin!(socket.recv(&mut packet));
                match select(received, env.sleep(PATIENCE)).await {
                    Either::Left((length, _)) => Some(length?),
                    Either::Right(_) => None,
                }
            };
            if received.is_none() {
                return Ok((answered, with_address));
            }
            answered += 1;
            with_address += usize::from(packet[7] == 1);
        }
    }
}
