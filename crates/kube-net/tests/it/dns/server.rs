//! Packets, as they are and as they should not be.

use super::{service, slice, table, zone};
use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{DNSClass, Name, RecordType};
use kube_net::ServiceResolver;
use kube_net::dns::Zone;
use kube_net::dns::server::{DnsServer, respond};
use kube_testkit::fuzz;
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

fn question(name: &str, kind: RecordType) -> Message {
    let mut message = Message::new(7, MessageType::Query, OpCode::Query);
    message.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
    message.metadata.recursion_desired = true;
    message
}

fn asked(zone: &Zone, message: &Message, tcp: bool) -> Message {
    Message::from_vec(&respond(zone, &message.to_vec().unwrap(), tcp).unwrap()).unwrap()
}

fn texts(message: &Message) -> Vec<String> {
    message.answers.iter().map(|record| record.data.to_string()).collect()
}

#[test]
fn a_packet_carries_what_the_function_answers() {
    let zone = zone();
    let answer = asked(&zone, &question("Web.prod.svc.cluster.local.", RecordType::A), false);
    assert_eq!((answer.metadata.id, answer.metadata.message_type), (7, MessageType::Response));
    assert!(answer.metadata.authoritative && answer.metadata.recursion_desired);
    assert!(!answer.metadata.recursion_available);
    assert_eq!(answer.queries[0].name().to_ascii(), "Web.prod.svc.cluster.local.", "as it was asked");
    assert_eq!(texts(&answer), ["10.96.0.10"]);

    let srv = asked(&zone, &question("_pg._tcp.dup.prod.svc.cluster.local.", RecordType::SRV), false);
    assert_eq!(texts(&srv), ["0 100 5432 same.dup.prod.svc.cluster.local."]);
    assert_eq!(srv.additionals.len(), 2);
    let nothing = asked(&zone, &question("nobody.test.svc.cluster.local.", RecordType::A), false);
    assert_eq!(nothing.metadata.response_code, ResponseCode::NXDomain);
    assert!(nothing.authorities[0].data.to_string().starts_with("ns.dns.cluster.local."));
    for (name, kind, text) in [
        ("dns-version.cluster.local.", RecordType::TXT, "1.1.0"),
        ("six.prod.svc.cluster.local.", RecordType::AAAA, "fd00:10::13"),
        ("ext.prod.svc.cluster.local.", RecordType::A, "www.example.com."),
        ("10.0.96.10.in-addr.arpa.", RecordType::PTR, "web.prod.svc.cluster.local."),
        ("cluster.local.", RecordType::NS, "ns.dns.cluster.local."),
    ] {
        assert_eq!(texts(&asked(&zone, &question(name, kind), false)), [text], "{name}");
    }
}

#[test]
fn what_is_no_question_is_told_so_or_left() {
    let zone = zone();
    let code = |change: &dyn Fn(&mut Message)| {
        let mut message = question("web.prod.svc.cluster.local.", RecordType::A);
        change(&mut message);
        asked(&zone, &message, false).metadata.response_code
    };
    assert_eq!(code(&|_| {}), ResponseCode::NoError);
    assert_eq!(code(&|message| message.metadata.op_code = OpCode::Update), ResponseCode::NotImp);
    assert_eq!(code(&|message| message.queries.clear()), ResponseCode::FormErr);
    assert_eq!(code(&|message| message.queries.push(message.queries[0].clone())), ResponseCode::FormErr);
    assert_eq!(
        code(&|message| {
            message.queries[0].set_query_class(DNSClass::CH);
        }),
        ResponseCode::Refused
    );
    let mut version = question("web.prod.svc.cluster.local.", RecordType::A);
    version.set_edns(Edns::new()).edns.as_mut().unwrap().set_version(1);
    let told = asked(&zone, &version, false);
    // 16 is BADVERS here and BADSIG in a signature: the reader cannot tell.
    assert_eq!(u16::from(told.metadata.response_code), u16::from(ResponseCode::BADVERS));

    let mut answer = question("web.prod.svc.cluster.local.", RecordType::A);
    answer.metadata.message_type = MessageType::Response;
    assert_eq!(respond(&zone, &answer.to_vec().unwrap(), false), None, "two servers would talk for ever");
    assert_eq!(respond(&zone, &[], false), None);
    assert_eq!(respond(&zone, &[1, 2, 3], false), None);
    let mut cut = question("web.prod.svc.cluster.local.", RecordType::A).to_vec().unwrap();
    cut.truncate(20);
    let told = Message::from_vec(&respond(&zone, &cut, false).unwrap()).unwrap();
    assert_eq!((told.metadata.id, told.metadata.response_code), (7, ResponseCode::FormErr));
}

