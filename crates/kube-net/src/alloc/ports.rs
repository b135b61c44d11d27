//! Node ports: one key each.

use super::addresses::Supply;
use super::families::spec;
use super::free::{Believed, Places, first_free};
use super::ranges::PortRange;
use super::update::{Form, needs_health_check_port, needs_node_ports, node_port};
use kube_core::error::{ApiError, FieldError, FieldPath};
use kube_core::kinds::core::v1::{Service, ServiceSpec};
use kube_core::resource::{ObjectKey, Resource};
use kube_core::wire::canonical;
use kube_store::objects::{Contribution, Keys, TxnBuilder};
use kube_store::storage::{Key, KeyRange};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Takes the node ports that `new` holds and `old` did not, choosing those that are not given, and releases the others.
pub(super) async fn settle(
    cx: &Contribution<'_>,
    supply: &Supply<'_>,
    specs: (Option<&ServiceSpec>, Option<&mut ServiceSpec>),
    random: &mut (dyn FnMut(u128) -> u128 + Send),
    txn: &mut TxnBuilder,
) -> Result<(), ApiError> {
    let (old, new) = specs;
    let before = old.map(held).unwrap_or_default();
    let mut pool = Pool {
        cx,
        range: supply.ranges.node_ports(),
        believed: supply.believed,
        random,
        txn,
        before: &before,
        taken: BTreeSet::new(),
    };
    let mut after = BTreeSet::new();
    if let Some(new) = new {
        if matches!(Form::of(new), Form::NodePort | Form::LoadBalancer) {
            if old.is_some() { pool.fill_changed(new).await? } else { pool.fill_new(new).await? }
        }
        if needs_health_check_port(new) {
            pool.fill_health_check(new).await?;
        }
        after = held(new);
    }
    for port in before.difference(&after) {
        pool.release(*port).await?;
    }
    Ok(())
}

/// The node ports that a Service holds.
pub(super) fn held(spec: &ServiceSpec) -> BTreeSet<i32> {
    let ports = spec.ports.iter().flatten().map(node_port);
    let health = needs_health_check_port(spec).then_some(spec.health_check_node_port).flatten();
    match Form::of(spec) {
        Form::NodePort | Form::LoadBalancer => ports.chain(health).filter(|port| *port != 0).collect(),
        _ => BTreeSet::new(),
    }
}

/// The node ports, as one write of one Service sees them.
struct Pool<'a> {
    cx: &'a Contribution<'a>,
    range: PortRange,
    believed: &'a Believed,
    random: &'a mut (dyn FnMut(u128) -> u128 + Send),
    txn: &'a mut TxnBuilder,
    /// Held already.
    before: &'a BTreeSet<i32>,
    /// Taken by this write.
    taken: BTreeSet<i32>,
}

