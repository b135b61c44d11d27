//! An endpoint that is wanted: compared with those that are there before it is made.

use super::endpoint::{Place, ZONE_LABEL, canonical, publishes_not_ready, says};
use kube_core::kinds::core::v1::{ObjectReference, Service};
use kube_core::kinds::discovery::v1::{Endpoint, EndpointConditions};
use kube_core::resource::ResourceExt;
use kube_core::view::{NodeView, PodView};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

/// The endpoint of a pod in slices of one address type. Nearly all of those that are planned are there already, so that
/// making each, which takes ten texts, would be in vain.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    pub(super) place: Place,
    addresses: Addresses<'a>,
    hostname: Option<&'a str>,
    zone: Option<Arc<str>>,
    pod: &'a PodView,
    conditions: (bool, bool, bool),
}

/// Addresses in canonical form, sorted.
#[derive(Debug)]
enum Addresses<'a> {
    One(Cow<'a, str>),
    Many(Vec<Cow<'a, str>>),
}

impl<'a> Wanted<'a> {
    /// The endpoint of `pod`; `None` where it has no address of that type.
    pub(super) fn new(
        service: &Service,
        pod: &'a PodView,
        node: Option<&NodeView>,
        address_type: &str,
    ) -> Option<Self> {
        let wants_v6 = address_type == "IPv6";
        let read = pod.status.pod_ips.iter().filter_map(|ip| canonical(&ip.ip));
        let mut fitting = read.filter(|(ip, _)| ip.is_ipv6() == wants_v6);
        let (ip, text) = fitting.next()?;
        let (mut place, mut addresses) = (Place::of_address(ip), Addresses::One(text));
        if let Some(second) = fitting.next() {
            let Addresses::One(first) = addresses else { return None };
            let mut all = vec![(ip, first), second];
            all.extend(fitting);
            all.sort_unstable_by(|(_, a), (_, b)| a.cmp(b));
            place = Place::of_address(all[0].0);
            addresses = Addresses::Many(all.into_iter().map(|(_, text)| text).collect());
        }
        let publish = publishes_not_ready(service);
        let (serving, terminating) = (pod.is_ready(), pod.is_terminating());
        let zone = node.and_then(|node| node.meta.labels.get(ZONE_LABEL)).filter(|zone| !zone.is_empty());
        Some(Self {
            place,
            addresses,
            hostname: hostname(service, pod),
            zone: zone.cloned(),
            pod,
            conditions: (publish || (serving && !terminating), serving, terminating),
        })
    }

    /// The endpoint itself, without hints.
    pub(super) fn make(&self) -> Endpoint {
        let pod = self.pod;
        let (ready, serving, terminating) = self.conditions;
        Endpoint {
            addresses: self.addresses.iter().map(ToOwned::to_owned).collect(),
            conditions: Some(EndpointConditions {
                ready: Some(ready),
                serving: Some(serving),
                terminating: Some(terminating),
            }),
            hostname: self.hostname.map(ToOwned::to_owned),
            node_name: pod.node_name().map(|name| (**name).to_owned()),
            target_ref: Some(ObjectReference {
                kind: Some(KIND.to_owned()),
                namespace: Some((*pod.meta.namespace).to_owned()),
                name: Some((*pod.meta.name).to_owned()),
                uid: Some(pod.meta.uid.as_str().to_owned()),
                ..ObjectReference::default()
            }),
            zone: self.zone.as_deref().map(ToOwned::to_owned),
            ..Endpoint::default()
        }
    }

    /// Orders wanted endpoints by place, then by what identifies them.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        let rest = || {
            let own = (self.hostname.unwrap_or_default(), &self.pod.meta.namespace, &self.pod.meta.name);
            let others =
                (other.hostname.unwrap_or_default(), &other.pod.meta.namespace, &other.pod.meta.name);
            self.addresses.iter().cmp(other.addresses.iter()).then_with(|| own.cmp(&others))
        };
        self.place.cmp(&other.place).then_with(rest)
    }

    /// Orders a wanted endpoint and one that is at `place` already.
    pub(super) fn compare_with(&self, place: Place, has: &Endpoint) -> Ordering {
        self.place.cmp(&place).then_with(|| self.compare_identity(has))
    }

    /// Orders a wanted endpoint and another by addresses, host name and target.
    pub(super) fn compare_identity(&self, has: &Endpoint) -> Ordering {
        let target = has.target_ref.as_ref();
        let own = (self.hostname.unwrap_or_default(), &*self.pod.meta.namespace, &*self.pod.meta.name);
        let others = (
            has.hostname.as_deref().unwrap_or_default(),
            target.and_then(|t| t.namespace.as_deref()).unwrap_or_default(),
            target.and_then(|t| t.name.as_deref()).unwrap_or_default(),
        );
        self.addresses.compare(&has.addresses).then_with(|| own.cmp(&others))
    }

    /// Whether an endpoint of the same identity says the same. Hints are not looked at: they are made afterwards.
    ///
    /// Source: `k8s.io/endpointslice/util` (`EndpointsEqualBeyondHash`).
    pub(super) fn says_same(&self, has: &Endpoint) -> bool {
        let (ready, serving, terminating) = self.conditions;
        has.node_name.as_deref() == self.pod.node_name().map(|name| &**name)
            && has.zone.as_deref() == self.zone.as_deref()
            && says(has) == (Some(ready), Some(serving), Some(terminating))
            && has.target_ref.as_ref().is_some_and(|target| self.is_target(target))
    }

    fn is_target(&self, target: &ObjectReference) -> bool {
        let meta = &self.pod.meta;
        target.name.as_deref() == Some(&*meta.name)
            && target.uid.as_deref() == Some(meta.uid.as_str())
            && target.namespace.as_deref() == Some(&*meta.namespace)
            && target.kind.as_deref() == Some(KIND)
            && target.api_version.is_none()
            && target.field_path.is_none()
    }
}

const KIND: &str = "Pod";

impl Addresses<'_> {
    fn iter(&self) -> impl Iterator<Item = &str> {
        let all = match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        };
        all.iter().map(|text| &**text)
    }

    fn compare(&self, has: &[String]) -> Ordering {
        if let [only] = has {
            return self.iter().cmp([only.as_str()]);
        }
        let mut has: Vec<&str> = has.iter().map(String::as_str).collect();
        has.sort_unstable();
        self.iter().cmp(has)
    }
}

fn hostname<'a>(service: &Service, pod: &'a PodView) -> Option<&'a str> {
    let hostname = pod.spec.hostname.as_deref().filter(|name| !name.is_empty())?;
    let in_domain =
        pod.spec.subdomain.as_deref() == Some(service.name()) && service.namespace() == &*pod.meta.namespace;
    in_domain.then_some(hostname)
}
