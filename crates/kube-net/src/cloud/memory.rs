//! Load balancers in memory, for tests and simulations.

use super::{CloudError, CloudProvider, balancer_name, balancer_nodes};
use async_trait::async_trait;
use ipnet::IpNet;
use kube_core::kinds::core::v1::{LoadBalancerIngress, LoadBalancerStatus, PortStatus, Service};
use kube_core::view::NodeView;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Load balancers in memory, with addresses of one network, the lowest free one first. Cheap to clone; clones share.
#[derive(Clone, Debug)]
pub struct MemoryCloud {
    network: IpNet,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    balancers: BTreeMap<String, Balancer>,
    failures: usize,
}

/// A load balancer of a [`MemoryCloud`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Balancer {
    /// Its address.
    pub address: IpAddr,
    /// Protocol, port and node port of each port.
    pub ports: Vec<(String, i32, i32)>,
    /// The names of the nodes behind it, sorted.
    pub nodes: Vec<Arc<str>>,
    /// The port at every node that tells whether it has endpoints; `None` where all have.
    pub health_check_port: Option<i32>,
    /// The networks that may use it; none for all.
    pub sources: Vec<String>,
}

impl MemoryCloud {
    /// A cloud with the addresses of `network`, without its first and, for IPv4, its last.
    pub fn new(network: IpNet) -> Self {
        Self { network, state: Arc::default() }
    }

    /// The next `count` calls that would change something fail for a while.
    pub fn fail(&self, count: usize) {
        self.lock().failures = count;
    }

    /// Every balancer, by name.
    pub fn balancers(&self) -> BTreeMap<String, Balancer> {
        self.lock().balancers.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every section leaves the state whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> Result<MutexGuard<'_, State>, CloudError> {
        let mut state = self.lock();
        if state.failures != 0 {
            state.failures -= 1;
            return Err(CloudError::Temporary { message: "the cloud is out of order".to_owned() });
        }
        Ok(state)
    }

    /// The address that the Service asks for, or has, or the lowest free one.
    fn address(&self, state: &State, name: &str, service: &Service) -> Result<IpAddr, CloudError> {
        let taken =
            |ip: &IpAddr| state.balancers.iter().any(|(other, held)| other != name && held.address == *ip);
        let unsupported = |message: String| CloudError::Unsupported { field: "spec.loadBalancerIP", message };
        let wish = service.spec.as_ref().and_then(|spec| spec.load_balancer_ip.as_deref());
        if let Some(wish) = wish.filter(|wish| !wish.is_empty()) {
            let ip = wish.parse().map_err(|_| unsupported(format!("{wish:?} is no address")))?;
            if !self.network.contains(&ip) {
                return Err(unsupported(format!("{ip} is not in {}", self.network)));
            }
            return if taken(&ip) { Err(unsupported(format!("{ip} is in use"))) } else { Ok(ip) };
        }
        if let Some(held) = state.balancers.get(name) {
            return Ok(held.address);
        }
        let free = self.network.hosts().find(|ip| *ip != self.network.network() && !taken(ip));
        free.ok_or_else(|| CloudError::Temporary {
            message: format!("no address of {} is free", self.network),
        })
    }
}

#[async_trait]
impl CloudProvider for MemoryCloud {
    async fn status(&self, service: &Service) -> Result<Option<LoadBalancerStatus>, CloudError> {
        Ok(self.lock().balancers.get(&balancer_name(service)).map(status))
    }

    async fn ensure(
        &self,
        service: &Service,
        nodes: &[Arc<NodeView>],
    ) -> Result<LoadBalancerStatus, CloudError> {
        let mut state = self.change()?;
        let name = balancer_name(service);
        let spec = service.spec.clone().unwrap_or_default();
        let ports = spec.ports.iter().flatten().map(|port| {
            let protocol = port.protocol.clone().unwrap_or_else(|| "TCP".to_owned());
            (protocol, port.port, port.node_port.unwrap_or_default())
        });
        let balancer = Balancer {
            address: self.address(&state, &name, service)?,
            ports: ports.collect(),
            nodes: names(nodes),
            health_check_port: spec.health_check_node_port.filter(|port| *port != 0),
            sources: spec.load_balancer_source_ranges.unwrap_or_default(),
        };
        let told = status(&balancer);
        state.balancers.insert(name, balancer);
        Ok(told)
    }

    async fn update_nodes(&self, service: &Service, nodes: &[Arc<NodeView>]) -> Result<(), CloudError> {
        let mut state = self.change()?;
        let name = balancer_name(service);
        let Some(balancer) = state.balancers.get_mut(&name) else { return Err(CloudError::Missing { name }) };
        balancer.nodes = names(nodes);
        Ok(())
    }

    async fn remove(&self, service: &Service) -> Result<(), CloudError> {
        self.change()?.balancers.remove(&balancer_name(service));
        Ok(())
    }
}

fn names(nodes: &[Arc<NodeView>]) -> Vec<Arc<str>> {
    balancer_nodes(nodes).iter().map(|node| node.meta.name.clone()).collect()
}

fn status(balancer: &Balancer) -> LoadBalancerStatus {
    let ports = balancer.ports.iter().map(|(protocol, port, _)| PortStatus {
        error: None,
        port: *port,
        protocol: protocol.clone(),
    });
    LoadBalancerStatus {
        ingress: Some(vec![LoadBalancerIngress {
            ip: Some(balancer.address.to_string()),
            ip_mode: Some("VIP".to_owned()),
            ports: Some(ports.collect()),
            ..LoadBalancerIngress::default()
        }]),
    }
}
