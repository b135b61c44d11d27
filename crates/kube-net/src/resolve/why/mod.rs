//! Why a name leads where it does: which Service, which slices, and which endpoints were left out and for what.

mod display;
mod trace;

use super::handle::Location;
use super::name;
use super::resolver::ServiceResolver;
use super::service::ServicePort;
use crate::error::ResolveError;
use kube_core::env::Mono;
use kube_core::resource::ObjectKey;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Why a name leads where it does. Its text is one line per fact.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Why {
    /// What was asked for.
    pub asked: String,
    /// What was found; else why not.
    pub found: Result<Found, Missing>,
}

/// Why no Service was found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Missing {
    /// The Service that the name means; `None` where it is no name of a Service.
    pub service: Option<ObjectKey>,
    /// Services of that name in other namespaces.
    pub elsewhere: Vec<ObjectKey>,
}

/// A Service that was found, and what became of its endpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// The Service.
    pub service: ObjectKey,
    /// How it is reached.
    pub reach: Reach,
    /// The port that is meant; `None` for a Service without it.
    pub port: Option<ServicePort>,
    /// Ports that no slice has: no selected pod has a port of the name that they ask for, or no pod is selected.
    pub unresolved: Vec<Arc<str>>,
    /// Where the caller is, and what that means.
    pub scope: Scope,
    /// Every slice, by name.
    pub slices: Vec<SliceWhy>,
    /// What a pick answers now; `None` where it succeeds.
    pub refused: Option<ResolveError>,
}

/// How a Service is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reach {
    /// By these addresses.
    ClusterIps(Vec<IpAddr>),
    /// By its endpoints.
    Headless,
    /// It stands for another name.
    External(Arc<str>),
}

/// Which endpoints a caller may use for where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scope {
    /// All.
    All,
    /// Those on its own node, by the Service's traffic policy.
    OwnNode(Arc<str>),
    /// Those hinted for its node.
    ForNode(Arc<str>),
    /// Those hinted for its zone.
    ForZone(Arc<str>),
}

/// What became of a slice.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SliceWhy {
    /// Its name.
    pub name: Arc<str>,
    /// `IPv4`, `IPv6` or `FQDN`.
    pub address_type: Arc<str>,
    /// Its endpoints in its own order; else why none of them was looked at.
    pub endpoints: Result<Vec<EndpointWhy>, SliceSkipped>,
}

/// Why a slice was not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SliceSkipped {
    /// Its addresses are of another family than the one asked for.
    OtherFamily,
    /// It does not have the port.
    OtherPort,
}

/// What became of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EndpointWhy {
    /// Its address and port; `None` where the address is none.
    pub address: Option<SocketAddr>,
    /// The object behind, a pod as a rule.
    pub target: Option<ObjectKey>,
    /// What became of it.
    pub verdict: Verdict,
}

/// What became of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It is used.
    Used,
    /// It is used though it terminates: it serves, and none is ready.
    LastResort,
    /// It is not ready.
    NotReady,
    /// It terminates.
    Terminating,
    /// It is on another node, and the traffic policy is `Local`.
    OtherNode,
    /// Its hints mean other clients.
    HintedElsewhere,
    /// It kept failing, and is left out until then.
    Ejected {
        /// The end of it.
        until: Mono,
    },
    /// Its address and port stand in another slice too, and count there.
    Repeated,
    /// It has no address that can be read.
    NoAddress,
}

impl Verdict {
    /// Whether a pick can choose the endpoint.
    pub fn is_used(self) -> bool {
        matches!(self, Self::Used | Self::LastResort)
    }
}

impl Found {
    /// Every endpoint that was looked at.
    pub fn endpoints(&self) -> impl Iterator<Item = &EndpointWhy> {
        self.slices.iter().filter_map(|slice| slice.endpoints.as_ref().ok()).flatten()
    }
}

impl ServiceResolver {
    /// Why `name` leads where it does: see [`Why`].
    ///
    /// ```
    /// use kube_net::{EndpointTable, ServiceResolver};
    ///
    /// let resolver = ServiceResolver::from(EndpointTable::new());
    /// assert_eq!(resolver.why("web.prod").to_string(), "web.prod: there is no service prod/web\n");
    /// ```
    pub fn why(&self, name: &str) -> Why {
        if let Ok(handle) = self.service(name) {
            return Why { asked: name.to_owned(), ..handle.why() };
        }
        let lower = name::lower(name);
        let service = name::parse(&lower, self.namespace(), self.domain());
        let service = service.map(|(namespace, name)| ObjectKey::new(namespace, name));
        let elsewhere = service.as_ref().map(|key| self.namesakes(key)).unwrap_or_default();
        Why { asked: name.to_owned(), found: Err(Missing { service, elsewhere }) }
    }

    fn namesakes(&self, key: &ObjectKey) -> Vec<ObjectKey> {
        self.services().into_iter().filter(|other| other.name == key.name && other != key).collect()
    }
}

impl Scope {
    fn of(location: &Location, local: bool, by_node: bool, by_zone: bool) -> Self {
        match (&location.node, &location.zone) {
            (Some(node), _) if local => Self::OwnNode(node.clone()),
            (Some(node), _) if by_node => Self::ForNode(node.clone()),
            (_, Some(zone)) if by_zone => Self::ForZone(zone.clone()),
            _ => Self::All,
        }
    }
}
