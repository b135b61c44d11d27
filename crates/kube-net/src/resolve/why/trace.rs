//! From a joined Service to what became of its endpoints.

use super::{EndpointWhy, Found, Missing, Reach, Scope, SliceSkipped, SliceWhy, Verdict, Why};
use crate::balance::PickContext;
use crate::resolve::endpoint::Endpoint;
use crate::resolve::handle::ServiceHandle;
use crate::resolve::pool::Pool;
use crate::resolve::service::{Form, Joined, family_of};
use crate::resolve::set::EndpointSet;
use kube_core::kinds::discovery::v1::EndpointSlice;
use kube_core::resource::ResourceExt;
use std::collections::BTreeSet;
use std::sync::Arc;

impl ServiceHandle {
    /// Why a pick answers what it does: see [`Why`].
    pub fn why(&self) -> Why {
        let asked = self.key().to_string();
        let refused = self.peek().err();
        let found = self.read(|service| Ok(found(self, service)));
        let missing = |_| Missing { service: Some(self.key().clone()), elsewhere: Vec::new() };
        let found = found.map(|found| Found { refused, ..found }).map_err(missing);
        Why { asked, found }
    }
}

fn found(handle: &ServiceHandle, service: &Joined) -> Found {
    let (position, name) = handle.port_of(service);
    let port = position.and_then(|at| service.ports.get(at)).cloned();
    let name = port.as_ref().map_or(name, |port| &*port.name);
    let cx = handle.context(&PickContext::default());
    let local = if handle.external { service.external_local } else { service.internal_local };
    let family = position.and_then(|at| service.family(at, handle.address));
    let set = family.and_then(|family| family.sets.get(position?));
    let scope = set.map_or(Scope::All, |set| {
        let (by_node, by_zone) = (set.is_hinted_for_node(cx.node), set.is_hinted_for_zone(cx.zone));
        Scope::of(&handle.location, local, by_node, by_zone)
    });
    let address_type = match handle.address {
        Some(address) if family.is_some_and(|family| family.address_type.is_some()) => {
            Some(family_of(address))
        }
        _ => family.and_then(|family| family.address_type),
    };
    let mut view = View {
        set,
        pool: set.and_then(|set| set.pool(&cx, local)),
        scope: &scope,
        seen: BTreeSet::new(),
        name,
        portless: service.ports.is_empty(),
    };
    let slices = service.slices.iter().map(|slice| view.slice(slice, address_type)).collect();
    Found {
        service: service.key.clone(),
        reach: match &service.form {
            Form::ClusterIp(ips) => Reach::ClusterIps(ips.clone()),
            Form::Headless => Reach::Headless,
            Form::External(target) => Reach::External(target.clone()),
        },
        unresolved: unresolved(service),
        port,
        scope,
        slices,
        refused: None,
    }
}

/// Ports that no slice has.
fn unresolved(service: &Joined) -> Vec<Arc<str>> {
    let has = |slice: &EndpointSlice, name: &str| {
        let mut ports = slice.ports.iter().flatten();
        ports.any(|port| port.name.as_deref().unwrap_or_default() == name && port.port.is_some())
    };
    let names = service.ports.iter().map(|port| &port.name);
    let missing = names.filter(|name| !service.slices.iter().any(|slice| has(slice, name)));
    if matches!(service.form, Form::External(_)) { Vec::new() } else { missing.cloned().collect() }
}

struct View<'a> {
    set: Option<&'a EndpointSet>,
    pool: Option<&'a Arc<Pool>>,
    scope: &'a Scope,
    /// Places that were told.
    seen: BTreeSet<(std::net::IpAddr, u16)>,
    /// The port's name in slices.
    name: &'a str,
    portless: bool,
}

impl View<'_> {
    fn slice(&mut self, slice: &EndpointSlice, address_type: Option<&str>) -> SliceWhy {
        let port = slice
            .ports
            .iter()
            .flatten()
            .find(|port| port.name.as_deref().unwrap_or_default() == self.name)
            .and_then(|port| u16::try_from(port.port?).ok())
            .or_else(|| self.portless.then_some(0));
        let endpoints = match port {
            _ if address_type.is_some_and(|wanted| wanted != slice.address_type) => {
                Err(SliceSkipped::OtherFamily)
            }
            None => Err(SliceSkipped::OtherPort),
            Some(port) => {
                let all = slice.endpoints.iter().flatten();
                Ok(all.map(|endpoint| self.endpoint(Endpoint::of_slice(endpoint, port), endpoint)).collect())
            }
        };
        SliceWhy { name: slice.name().into(), address_type: slice.address_type.as_str().into(), endpoints }
    }

    fn endpoint(
        &mut self,
        endpoint: Option<Endpoint>,
        stored: &kube_core::kinds::discovery::v1::Endpoint,
    ) -> EndpointWhy {
        let Some(endpoint) = endpoint else {
            let target = stored.target_ref.as_ref().map(|target| {
                let text = |value: &Option<String>| value.clone().unwrap_or_default();
                kube_core::resource::ObjectKey::new(text(&target.namespace), text(&target.name))
            });
            return EndpointWhy { address: None, target, verdict: Verdict::NoAddress };
        };
        EndpointWhy {
            address: Some(endpoint.socket()),
            target: endpoint.target.as_ref().map(|target| target.key.clone()),
            verdict: self.verdict(&endpoint),
        }
    }

    fn verdict(&mut self, endpoint: &Endpoint) -> Verdict {
        let counted = self.set.and_then(|set| find(&set.all, endpoint));
        let counts =
            counted.is_some_and(|counted| counted.ready == endpoint.ready && counted.is_same(endpoint));
        if !counts || !self.seen.insert(endpoint.place()) {
            return Verdict::Repeated;
        }
        let used = self.pool.and_then(|pool| Some((pool, find(&pool.endpoints, endpoint)?)));
        match (used, self.scope) {
            (Some((pool, used)), _) if used.ejected_until() > pool.shared().now() => {
                Verdict::Ejected { until: used.ejected_until() }
            }
            (Some(_), _) if endpoint.ready => Verdict::Used,
            (Some(_), _) => Verdict::LastResort,
            _ if endpoint.terminating => Verdict::Terminating,
            _ if !endpoint.ready => Verdict::NotReady,
            (None, Scope::OwnNode(_)) => Verdict::OtherNode,
            _ => Verdict::HintedElsewhere,
        }
    }
}

fn find<'a>(endpoints: &'a [Arc<Endpoint>], wanted: &Endpoint) -> Option<&'a Arc<Endpoint>> {
    let at = endpoints.binary_search_by_key(&wanted.place(), |endpoint| endpoint.place()).ok()?;
    endpoints.get(at)
}
