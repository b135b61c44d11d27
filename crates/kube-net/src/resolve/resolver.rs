//! The door: one atomic snapshot, asked by name, address or port.

use super::endpoint::Endpoint;
use super::handle::{Location, Port, Resolution, Seen, ServiceHandle};
use super::name;
use super::service::Joined;
use super::snapshot::Snapshot;
use super::table::EndpointTable;
use crate::error::ResolveError;
use arc_swap::{ArcSwap, Guard};
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::Service;
use kube_core::kinds::discovery::v1::EndpointSlice;
use kube_core::resource::{ObjectKey, Uid};
use kube_store::informer::Informer;
use kube_store::storage::Revision;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::sync::watch;

/// Finds Services and their endpoints. Cheap to clone; clones share the snapshot; asking never waits.
#[derive(Clone, Debug)]
pub struct ServiceResolver {
    pub(super) state: Arc<State>,
    namespace: Arc<str>,
    domain: Arc<str>,
    location: Location,
    pub(super) feed: Option<Arc<Feed>>,
}

/// What readers and the writer share.
#[derive(Debug)]
pub(super) struct State {
    pub(super) snapshot: ArcSwap<Snapshot>,
    version: watch::Sender<u64>,
    /// The number of the snapshot, so that who knows that one need not ask for it.
    number: AtomicU64,
    /// The number of the next snapshot; held while one is shown.
    next: Mutex<u64>,
}

/// Where the snapshots come from.
#[derive(Debug)]
pub(super) struct Feed {
    pub(super) services: Informer<Service>,
    pub(super) slices: Informer<EndpointSlice>,
}

impl State {
    /// Replaces the snapshot as a whole.
    pub(super) fn publish(&self, table: &EndpointTable) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        self.snapshot.store(Arc::new(table.snapshot.numbered(*next)));
        // Ordered before what is then asked of endpoints in use: see `ServiceHandle::pick_for`.
        self.number.store(*next, Ordering::SeqCst);
        *next += 1;
        drop(next);
        self.version.send_modify(|version| *version += 1);
    }

    /// The number of the snapshot. One that is shown just now may have a later one.
    #[inline]
    pub(super) fn number(&self) -> u64 {
        self.number.load(Ordering::SeqCst)
    }

    pub(super) fn version(&self) -> u64 {
        *self.version.borrow()
    }

    pub(super) async fn changed(&self, seen: u64) -> u64 {
        let mut versions = self.version.subscribe();
        // The sender lives as long as `self`, so that waiting cannot fail.
        versions.wait_for(|version| *version > seen).await.map_or(seen, |version| *version)
    }
}

impl From<EndpointTable> for ServiceResolver {
    fn from(table: EndpointTable) -> Self {
        let first = table.snapshot.numbered(0);
        let state = State {
            snapshot: ArcSwap::from_pointee(first),
            version: watch::Sender::new(0),
            number: AtomicU64::new(0),
            next: Mutex::new(1),
        };
        Self {
            state: Arc::new(state),
            namespace: "default".into(),
            domain: "cluster.local".into(),
            location: Location::default(),
            feed: None,
        }
    }
}

impl ServiceResolver {
    /// The same resolver for callers in `namespace`, where names without one are looked up; `default` unless told.
    #[must_use]
    pub fn in_namespace(mut self, namespace: &str) -> Self {
        self.namespace = namespace.into();
        self
    }

    /// The same resolver for a cluster of this domain; `cluster.local` unless told.
    #[must_use]
    pub fn with_domain(mut self, domain: &str) -> Self {
        self.domain = domain.trim_matches('.').to_ascii_lowercase().into();
        self
    }

    /// The same resolver for callers on the node of this name: traffic policies `Local` and hints for nodes mean it.
    #[must_use]
    pub fn on_node(mut self, node: &str) -> Self {
        self.location.node = Some(node.into());
        self
    }

    /// The same resolver for callers in this zone: hints for zones mean it.
    #[must_use]
    pub fn in_zone(mut self, zone: &str) -> Self {
        self.location.zone = Some(zone.into());
        self
    }

    /// Shows a later state of the table, all at once.
    pub fn publish(&self, table: &EndpointTable) {
        self.state.publish(table);
    }

    /// The Service `name`: `web`, `web.prod`, `web.prod.svc` or `web.prod.svc.cluster.local`, in any case, with or
    /// without a last dot.
    ///
    /// # Errors
    /// [`ResolveError::NotFound`].
    pub fn service(&self, name: &str) -> Result<ServiceHandle, ResolveError> {
        let missing = || ResolveError::NotFound { name: name.to_owned() };
        let lower = name::lower(name);
        let (namespace, name) = name::parse(&lower, &self.namespace, &self.domain).ok_or_else(missing)?;
        let snapshot = self.state.snapshot.load();
        let service = snapshot.find(namespace, name).ok_or_else(missing)?;
        Ok(self.handle((&snapshot, service), Port::First))
    }

