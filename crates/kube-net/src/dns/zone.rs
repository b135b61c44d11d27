//! The cluster's domain, and the reverse domains.

use super::answer::{Answer, Code};
use super::labels::Labels;
use super::record::{Data, Record, RecordType};
use super::{forward, reverse};
use crate::resolve::{ServiceResolver, Snapshot};
use std::net::IpAddr;
use std::sync::Arc;

/// The records of a cluster. Cheap to clone; clones see the same snapshot.
#[derive(Clone, Debug)]
pub struct Zone {
    resolver: ServiceResolver,
    /// Lower case, with the last dot.
    domain: Arc<str>,
    server_name: Arc<str>,
    mailbox: Arc<str>,
    ttl: u32,
    servers: Arc<[IpAddr]>,
    refuses_others: bool,
}

/// The longest way from one alias to the next within the cluster.
const ALIASES: usize = 8;

/// One snapshot being asked.
#[derive(Debug)]
pub(super) struct Inquiry<'a> {
    pub(super) zone: &'a Zone,
    pub(super) snapshot: &'a Snapshot,
}

/// The most labels that mean something below the cluster's domain and below a domain of addresses, and one more.
const FORWARD: usize = 6;
const REVERSE: usize = 33;

impl Zone {
    /// The records of the Services that `resolver` sees, under its domain.
    pub fn new(resolver: &ServiceResolver) -> Self {
        let domain = resolver.domain();
        Self {
            resolver: resolver.clone(),
            domain: format!("{domain}.").into(),
            server_name: format!("ns.dns.{domain}.").into(),
            mailbox: format!("hostmaster.{domain}.").into(),
            ttl: 5,
            servers: Arc::default(),
            refuses_others: false,
        }
    }

    /// The same with this time to live, in seconds; 5 unless told, as `CoreDNS`.
    #[must_use]
    pub fn ttl(mut self, seconds: u32) -> Self {
        self.ttl = seconds;
        self
    }

    /// The same with the addresses of its own servers, for `ns.dns.<domain>`.
    #[must_use]
    pub fn servers(mut self, servers: impl IntoIterator<Item = IpAddr>) -> Self {
        self.servers = servers.into_iter().collect();
        self
    }

    /// The same, refusing names outside of its domains, so that a client asks its next server. Otherwise such names do not
    /// exist.
    #[must_use]
    pub fn refuse_others(mut self) -> Self {
        self.refuses_others = true;
        self
    }

    /// The resolver it is made from.
    pub fn resolver(&self) -> &ServiceResolver {
        &self.resolver
    }

    /// The cluster's domain, with the last dot.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// What is known of `name`: in any case, with or without the last dot, always complete. For short names see
    /// [`SearchPath`](super::SearchPath).
    pub fn answer(&self, name: &str, kind: RecordType) -> Answer {
        let snapshot = self.resolver.snapshot();
        Inquiry { zone: self, snapshot: &snapshot }.answer(name, kind)
    }

    pub(super) fn server_addresses(&self) -> &[IpAddr] {
        &self.servers
    }

    pub(super) fn record(&self, name: &Arc<str>, data: Data) -> Record {
        Record { name: name.clone(), ttl: self.ttl, data }
    }

    pub(super) fn server_name(&self) -> Arc<str> {
        self.server_name.clone()
    }
}

impl Inquiry<'_> {
    fn answer(&self, name: &str, kind: RecordType) -> Answer {
        let mut answer = self.look_up(&owner(name), kind);
        let mut alias = self.alias(&answer, kind);
        for _ in 1..ALIASES {
            let Some(owner) = alias else { break };
            let found = self.look_up(&owner, kind);
            alias = self.alias(&found, kind);
            answer.answers.extend(found.answers);
            answer.additional.extend(found.additional);
            answer.code = found.code;
            answer.authority = found.authority;
            answer.authoritative &= found.authoritative;
        }
        answer
    }

    /// The name of ours that an answer leads on to.
    fn alias(&self, found: &Answer, kind: RecordType) -> Option<Arc<str>> {
        match found.answers.as_slice() {
            [Record { data: Data::Cname(target), .. }]
                if kind != RecordType::Cname && self.is_ours(target) =>
            {
                Some(target.clone())
            }
            _ => None,
        }
    }

    fn is_ours(&self, name: &str) -> bool {
        Labels::<FORWARD>::below(name, &self.zone.domain).is_some()
    }

    fn look_up(&self, owner: &Arc<str>, kind: RecordType) -> Answer {
        if let Some(labels) = Labels::<FORWARD>::below(owner, &self.zone.domain) {
            let found = forward::look_up(self, owner, &labels, kind);
            return self.close(found, &self.zone.domain);
        }
        for domain in reverse::DOMAINS {
            if let Some(labels) = Labels::<REVERSE>::below(owner, domain) {
                let found = reverse::look_up(self, owner, &labels, domain, kind);
                return self.close(found, domain);
            }
        }
        if self.zone.refuses_others {
            return Answer::new(Code::Refused);
        }
        Answer { authoritative: false, ..Answer::new(Code::NxDomain) }
    }

    /// What was found, or that there is nothing: with the zone's beginning.
    fn close(&self, found: Option<(Vec<Record>, Vec<Record>)>, domain: &str) -> Answer {
        let code = if found.is_some() { Code::NoError } else { Code::NxDomain };
        let (answers, additional) = found.unwrap_or_default();
        let authority = if answers.is_empty() { vec![self.beginning(domain)] } else { Vec::new() };
        Answer { answers, authority, additional, ..Answer::new(code) }
    }

    /// The record of the zone's beginning.
    pub(super) fn beginning(&self, domain: &str) -> Record {
        let data = Data::Soa {
            server: self.zone.server_name(),
            mailbox: self.zone.mailbox.clone(),
            #[expect(clippy::cast_possible_truncation, reason = "serials are counted modulo 2^32")]
            serial: self.snapshot.number() as u32,
            minimum: self.zone.ttl,
        };
        self.zone.record(&domain.into(), data)
    }
}

/// A name in lower case, with the last dot.
fn owner(name: &str) -> Arc<str> {
    if name.ends_with('.') && !name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return name.into();
    }
    let mut owner = String::with_capacity(name.len() + 1);
    owner.push_str(name.strip_suffix('.').unwrap_or(name));
    owner.push('.');
    owner.make_ascii_lowercase();
    owner.into()
}
