//! What one writes first. Each does less than ours, as its comment says.

#![expect(clippy::disallowed_types, reason = "a hash map is what one writes first, and none is iterated")]

use kube_core::kinds::core::v1::ServiceSpec;
use kube_core::kinds::discovery::v1::{Endpoint, EndpointConditions, EndpointPort, EndpointSlice};
use kube_core::view::PodView;
use std::collections::{BTreeSet, HashMap};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// A directory of Services: a map behind a lock, one endpoint after the other, and a count of what is in flight.
///
/// A lock for readers and a writer around a hash map is what any service registry begins with. It knows one form of a
/// name, no ports, no families, no readiness and no policy, and a writer stops every reader.
#[derive(Debug, Default)]
pub struct Directory(RwLock<HashMap<String, Entry>>);

#[derive(Debug)]
struct Entry {
    servers: Vec<Arc<Server>>,
    next: AtomicUsize,
}

/// One endpoint.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    in_flight: AtomicUsize,
}

/// An endpoint in use, until dropped.
#[derive(Debug)]
pub struct InUse(Arc<Server>);

impl InUse {
    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.0.address
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Directory {
    /// So many Services with so many endpoints each, as [`super::table`] has them.
    pub fn new(services: usize, endpoints: usize) -> Self {
        let entry = |n: usize| {
            let server = |at: usize| {
                let address = (super::world::address(10, n * endpoints + at), 8080).into();
                Arc::new(Server { address, in_flight: AtomicUsize::new(0) })
            };
            Entry { servers: (0..endpoints).map(server).collect(), next: AtomicUsize::new(0) }
        };
        Self(RwLock::new((0..services).map(|n| (super::name(n), entry(n))).collect()))
    }

    /// The next endpoint of a Service.
    pub fn pick(&self, name: &str) -> Option<InUse> {
        let services = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let entry = services.get(name)?;
        let at = entry.next.fetch_add(1, Ordering::Relaxed).checked_rem(entry.servers.len())?;
        let server = entry.servers.get(at)?.clone();
        server.in_flight.fetch_add(1, Ordering::Relaxed);
        Some(InUse(server))
    }
}

/// All slices of a Service, made anew: pods sorted by name, a hundred to a slice.
///
/// It is the reconcile that one writes first, and the step that compares with what is there is left out. It knows one
/// family and one port, no readiness beside `ready`, and moves every endpoint behind one that comes or goes: each change
/// rewrites half of the slices.
pub fn rebuild(spec: &ServiceSpec, pods: &[Arc<PodView>]) -> Vec<EndpointSlice> {
    let selects = |pod: &&Arc<PodView>| {
        let selector = spec.selector.iter().flatten();
        selector.into_iter().all(|(key, value)| pod.meta.labels.get(key).is_some_and(|has| **has == **value))
    };
    let mut selected: Vec<&Arc<PodView>> = pods.iter().filter(selects).collect();
    selected.sort_by(|a, b| a.meta.name.cmp(&b.meta.name));
    let endpoint = |pod: &&Arc<PodView>| Endpoint {
        addresses: pod.status.pod_ip.iter().map(ToString::to_string).collect(),
        conditions: Some(EndpointConditions { ready: Some(pod.is_ready()), ..EndpointConditions::default() }),
        node_name: pod.node_name().map(ToString::to_string),
        ..Endpoint::default()
    };
    let port = EndpointPort { port: Some(8080), ..EndpointPort::default() };
    let slice = |pods: &[&Arc<PodView>]| EndpointSlice {
        address_type: "IPv4".to_owned(),
        endpoints: Some(pods.iter().map(endpoint).collect()),
        ports: Some(vec![port.clone()]),
        ..EndpointSlice::default()
    };
    selected.chunks(100).map(slice).collect()
}

/// The table of Maglev as the paper writes it down: every endpoint's whole permutation first, then the turns.
pub fn maglev(endpoints: usize, slots: usize) -> Vec<u32> {
    let hash = |n: usize, salt: usize| (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15 ^ salt) >> 16;
    let permutation: Vec<Vec<u32>> = (0..endpoints)
        .map(|n| {
            let (offset, skip) = (hash(n, 1) % slots, hash(n, 2) % (slots - 1) + 1);
            (0..slots).map(|j| u32::try_from((offset + j * skip) % slots).unwrap_or_default()).collect()
        })
        .collect();
    let (mut next, mut table, mut filled) = (vec![0; endpoints], vec![u32::MAX; slots], 0);
    loop {
        for (n, order) in (0_u32..).zip(&permutation) {
            let next = &mut next[n as usize];
            while table[order[*next] as usize] != u32::MAX {
                *next += 1;
            }
            table[order[*next] as usize] = n;
            *next += 1;
            filled += 1;
            if filled == slots {
                return table;
            }
        }
    }
}

/// Names and addresses in a map: all that a name server of a cluster is, if it only knew addresses of Services.
#[derive(Debug, Default)]
pub struct Hosts(HashMap<String, Ipv4Addr>);

impl Hosts {
    /// So many Services, as [`super::table`] has them.
    pub fn new(services: usize) -> Self {
        let host = |n: usize| (format!("{}.svc.cluster.local", super::name(n)), super::world::address(11, n));
        Self((0..services).map(host).collect())
    }

    /// The address of a name, in any case.
    pub fn answer(&self, name: &str) -> Option<Ipv4Addr> {
        self.0.get(&name.to_ascii_lowercase()).copied()
    }
}

/// Addresses in a set, looked for one by one from a place that chance gives, as Kubernetes does
/// (`k8s.io/kubernetes/pkg/registry/core/service/ipallocator`).
#[derive(Debug, Default)]
pub struct Taken(BTreeSet<u32>);

impl Taken {
    /// All but `free` of `size`, which are spread evenly.
    pub fn full(size: u32, free: u32) -> Self {
        let apart = size / free.max(1);
        Self((0..size).filter(|ip| ip % apart != apart / 2).collect())
    }

    /// Takes the first free address from `start` on, around.
    pub fn take(&mut self, size: u32, start: u32) -> Option<u32> {
        let found = (start..size).chain(0..start).find(|ip| !self.0.contains(ip))?;
        self.0.insert(found);
        Some(found)
    }

    /// Gives an address back.
    pub fn release(&mut self, ip: u32) {
        self.0.remove(&ip);
    }
}
