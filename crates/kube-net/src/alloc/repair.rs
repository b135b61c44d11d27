//! Finding what is held by nobody, and what is held without a note.
//!
//! Allocations are written in the Service's own transaction, so that this finds nothing on a store that only the API has
//! written. It is for stores that were imported in part, edited below the API, or written before allocation was on.

use super::{addresses, ports};
use kube_core::env::Env;
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::{Service, ServiceSpec};
use kube_core::kinds::networking::v1::IPAddress;
use kube_core::resource::{ObjectKey, Resource};
use kube_core::wire::canonical;
use kube_store::objects::Objects;
use kube_store::storage::{Compare, Key, KeyRange, KeyValue, ListOptions, Op, Revision, Txn, TxnOutcome};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

/// What was repaired.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repaired {
    /// Addresses that were held by no Service, and are free again.
    pub freed_addresses: Vec<IpAddr>,
    /// Node ports that were held by no Service, and are free again.
    pub freed_ports: Vec<i32>,
    /// Addresses of Services that were not noted.
    pub noted_addresses: Vec<(IpAddr, ObjectKey)>,
    /// Node ports of Services that were not noted.
    pub noted_ports: Vec<(i32, ObjectKey)>,
    /// What a Service has and another holds already: somebody must change one of the two. Nothing was written for it.
    pub conflicts: Vec<Conflict>,
}

/// Two Services with the same address or port.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Conflict {
    /// The address or port.
    pub what: String,
    /// Who holds it.
    pub holder: ObjectKey,
    /// Who has it too.
    pub other: ObjectKey,
}

impl Repaired {
    /// Whether everything was in order.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Frees what no Service holds and notes what one holds. Each write stands for itself and is left out where anything it
/// rests on has changed meanwhile, so that Services can be written at the same time.
///
/// Only addresses of this allocator (`ipaddress.kubernetes.io/managed-by`) are looked at.
///
/// Source: `k8s.io/kubernetes/pkg/registry/core/service` (`ipallocator/controller`, `portallocator/controller`).
///
/// # Errors
/// The store's, and what is stored and does not decode.
pub async fn repair(objects: &Objects, env: &Env) -> Result<Repaired, ApiError> {
    // Allocations first: what is added between the two readings belongs to a Service that the second one sees.
    let noted_addresses = noted_addresses(objects).await?;
    let noted_ports = noted_ports(objects).await?;
    let mut services = Vec::new();
    let range = objects.keys().range(Service::kind_info(), None);
    for stored in list(objects, &range).await? {
        let service =
            Service::from_json(&stored.value).map_err(|error| ApiError::internal(error.to_string()))?;
        let name = |value: &Option<String>| value.clone().unwrap_or_default();
        let key = ObjectKey::new(name(&service.metadata.namespace), name(&service.metadata.name));
        services.push(Holder { key, spec: service.spec.unwrap_or_default(), stored });
    }
    let mut repair = Repair { objects, env, done: Repaired::default() };
    repair.addresses(&noted_addresses, &services).await?;
    repair.ports(&noted_ports, &services).await?;
    Ok(repair.done)
}

/// A Service as it is stored.
struct Holder {
    key: ObjectKey,
    spec: ServiceSpec,
    stored: Arc<KeyValue>,
}

/// A note of what is held: by whom, where it stands, since which revision.
struct Note {
    holder: ObjectKey,
    key: Key,
    revision: Revision,
}

async fn list(objects: &Objects, range: &KeyRange) -> Result<Vec<Arc<KeyValue>>, ApiError> {
    Ok(objects.storage().list(range, &ListOptions::default()).await?.items)
}

async fn noted_addresses(objects: &Objects) -> Result<BTreeMap<IpAddr, Note>, ApiError> {
    let mut noted = BTreeMap::new();
    for stored in list(objects, &objects.keys().range(IPAddress::kind_info(), None)).await? {
        let value = json(&stored)?;
        let ours = value["metadata"]["labels"][addresses::MANAGED_BY_LABEL] == addresses::MANAGED_BY;
        let ip = value["metadata"]["name"].as_str().and_then(|name| name.parse().ok());
        if let (Some(ip), true) = (ip, ours) {
            noted.insert(ip, note(&stored, &value["spec"]["parentRef"]));
        }
    }
    Ok(noted)
}

async fn noted_ports(objects: &Objects) -> Result<BTreeMap<i32, Note>, ApiError> {
    let prefix = ports::prefix(objects.keys());
    let mut noted = BTreeMap::new();
    for stored in list(objects, &KeyRange::prefix(prefix.as_str())).await? {
        let number = stored.key.as_str().strip_prefix(&prefix).and_then(|port| port.parse().ok());
        if let Some(number) = number {
            noted.insert(number, note(&stored, &json(&stored)?));
        }
    }
    Ok(noted)
}

fn json(stored: &KeyValue) -> Result<Value, ApiError> {
    let broken = |error: serde_json::Error| ApiError::internal(format!("{}: {error}", stored.key.as_str()));
    serde_json::from_slice(&stored.value).map_err(broken)
}

fn note(stored: &KeyValue, holder: &Value) -> Note {
    let text = |field: &str| holder[field].as_str().unwrap_or_default().to_owned();
    Note {
        holder: ObjectKey::new(text("namespace"), text("name")),
        key: stored.key.clone(),
        revision: stored.mod_revision,
    }
}

struct Repair<'a> {
    objects: &'a Objects,
    env: &'a Env,
    done: Repaired,
}