    /// What the Service `name` stands for: its addresses, its endpoints, or another name.
    ///
    /// # Errors
    /// As [`ServiceResolver::service`].
    pub fn resolve(&self, name: &str) -> Result<Resolution, ResolveError> {
        self.service(name)?.resolution()
    }

    /// The Service that has the cluster IP `ip`, narrowed to its port `port`.
    ///
    /// # Errors
    /// [`ResolveError::NotFound`] and [`ResolveError::NoSuchPort`].
    pub fn by_cluster_ip(&self, ip: IpAddr, port: u16) -> Result<ServiceHandle, ResolveError> {
        let snapshot = self.state.snapshot.load();
        let service = snapshot.by_ip(ip).ok_or_else(|| ResolveError::NotFound { name: ip.to_string() })?;
        let found = service.ports.iter().find(|candidate| candidate.port == port);
        let found = found.ok_or_else(|| ResolveError::NoSuchPort {
            service: service.key.clone(),
            port: port.to_string(),
        })?;
        Ok(ServiceHandle {
            address: Some(ip),
            ..self.handle((&snapshot, service), Port::Named(found.name.clone()))
        })
    }

    /// The Service that has `port` at every node, narrowed to that port. TCP comes before other protocols.
    ///
    /// # Errors
    /// [`ResolveError::NotFound`].
    pub fn by_node_port(&self, port: u16) -> Result<ServiceHandle, ResolveError> {
        let snapshot = self.state.snapshot.load();
        let found = snapshot.by_node_port(port);
        let (service, name) =
            found.ok_or_else(|| ResolveError::NotFound { name: format!("node port {port}") })?;
        Ok(ServiceHandle { external: true, ..self.handle((&snapshot, service), Port::Named(name.clone())) })
    }

    /// Every endpoint of the pod with this uid, each with the port of the Service that has it. The pod may end once each is
    /// [released](ServiceHandle::released). Looks through all Services.
    pub fn endpoints_of(&self, pod: &Uid) -> Vec<(ServiceHandle, Arc<Endpoint>)> {
        let snapshot = self.state.snapshot.load();
        let is_its_own = |endpoint: &&Arc<Endpoint>| endpoint.target.as_ref().is_some_and(|t| t.uid == *pod);
        let mut found = Vec::new();
        for service in snapshot.services.sorted() {
            for (port, set) in service.sets() {
                for endpoint in set.all.iter().filter(is_its_own) {
                    let port = port.map_or(Port::First, |port| Port::Named(port.name.clone()));
                    let handle = self.handle((&snapshot, service), port);
                    found.push((
                        ServiceHandle { address: Some(endpoint.address), ..handle },
                        endpoint.clone(),
                    ));
                }
            }
        }
        found
    }

    /// Every Service, in key order.
    pub fn services(&self) -> Vec<ObjectKey> {
        let snapshot = self.state.snapshot.load();
        snapshot.services.sorted().into_iter().map(|service| service.key.clone()).collect()
    }

    /// Counts the snapshots shown so far.
    pub fn version(&self) -> u64 {
        self.state.version()
    }

    /// Waits for a snapshot later than version `seen`, and returns its version. Look first, then wait, and nothing is
    /// missed.
    pub async fn changed(&self, seen: u64) -> u64 {
        self.state.changed(seen).await
    }

    /// Waits until the first state is complete; at once for a resolver that is not driven.
    ///
    /// # Errors
    /// Why an informer below ended.
    pub async fn synced(&self) -> Result<(), ApiError> {
        let Some(feed) = &self.feed else { return Ok(()) };
        feed.services.synced().await?;
        feed.slices.synced().await
    }

    /// Waits until every Service and slice up to `revision` shows; at once for a resolver that is not driven.
    ///
    /// # Errors
    /// Why an informer below ended.
    pub async fn wait_for(&self, revision: Revision) -> Result<(), ApiError> {
        let Some(feed) = &self.feed else { return Ok(()) };
        feed.services.wait_for(revision).await?;
        feed.slices.wait_for(revision).await
    }

    pub(super) fn namespace(&self) -> &str {
        &self.namespace
    }

    pub(crate) fn snapshot(&self) -> Guard<Arc<Snapshot>> {
        self.state.snapshot.load()
    }

    /// In lower case, without outer dots.
    pub(crate) fn domain(&self) -> &str {
        &self.domain
    }

    fn handle(&self, (snapshot, service): (&Snapshot, &Arc<Joined>), port: Port) -> ServiceHandle {
        ServiceHandle {
            state: self.state.clone(),
            port,
            address: None,
            external: false,
            location: self.location.clone(),
            found: Seen { number: snapshot.number, service: service.clone() },
            later: OnceLock::new(),
        }
    }
}