/// A zone with a name of 200 addresses.
fn crowd() -> Zone {
    let mut table = table();
    let ips: Vec<String> = (0..200).map(|n| format!("10.0.7.{n}")).collect();
    let endpoints: Vec<(&str, &str, bool)> = ips.iter().map(|ip| (ip.as_str(), "", true)).collect();
    table.upsert_slice(&Arc::new(slice("crowd", &[], &endpoints)));
    table.upsert_service(&Arc::new(service("prod/crowd", &json!({"clusterIP": "None"}))));
    Zone::new(&ServiceResolver::from(table))
}

#[test]
fn what_is_too_long_says_so() {
    let zone = crowd();
    let mut ask = question("crowd.prod.svc.cluster.local.", RecordType::A);
    let cut = asked(&zone, &ask, false);
    assert!(cut.metadata.truncation && cut.answers.is_empty());
    assert_eq!(asked(&zone, &ask, true).answers.len(), 200);
    ask.set_edns(Edns::new()).edns.as_mut().unwrap().set_max_payload(u16::MAX);
    let cut = asked(&zone, &ask, false);
    assert!(cut.metadata.truncation && cut.edns.is_some());
}

#[tokio::test]
async fn both_transports_answer() {
    let env = kube_store::rt::env();
    let server = DnsServer::bind("127.0.0.1:0".parse().unwrap(), crowd(), &env).await.unwrap();
    let address = server.address();
    let task = env.spawn("dns", server.run());

    let client = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    client.connect(address).await.unwrap();
    // Nothing of this ends it.
    client.send(b"").await.unwrap();
    client.send(&[0xff; 600]).await.unwrap();
    let ask = question("db.prod.svc.cluster.local.", RecordType::A).to_vec().unwrap();
    client.send(&ask).await.unwrap();
    let answer = loop {
        let mut packet = [0; 512];
        let length = client.recv(&mut packet).await.unwrap();
        let answer = Message::from_vec(&packet[..length]).unwrap();
        if answer.metadata.id == 7 {
            break answer;
        }
    };
    assert_eq!(texts(&answer), ["10.0.1.1", "10.0.1.2", "10.0.1.3"]);

    let long = question("crowd.prod.svc.cluster.local.", RecordType::A);
    assert_eq!(over_tcp(address, &[long.clone(), long]).await, [200, 200]);
    task.abort();
}

/// How many answers each question gets, over one connection.
async fn over_tcp(address: SocketAddr, questions: &[Message]) -> Vec<usize> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut counts = Vec::new();
    for question in questions {
        let bytes = question.to_vec().unwrap();
        stream.write_u16(u16::try_from(bytes.len()).unwrap()).await.unwrap();
        stream.write_all(&bytes).await.unwrap();
        let mut answer = vec![0; stream.read_u16().await.unwrap().into()];
        stream.read_exact(&mut answer).await.unwrap();
        counts.push(Message::from_vec(&answer).unwrap().answers.len());
    }
    counts
}

/// A packet as text: one character per byte.
fn text(packet: &[u8]) -> String {
    packet.iter().map(|byte| char::from(*byte)).collect()
}

#[test]
fn fuzz_dns_packets() {
    let zone = zone();
    let mut with_edns = question("_pg._tcp.db.prod.svc.cluster.local.", RecordType::SRV);
    with_edns.set_edns(Edns::new());
    let mut update = question("cluster.local.", RecordType::SOA);
    update.metadata.op_code = OpCode::Update;
    let corpus: Vec<String> = [
        question("web.prod.svc.cluster.local.", RecordType::A),
        question("10.0.96.10.in-addr.arpa.", RecordType::PTR),
        question("ext.prod.svc.cluster.local.", RecordType::AAAA),
        question("x.cluster.local.", RecordType::ANY),
        with_edns,
        update,
    ]
    .iter()
    .map(|message| text(&message.to_vec().unwrap()))
    .collect();
    let corpus: Vec<&str> = corpus.iter().map(String::as_str).collect();
    fuzz::run("dns packets", &corpus, |input| {
        let packet: Vec<u8> =
            input.chars().map(|char| (u32::from(char) & 0xff).try_into().unwrap()).collect();
        let mut accepted = false;
        for tcp in [false, true] {
            let Some(answer) = respond(&zone, &packet, tcp) else { continue };
            assert!(tcp || answer.len() <= 1_232);
            let answer = Message::from_vec(&answer).expect("what was written can be read");
            assert_eq!(answer.metadata.message_type, MessageType::Response);
            assert_eq!(answer.metadata.id.to_be_bytes(), packet[..2]);
            let code = answer.metadata.response_code;
            assert_ne!(code, ResponseCode::ServFail);
            accepted |= matches!(code, ResponseCode::NoError | ResponseCode::NXDomain);
        }
        accepted
    });
}
