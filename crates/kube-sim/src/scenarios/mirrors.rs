//! `Endpoints` that are kept by hand, mirrored into slices, under all faults.

use super::acts::acting;
use crate::campaign::Sim;
use crate::cluster::Cluster;
use crate::oracle::{Oracle, State, Verdict};
use kube_core::kinds::core::v1::{
    EndpointAddress, EndpointSubset, Endpoints, Service, ServicePort, ServiceSpec,
};
use kube_core::kinds::discovery::v1::EndpointSlice;
use kube_core::resource::{ObjectKey, ResourceExt};
use kube_net::slices::{MANAGED_BY_LABEL, MIRRORED_BY, SERVICE_NAME_LABEL, SKIP_MIRROR_LABEL, is_mirrored};
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

const MIRRORS: &str = include_str!("mirrors.yaml");

const CONTROLLERS: [&str; 3] =
    ["endpointslice-mirroring-controller", "endpointslice-controller", "garbage-collector"];

/// Addresses change, a Service comes late, gets a selector and loses it, and `Endpoints` go and come again.
pub fn mirrors(seeds: Range<u64>) -> Sim {
    let sim = acting(seeds, 2, &CONTROLLERS).oracle(|| Box::new(Mirrors));
    sim.scenario(|c| async move {
        c.apply(MIRRORS).await;
        c.sleep(Duration::from_secs(3)).await;
        subsets(&c, |subsets| {
            if let Some(addresses) = subsets.first_mut().and_then(|subset| subset.addresses.as_mut()) {
                addresses.remove(0);
                addresses
                    .push(EndpointAddress { ip: "2001:db8::1".to_owned(), ..EndpointAddress::default() });
            }
        })
        .await;
        let port = ServicePort { port: 80, ..ServicePort::default() };
        let mut early = Service {
            spec: Some(ServiceSpec { ports: Some(vec![port]), ..ServiceSpec::default() }),
            ..Service::default()
        };
        early.metadata.name = Some("early".to_owned());
        c.create(early).await;
        c.sleep(Duration::from_secs(2)).await;
        select(&c, Some("web")).await;
        c.sleep(Duration::from_secs(2)).await;
        c.delete::<Endpoints>("default/early").await;
        select(&c, None).await;
        subsets(&c, |subsets| subsets.extend(subsets.first().cloned())).await;
        c.sleep(Duration::from_secs(3)).await;
        c.delete::<Endpoints>("default/db").await;
        c.apply(MIRRORS).await;
        c.sleep(Duration::from_secs(1)).await;
        c.edit::<Endpoints>("default/early", |endpoints| {
            let labels = endpoints.metadata.labels.get_or_insert_default();
            labels.insert(SKIP_MIRROR_LABEL.to_owned(), "true".to_owned());
        })
        .await;
        c.delete::<Service>("default/db").await;
        c.apply(MIRRORS).await;
    })
}

async fn subsets(c: &Cluster, change: impl Fn(&mut Vec<EndpointSubset>) + Send + Sync) {
    c.edit::<Endpoints>("default/db", |endpoints| change(endpoints.subsets.get_or_insert_default())).await;
}

async fn select(c: &Cluster, app: Option<&str>) {
    c.edit::<Service>("default/db", |service| {
        let selector = app.map(|app| [("app".to_owned(), app.to_owned())].into());
        service.spec.get_or_insert_default().selector = selector;
    })
    .await;
}

/// At rest the addresses of `Endpoints` that are to be mirrored stand in slices, each once, and no others.
#[derive(Debug)]
struct Mirrors;

impl Oracle for Mirrors {
    fn name(&self) -> &'static str {
        "mirrors"
    }

    fn at_rest(&mut self, state: &State) -> Verdict {
        // By `Endpoints`, address and port: whether it is ready.
        let mut wanted = BTreeMap::new();
        for endpoints in state.all::<Endpoints>() {
            let key = endpoints.key();
            if !is_mirrored(state.get::<Service>(&key).as_deref(), &endpoints) {
                continue;
            }
            for subset in endpoints.subsets.iter().flatten() {
                let ready = subset.addresses.iter().flatten().map(|address| (address, true));
                let unready = subset.not_ready_addresses.iter().flatten().map(|address| (address, false));
                for (address, ready) in ready.chain(unready) {
                    wanted.insert((key.clone(), address.ip.clone()), ready);
                }
            }
        }
        let mut there = BTreeMap::new();
        for slice in state.all::<EndpointSlice>() {
            let labels = slice.metadata.labels.clone().unwrap_or_default();
            if labels.get(MANAGED_BY_LABEL).is_none_or(|by| by != MIRRORED_BY) {
                continue;
            }
            let name = labels.get(SERVICE_NAME_LABEL).cloned().unwrap_or_default();
            let key = ObjectKey::new(slice.namespace(), name);
            for endpoint in slice.endpoints.iter().flatten() {
                let ready = endpoint.conditions.as_ref().and_then(|conditions| conditions.ready);
                let ip = endpoint.addresses.first().cloned().unwrap_or_default();
                if there.insert((key.clone(), ip.clone()), ready.unwrap_or(true)).is_some() {
                    return Err(format!("{ip} stands in two slices of {key}"));
                }
            }
        }
        if wanted == there { Ok(()) } else { Err(format!("Endpoints have {wanted:?}, slices {there:?}")) }
    }
}
