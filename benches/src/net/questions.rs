//! A name server, asked over UDP.

use super::baseline::Hosts;
use super::name;
use futures::future::{Either, select};
use hickory_proto::op::{Message, MessageType, Metadata, OpCode, ResponseCode};
use hickory_proto::rr::rdata::A;
use hickory_proto::rr::{RData, Record};
use kube_core::env::{Env, TaskHandle};
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
pub async fn serve(zone: Zone, env: &Env) -> io::Result<(SocketAddr, TaskHandle)> {
    let server = DnsServer::bind(([127, 0, 0, 1], 0).into(), zone, env).await?;
    let address = server.address();
    Ok((address, env.spawn("dns", server.run())))
}

/// The same as one writes it first: one task that reads a packet with the library, looks the name up in a map, and writes
/// the answer with the library.
///
/// It knows one type of one form of names, and what it knows never changes.
///
/// # Errors
/// No port is free.
pub async fn serve_hosts(hosts: Hosts, env: &Env) -> io::Result<(SocketAddr, TaskHandle)> {
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    let address = socket.local_addr()?;
    let serving = async move {
        let mut packet = [0; 512];
        loop {
            let Ok((length, client)) = socket.recv_from(&mut packet).await else { continue };
            if let Some(answer) = look_up(&hosts, &packet[..length]) {
                // Who cannot be reached asks again.
                socket.send_to(&answer, client).await.ok();
            }
        }
    };
    Ok((address, env.spawn("hosts", serving)))
}

fn look_up(hosts: &Hosts, packet: &[u8]) -> Option<Vec<u8>> {
    let question = Message::from_vec(packet).ok()?;
    let query = question.queries.first()?;
    let mut answer = Message::new(0, MessageType::Response, OpCode::Query);
    answer.metadata = Metadata::response_from_request(&question.metadata);
    answer.add_query(query.clone());
    match hosts.answer(query.name().to_ascii().trim_end_matches('.')) {
        Some(ip) => {
            answer.add_answer(Record::from_rdata(query.name().clone(), 5, RData::A(A(ip))));
        }
        None => answer.metadata.response_code = ResponseCode::NXDomain,
    }
    answer.to_vec().ok()
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
