//! One endpoint of one port of a Service.

use crate::balance::Load;
use kube_core::env::Mono;
use kube_core::kinds::discovery::v1 as discovery;
use kube_core::resource::{ObjectKey, Uid};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// One endpoint of one port of a Service.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Endpoint {
    /// Its address.
    pub address: IpAddr,
    /// Its port; 0 for a headless Service without ports.
    pub port: u16,
    /// Whether it takes new requests.
    pub ready: bool,
    /// Whether it answers requests, whether or not it should get new ones.
    pub serving: bool,
    /// Whether it is on its way out.
    pub terminating: bool,
    /// Its host name inside the Service's domain.
    pub hostname: Option<Arc<str>>,
    /// The node it is on.
    pub node: Option<Arc<str>>,
    /// The zone it is in.
    pub zone: Option<Arc<str>>,
    /// The object it belongs to, a pod as a rule.
    pub target: Option<TargetRef>,
    /// The zones whose clients should use it; none where all may.
    pub for_zones: Arc<[Arc<str>]>,
    /// The nodes whose clients should use it; none where all may.
    pub for_nodes: Arc<[Arc<str>]>,
    load: Arc<Load>,
}

/// The object that an endpoint belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TargetRef {
    /// Its kind, as `Pod`.
    pub kind: Arc<str>,
    /// Its namespace and name.
    pub key: ObjectKey,
    /// Its uid; empty where it is not known.
    pub uid: Uid,
}

impl Endpoint {
    /// A ready endpoint that is known by its address alone.
    pub fn new(address: IpAddr, port: u16) -> Self {
        Self {
            address,
            port,
            ready: true,
            serving: true,
            terminating: false,
            hostname: None,
            node: None,
            zone: None,
            target: None,
            for_zones: Arc::default(),
            for_nodes: Arc::default(),
            load: Arc::default(),
        }
    }

    /// The first address of an endpoint of a slice; `None` where it is none.
    pub(super) fn of_slice(endpoint: &discovery::Endpoint, port: u16) -> Option<Self> {
        let conditions = endpoint.conditions.clone().unwrap_or_default();
        let text = |value: &Option<String>| value.as_deref().filter(|text| !text.is_empty()).map(Arc::from);
        let target = endpoint.target_ref.as_ref().map(|target| TargetRef {
            kind: target.kind.as_deref().unwrap_or_default().into(),
            key: ObjectKey::new(
                target.namespace.as_deref().unwrap_or_default(),
                target.name.as_deref().unwrap_or_default(),
            ),
            uid: Uid::new(target.uid.as_deref().unwrap_or_default()),
        });
        let hints = endpoint.hints.clone().unwrap_or_default();
        let zones = hints.for_zones.into_iter().flatten().map(|zone| zone.name.into());
        let nodes = hints.for_nodes.into_iter().flatten().map(|node| node.name.into());
        Some(Self {
            for_zones: zones.collect(),
            for_nodes: nodes.collect(),
            ready: conditions.ready.unwrap_or(true),
            serving: conditions.serving.unwrap_or(true),
            terminating: conditions.terminating.unwrap_or(false),
            hostname: text(&endpoint.hostname),
            node: text(&endpoint.node_name),
            zone: text(&endpoint.zone),
            target,
            ..Self::new(endpoint.addresses.first()?.parse().ok()?, port)
        })
    }

    /// Address and port.
    pub fn socket(&self) -> SocketAddr {
        SocketAddr::new(self.address, self.port)
    }

    /// How many picks of it have not been dropped.
    pub fn in_flight(&self) -> usize {
        self.load.in_flight()
    }

    /// The mean of its latencies at the last use that was reported; `None` where the policy does not measure.
    pub fn latency(&self) -> Option<Duration> {
        let nanos = self.load.latency().last();
        (nanos > 0.0).then(|| Duration::from_secs_f64(nanos / 1e9))
    }

    /// Until when it is left out because it kept failing; a moment that is over where it is not.
    pub fn ejected_until(&self) -> Mono {
        self.load.ejected_until()
    }

    /// Waits until no pick of it is held. Ask once the endpoint has left its Service: before, new picks may follow.
    pub fn drained(&self) -> impl Future<Output = ()> + Send + 'static {
        let load = self.load.clone();
        async move { load.drained().await }
    }

    /// Its place among the endpoints of a port.
    pub fn place(&self) -> (IpAddr, u16) {
        (self.address, self.port)
    }

    /// What endpoints of a port are ordered by. Of two states of one the ready one comes first.
    pub(super) fn order(&self) -> ((IpAddr, u16), bool) {
        (self.place(), !self.ready)
    }

    /// Whether the two are states of the same endpoint: the same pod at the same address.
    pub fn is_same(&self, other: &Self) -> bool {
        self.place() == other.place() && self.target == other.target
    }

    /// What has been learnt of it, and what is in flight, goes on from `before` if it is the same endpoint.
    pub(super) fn take_over(&mut self, before: &Self) {
        if self.is_same(before) {
            self.load = before.load.clone();
        }
    }

    #[inline]
    pub(crate) fn load(&self) -> &Load {
        &self.load
    }
}