impl Pool<'_> {
    /// Gives the ports of a new Service their node ports; ports of one number share one.
    async fn fill_new(&mut self, spec: &mut ServiceSpec) -> Result<(), ApiError> {
        let chosen = needs_node_ports(spec);
        let mut ports = spec.ports.take().unwrap_or_default();
        let mut shared: BTreeMap<i32, i32> = BTreeMap::new();
        for at in 0..ports.len() {
            let (number, asked) = (ports[at].port, node_port(&ports[at]));
            match shared.get(&number) {
                _ if asked == 0 && !chosen => {}
                Some(common) if asked == 0 => ports[at].node_port = Some(*common),
                Some(common) if asked == *common => {}
                Some(_) => self.reserve(asked, &path(at)).await?,
                None => {
                    let wishes = ports.iter().filter(|port| port.port == number).map(node_port);
                    let node_port = match wishes.into_iter().find(|wish| *wish != 0) {
                        Some(wish) => {
                            self.reserve(wish, &path(at)).await?;
                            wish
                        }
                        None => self.choose().await?,
                    };
                    ports[at].node_port = Some(node_port);
                    shared.insert(number, node_port);
                }
            }
        }
        spec.ports = Some(ports);
        Ok(())
    }

    /// Gives the ports of a changed Service the node ports that they lack. One may serve several protocols.
    async fn fill_changed(&mut self, spec: &mut ServiceSpec) -> Result<(), ApiError> {
        let chosen = needs_node_ports(spec);
        let mut used = BTreeSet::new();
        for (at, port) in spec.ports.iter_mut().flatten().enumerate() {
            let asked = node_port(port);
            if asked == 0 && !chosen {
                continue;
            }
            let number = if asked == 0 { self.choose().await? } else { asked };
            if !self.before.contains(&number) && !self.taken.contains(&number) {
                self.reserve(number, &path(at)).await?;
            }
            let protocol = port.protocol.clone().unwrap_or_else(|| "TCP".to_owned());
            if !used.insert((protocol, number)) {
                return Err(self.refuse(number, &path(at), ALLOCATED));
            }
            port.node_port = Some(number);
        }
        Ok(())
    }

    async fn fill_health_check(&mut self, new: &mut ServiceSpec) -> Result<(), ApiError> {
        let wanted = new.health_check_node_port.unwrap_or_default();
        if wanted == 0 {
            new.health_check_node_port = Some(self.choose().await?);
        } else if !self.before.contains(&wanted) {
            self.reserve(wanted, &spec("healthCheckNodePort")).await?;
        }
        Ok(())
    }

    async fn choose(&mut self) -> Result<i32, ApiError> {
        let cx = self.cx;
        let prefix = prefix(cx.keys());
        let key = |number: u128| Key::new(format!("{prefix}{number}"));
        let of_key = |key: &Key| -> Option<u128> { key.as_str().strip_prefix(&prefix)?.parse().ok() };
        let places = Places {
            spans: self.range.spans(&mut *self.random),
            except: &self.taken.iter().filter_map(|port| u128::try_from(*port).ok()).collect(),
            key: &key,
            number: &of_key,
            all: KeyRange::prefix(prefix.clone()),
        };
        let found = first_free(cx, self.believed, &places).await?;
        let full = || ApiError::internal("failed to allocate a nodePort: range is full");
        let (number, read) = found.ok_or_else(full)?;
        let port = i32::try_from(number).map_err(ApiError::internal)?;
        self.txn.put(&read, canonical(&owner(cx.key())));
        self.taken.insert(port);
        Ok(port)
    }

    async fn reserve(&mut self, port: i32, path: &FieldPath) -> Result<(), ApiError> {
        if !self.range.contains(port) {
            let range = self.range;
            let detail =
                format!("provided port is not in the valid range. The range of valid ports is {range}");
            return Err(self.refuse(port, path, &detail));
        }
        let read = self.cx.get(&key(self.cx.keys(), port)).await?;
        if read.value().is_some() || !self.taken.insert(port) {
            return Err(self.refuse(port, path, ALLOCATED));
        }
        self.txn.put(&read, canonical(&owner(self.cx.key())));
        Ok(())
    }

    /// Releases a port, unless it is another's.
    async fn release(&mut self, port: i32) -> Result<(), ApiError> {
        let read = self.cx.get(&key(self.cx.keys(), port)).await?;
        if read.json()?.is_some_and(|holder| holder == owner(self.cx.key())) {
            self.txn.delete(&read);
            self.believed.release(u128::try_from(port).unwrap_or_default());
        }
        Ok(())
    }

    fn refuse(&self, port: i32, path: &FieldPath, detail: &str) -> ApiError {
        let error = FieldError::invalid(path, port, detail);
        ApiError::invalid("", "Service", &self.cx.key().name, &[error])
    }
}

const ALLOCATED: &str = "provided port is already allocated";

fn path(at: usize) -> FieldPath {
    spec("ports").index(at).child("nodePort")
}

/// Who holds a port.
pub(super) fn owner(service: &ObjectKey) -> Value {
    json!({"resource": "services", "namespace": *service.namespace, "name": *service.name})
}

pub(super) fn key(keys: &Keys, port: i32) -> Key {
    Key::new(format!("{}{port}", prefix(keys)))
}

/// Beside the objects, below the same prefix: `<prefix>/ranges/nodeports/`.
pub(super) fn prefix(keys: &Keys) -> String {
    let services = keys.kind_prefix(Service::kind_info());
    let root = services.strip_suffix("core/services/").unwrap_or(&services);
    format!("{root}ranges/nodeports/")
}
