//! The cluster's domain, and the reverse domains.

use super::answer::{Answer, Code};
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
    pub(super) version: u64,
}

impl Zone {
    /// The records of the Services that `resolver` sees, under its domain.
    pub fn new(resolver: &ServiceResolver) -> Self {
        let domain = resolver.domain().trim_matches('.').to_ascii_lowercase();
        Self {
            resolver: resolver.clone(),
            domain: format!("{domain}.").into(),
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
        // The count first: a serial that is too low is asked for again, one that is too high would hide a change.
        let version = self.resolver.version();
        let snapshot = self.resolver.snapshot();
        Inquiry { zone: self, snapshot: &snapshot, version }.answer(name, kind)
    }

    pub(super) fn server_addresses(&self) -> &[IpAddr] {
        &self.servers
    }

    pub(super) fn record(&self, name: &Arc<str>, data: Data) -> Record {
        Record { name: name.clone(), ttl: self.ttl, data }
    }

    pub(super) fn server_name(&self) -> Arc<str> {
        format!("ns.dns.{}", self.domain).into()
    }
}

impl Inquiry<'_> {
    fn answer(&self, name: &str, kind: RecordType) -> Answer {
        let lower = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        let mut owner: Arc<str> = format!("{lower}.").into();
        let mut answer = Answer::new(Code::NoError);
        for _ in 0..ALIASES {
            let found = self.look_up(&owner, kind);
            let alias = match found.answers.as_slice() {
                [Record { data: Data::Cname(target), .. }] if kind != RecordType::Cname => {
                    Some(target.clone())
                }
                _ => None,
            };
            answer.answers.extend(found.answers);
            answer.additional.extend(found.additional);
            answer.code = found.code;
            answer.authority = found.authority;
            answer.authoritative &= found.authoritative;
            match alias {
                Some(target) if self.is_ours(&target) => owner = target,
                _ => break,
            }
        }
        answer
    }

    fn is_ours(&self, name: &str) -> bool {
        below(name, &self.zone.domain).is_some()
    }

    fn look_up(&self, owner: &Arc<str>, kind: RecordType) -> Answer {
        if let Some(labels) = below(owner, &self.zone.domain) {
            let found = forward::look_up(self, owner, &labels, kind);
            return self.close(found, &self.zone.domain);
        }
        for domain in reverse::DOMAINS {
            if let Some(labels) = below(owner, domain) {
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
            mailbox: format!("hostmaster.{}", self.zone.domain).into(),
            #[expect(clippy::cast_possible_truncation, reason = "serials are counted modulo 2^32")]
            serial: self.version as u32,
            minimum: self.zone.ttl,
        };
        self.zone.record(&domain.into(), data)
    }
}

/// The labels of `name` below `domain`, outermost first; `None` where it is elsewhere or has an empty label.
fn below<'a>(name: &'a str, domain: &str) -> Option<Vec<&'a str>> {
    let rest = name.strip_suffix(domain)?;
    if rest.is_empty() {
        return Some(Vec::new());
    }
    let labels: Vec<&str> = rest.strip_suffix('.')?.rsplit('.').collect();
    labels.iter().all(|label| !label.is_empty()).then_some(labels)
}
