//! One endpoint of one port of a Service.

use kube_core::kinds::discovery::v1 as discovery;
use kube_core::resource::{ObjectKey, Uid};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

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
    in_flight: Arc<AtomicUsize>,
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
            in_flight: Arc::default(),
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
        Some(Self {
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
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Its place among the endpoints of a port.
    pub fn place(&self) -> (IpAddr, u16) {
        (self.address, self.port)
    }

    /// Goes on counting where `before` was, if it is the same endpoint.
    pub(super) fn take_over(&mut self, before: &Self) {
        if self.place() == before.place() && self.target == before.target {
            self.in_flight = before.in_flight.clone();
        }
    }

    pub(super) fn begin(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn end(&self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
