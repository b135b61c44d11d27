//! From packet to packet.

use crate::dns::record::TIMES;
use crate::dns::{Answer, Code, Data, Record, RecordType, Zone};
use hickory_proto::op::{Edns, Message, MessageType, Metadata, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA, CNAME, NS, PTR, SOA, SRV, TXT};
use hickory_proto::rr::{DNSClass, Name, RData, Record as WireRecord};

/// The largest answer on UDP to one who does not say what it can take (RFC 1035).
const PLAIN: usize = 512;
/// The largest answer on UDP at all: what passes every network in one piece.
const LARGEST: u16 = 1_232;

/// The answer to a packet; `None` where it deserves none: what is no question, or too short to be answered.
///
/// An answer that is too long for UDP is cut off to nothing, with the mark that says so: the client asks on TCP. Over
/// `tcp` answers have 65,535 bytes.
pub fn respond(zone: &Zone, packet: &[u8], tcp: bool) -> Option<Vec<u8>> {
    let Ok(question) = Message::from_vec(packet) else { return malformed(packet) };
    if question.metadata.message_type != MessageType::Query {
        return None;
    }
    let mut answer = Message::new(0, MessageType::Response, OpCode::Query);
    answer.metadata = Metadata::response_from_request(&question.metadata);
    answer.add_queries(question.queries.iter().cloned());
    if question.edns.is_some() {
        let mut edns = Edns::new();
        edns.set_max_payload(LARGEST).set_version(0);
        answer.set_edns(edns);
    }
    match check(&question) {
        Ok(query) => fill(&mut answer, zone, query),
        Err(code) => answer.metadata.response_code = code,
    }
    let limit = match question.edns {
        _ if tcp => usize::from(u16::MAX),
        Some(edns) => usize::from(edns.max_payload().min(LARGEST)).max(PLAIN),
        None => PLAIN,
    };
    let bytes = answer.to_vec().ok()?;
    if bytes.len() <= limit { Some(bytes) } else { answer.truncate().to_vec().ok() }
}

/// A packet that cannot be read gets told so, if it has a number and says that it is a question.
fn malformed(packet: &[u8]) -> Option<Vec<u8>> {
    let [first, second, flags, ..] = *packet else { return None };
    if packet.len() < 12 || flags & 0x80 != 0 {
        return None;
    }
    let id = u16::from_be_bytes([first, second]);
    Message::error_msg(id, OpCode::Query, ResponseCode::FormErr).to_vec().ok()
}

/// The question of a packet, if it is one that is answered here.
fn check(message: &Message) -> Result<&Query, ResponseCode> {
    if message.metadata.op_code != OpCode::Query {
        return Err(ResponseCode::NotImp);
    }
    if message.edns.as_ref().is_some_and(|edns| edns.version() != 0) {
        return Err(ResponseCode::BADVERS);
    }
    let [query] = message.queries.as_slice() else { return Err(ResponseCode::FormErr) };
    if matches!(query.query_class(), DNSClass::IN | DNSClass::ANY) {
        Ok(query)
    } else {
        Err(ResponseCode::Refused)
    }
}

fn fill(message: &mut Message, zone: &Zone, query: &Query) {
    // Labels are bytes; those that are no text, or hold a dot, are nobody's here.
    let text =
        |label| std::str::from_utf8(label).ok().filter(|label| !label.contains('.')).unwrap_or("\u{0}");
    let name = query.name().iter().map(text).collect::<Vec<_>>().join(".");
    let found = zone.answer(&name, RecordType::from(u16::from(query.query_type())));
    let Some(sections) = sections(&found) else {
        message.metadata.response_code = ResponseCode::ServFail;
        return;
    };
    message.metadata.response_code = match found.code {
        Code::NoError => ResponseCode::NoError,
        Code::NxDomain => ResponseCode::NXDomain,
        Code::Refused => ResponseCode::Refused,
    };
    message.metadata.authoritative = found.authoritative;
    let [answers, authority, additional] = sections;
    message.add_answers(answers).add_authorities(authority).add_additionals(additional);
}

/// The records as they are sent; `None` where a name is longer than names can be.
fn sections(answer: &Answer) -> Option<[Vec<WireRecord>; 3]> {
    let section = |records: &[Record]| records.iter().map(record).collect::<Option<Vec<_>>>();
    Some([section(&answer.answers)?, section(&answer.authority)?, section(&answer.additional)?])
}

fn record(record: &Record) -> Option<WireRecord> {
    let data = match &record.data {
        Data::A(ip) => RData::A(A(*ip)),
        Data::Aaaa(ip) => RData::AAAA(AAAA(*ip)),
        Data::Srv { priority, weight, port, target } => {
            RData::SRV(SRV::new(*priority, *weight, *port, name(target)?))
        }
        Data::Ptr(target) => RData::PTR(PTR(name(target)?)),
        Data::Cname(target) => RData::CNAME(CNAME(name(target)?)),
        Data::Ns(target) => RData::NS(NS(name(target)?)),
        Data::Txt(text) => RData::TXT(TXT::new(vec![text.to_string()])),
        Data::Soa { server, mailbox, serial, minimum } => {
            let (refresh, retry, expire) = TIMES;
            let (server, mailbox) = (name(server)?, name(mailbox)?);
            RData::SOA(SOA::new(server, mailbox, *serial, refresh, retry, expire, *minimum))
        }
    };
    Some(WireRecord::from_rdata(name(&record.name)?, record.ttl, data))
}

fn name(text: &str) -> Option<Name> {
    let labels = text.trim_end_matches('.').split('.').filter(|label| !label.is_empty());
    let mut name = Name::from_labels(labels.map(str::as_bytes)).ok()?;
    name.set_fqdn(true);
    Some(name)
}
