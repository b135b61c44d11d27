//! Every Service at one moment.

use super::service::{Form, Joined};
use super::shards::Shards;
use kube_core::resource::ObjectKey;
use std::net::IpAddr;
use std::sync::Arc;

/// Every Service at one moment. A copy shares what has not changed.
#[derive(Clone, Debug, Default)]
pub(super) struct Snapshot {
    pub(super) services: Shards<ObjectKey, Arc<Joined>>,
    by_ip: Shards<IpAddr, ObjectKey>,
    /// By port, and whether it is another protocol than TCP.
    by_node_port: Shards<(u16, bool), (ObjectKey, Arc<str>)>,
}

impl Snapshot {
    pub(super) fn insert(&mut self, service: Arc<Joined>) {
        let old = self.services.get(&service.key);
        if old.is_some_and(|old| old.form == service.form && old.ports == service.ports) {
            // Only endpoints have changed.
            self.services.insert(service.key.clone(), service);
            return;
        }
        self.remove(&service.key);
        for ip in addresses(&service) {
            self.by_ip.insert(*ip, service.key.clone());
        }
        for (place, name) in node_ports(&service) {
            self.by_node_port.insert(place, (service.key.clone(), name));
        }
        self.services.insert(service.key.clone(), service);
    }

    pub(super) fn remove(&mut self, key: &ObjectKey) {
        let Some(old) = self.services.get(key).cloned() else { return };
        self.services.remove(key);
        for ip in addresses(&old) {
            if self.by_ip.get(ip) == Some(key) {
                self.by_ip.remove(ip);
            }
        }
        for (place, _) in node_ports(&old) {
            if self.by_node_port.get(&place).is_some_and(|(holder, _)| holder == key) {
                self.by_node_port.remove(&place);
            }
        }
    }

    pub(super) fn by_ip(&self, ip: IpAddr) -> Option<&Arc<Joined>> {
        self.services.get(self.by_ip.get(&ip)?)
    }

    /// The Service and the name of its port at every node; TCP before others.
    pub(super) fn by_node_port(&self, port: u16) -> Option<(&Arc<Joined>, &Arc<str>)> {
        let (key, name) =
            self.by_node_port.get(&(port, false)).or_else(|| self.by_node_port.get(&(port, true)))?;
        Some((self.services.get(key)?, name))
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
