//! Every Service at one moment.

use super::directory::Directory;
use super::service::{Form, Joined};
use super::shards::Shards;
use kube_core::resource::ObjectKey;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

/// Every Service at one moment. A copy shares what has not changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    /// Which state of its resolver this is: no two have the same.
    pub(super) number: u64,
    pub(super) services: Directory,
    by_ip: Shards<IpAddr, ObjectKey>,
    /// By port, and whether it is another protocol than TCP.
    by_node_port: Shards<(u16, bool), (ObjectKey, Arc<str>)>,
    /// Headless Services by the addresses of their ready endpoints.
    headless: Shards<IpAddr, BTreeSet<ObjectKey>>,
    /// How many Services each namespace has.
    namespaces: Shards<Arc<str>, usize>,
}

impl Snapshot {
    /// A copy with this number.
    pub(super) fn numbered(&self, number: u64) -> Self {
        Self { number, ..self.clone() }
    }

    pub(super) fn insert(&mut self, service: Arc<Joined>) {
        let old = self.service(&service.key).cloned();
        self.file_headless(old.as_deref(), Some(&service));
        if old.as_ref().is_some_and(|old| old.form == service.form && old.ports == service.ports) {
            // Only endpoints have changed.
            self.services.insert(service);
            return;
        }
        if let Some(old) = &old {
            self.unfile(old);
        } else {
            let there = self.namespaces.get(&service.key.namespace).copied().unwrap_or_default();
            self.namespaces.insert(service.key.namespace.clone(), there + 1);
        }
        for ip in addresses(&service) {
            self.by_ip.insert(*ip, service.key.clone());
        }
        for (place, name) in node_ports(&service) {
            self.by_node_port.insert(place, (service.key.clone(), name));
        }
        self.services.insert(service);
    }

    pub(super) fn remove(&mut self, key: &ObjectKey) {
        let Some(old) = self.service(key).cloned() else { return };
        self.services.remove(key);
        self.unfile(&old);
        self.file_headless(Some(&old), None);
        match self.namespaces.get(&key.namespace).copied() {
            Some(there) if there > 1 => self.namespaces.insert(key.namespace.clone(), there - 1),
            _ => self.namespaces.remove(&key.namespace),
        }
    }

    /// Forgets what a Service is found by.
    fn unfile(&mut self, old: &Joined) {
        for ip in addresses(old) {
            if self.by_ip.get(ip) == Some(&old.key) {
                self.by_ip.remove(ip);
            }
        }
        for (place, _) in node_ports(old) {
            if self.by_node_port.get(&place).is_some_and(|(holder, _)| *holder == old.key) {
                self.by_node_port.remove(&place);
            }
        }
    }

    /// Follows the addresses of a headless Service from one state to the next.
    fn file_headless(&mut self, old: Option<&Joined>, new: Option<&Joined>) {
        let (before, after) = (old.map(headless).unwrap_or_default(), new.map(headless).unwrap_or_default());
        let Some(key) = new.or(old).map(|service| &service.key) else { return };
        for ip in before.difference(&after) {
            let mut holders = self.headless.get(ip).cloned().unwrap_or_default();
            holders.remove(key);
            if holders.is_empty() {
                self.headless.remove(ip);
            } else {
                self.headless.insert(*ip, holders);
            }
        }
        for ip in after.difference(&before) {
            let mut holders = self.headless.get(ip).cloned().unwrap_or_default();
            holders.insert(key.clone());
            self.headless.insert(*ip, holders);
        }
    }

    pub(crate) fn service(&self, key: &ObjectKey) -> Option<&Arc<Joined>> {
        self.find(&key.namespace, &key.name)
    }

    pub(crate) fn find(&self, namespace: &str, name: &str) -> Option<&Arc<Joined>> {
        self.services.find(namespace, name)
    }

    /// Which state of its resolver this is: they are counted.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Headless Services with a ready endpoint of this address.
    pub(crate) fn headless_of(&self, ip: IpAddr) -> impl Iterator<Item = &ObjectKey> {
        self.headless.get(&ip).into_iter().flatten()
    }

    /// Whether the namespace has a Service.
    pub(crate) fn has_namespace(&self, namespace: &str) -> bool {
        self.namespaces.get(namespace).is_some()
    }

    pub(crate) fn by_ip(&self, ip: IpAddr) -> Option<&Arc<Joined>> {
        self.service(self.by_ip.get(&ip)?)
    }

    /// The Service and the name of its port at every node; TCP before others.
    pub(super) fn by_node_port(&self, port: u16) -> Option<(&Arc<Joined>, &Arc<str>)> {
        let (key, name) =
            self.by_node_port.get(&(port, false)).or_else(|| self.by_node_port.get(&(port, true)))?;
        Some((self.service(key)?, name))
    }
}

/// Where the ready endpoints of a headless Service are; nothing for others.
fn headless(service: &Joined) -> BTreeSet<IpAddr> {
    match &service.form {
        Form::Headless => service.ready().map(|endpoint| endpoint.address).collect(),
        Form::ClusterIp(_) | Form::External(_) => BTreeSet::new(),
    }
}

fn addresses(service: &Joined) -> &[IpAddr] {
    match &service.form {
        Form::ClusterIp(ips) => ips,
        Form::Headless | Form::External(_) => &[],
    }
}

fn node_ports(service: &Joined) -> impl Iterator<Item = ((u16, bool), Arc<str>)> {
    let ports = service.ports.iter();
    ports.filter_map(|port| Some(((port.node_port?, *port.protocol != *"TCP"), port.name.clone())))
}