impl Repair<'_> {
    async fn addresses(
        &mut self,
        noted: &BTreeMap<IpAddr, Note>,
        services: &[Holder],
    ) -> Result<(), ApiError> {
        let mut wanted: BTreeMap<IpAddr, Vec<&Holder>> = BTreeMap::new();
        for service in services {
            for ip in addresses::held(&service.spec).iter().filter_map(|ip| ip.parse().ok()) {
                wanted.entry(ip).or_default().push(service);
            }
        }
        for (ip, note) in noted {
            if !holds(wanted.get(ip), note) && self.free(note).await? {
                self.done.freed_addresses.push(*ip);
            }
        }
        for (ip, holders) in &wanted {
            let note = noted.get(ip).filter(|note| holds(Some(holders), note));
            let first = self.settle(&ip, note, holders);
            let key = self.objects.keys().object(IPAddress::kind_info(), &ObjectKey::cluster(ip.to_string()));
            if let Some(first) = first
                && self.note(&key, &addresses::object(self.env, &first.key, *ip), first).await?
            {
                self.done.noted_addresses.push((*ip, first.key.clone()));
            }
        }
        Ok(())
    }

    async fn ports(&mut self, noted: &BTreeMap<i32, Note>, services: &[Holder]) -> Result<(), ApiError> {
        let mut wanted: BTreeMap<i32, Vec<&Holder>> = BTreeMap::new();
        for service in services {
            for port in ports::held(&service.spec) {
                wanted.entry(port).or_default().push(service);
            }
        }
        for (port, note) in noted {
            if !holds(wanted.get(port), note) && self.free(note).await? {
                self.done.freed_ports.push(*port);
            }
        }
        for (port, holders) in &wanted {
            let note = noted.get(port).filter(|note| holds(Some(holders), note));
            let first = self.settle(&port, note, holders);
            let key = ports::key(self.objects.keys(), *port);
            if let Some(first) = first
                && self.note(&key, &ports::owner(&first.key), first).await?
            {
                self.done.noted_ports.push((*port, first.key.clone()));
            }
        }
        Ok(())
    }

    /// Tells of those that have what another holds. Answers whose note is missing: the first by name.
    fn settle<'h>(
        &mut self,
        what: &dyn fmt::Display,
        note: Option<&Note>,
        holders: &[&'h Holder],
    ) -> Option<&'h Holder> {
        let first = *holders.first()?;
        let holder = note.map_or(&first.key, |note| &note.holder);
        for other in holders.iter().filter(|other| other.key != *holder) {
            let (what, holder, other) = (what.to_string(), holder.clone(), other.key.clone());
            self.done.conflicts.push(Conflict { what, holder, other });
        }
        note.is_none().then_some(first)
    }

    async fn free(&self, note: &Note) -> Result<bool, ApiError> {
        let unchanged = Compare::Unchanged { key: note.key.clone(), revision: note.revision };
        self.commit(Txn::delete(note.key.clone()).when(unchanged)).await
    }

    async fn note(&self, key: &Key, value: &Value, holder: &Holder) -> Result<bool, ApiError> {
        let service =
            Compare::Unchanged { key: holder.stored.key.clone(), revision: holder.stored.mod_revision };
        let put = Op::Put { key: key.clone(), value: canonical(value), ttl: None };
        let absent = Compare::Absent { key: key.clone() };
        self.commit(Txn::of(vec![put]).when(service).when(absent)).await
    }

    async fn commit(&self, txn: Txn) -> Result<bool, ApiError> {
        Ok(matches!(self.objects.storage().txn(txn.quiet()).await?, TxnOutcome::Committed { .. }))
    }
}

fn holds(holders: Option<&Vec<&Holder>>, note: &Note) -> bool {
    holders.into_iter().flatten().any(|holder| holder.key == note.holder)
}
