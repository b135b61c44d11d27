//! A Service of many slices.

use super::world::{service, service_key, slice};
use kube_core::kinds::core::v1::Service;
use kube_core::kinds::discovery::v1::EndpointSlice;
use kube_net::EndpointTable;
use std::sync::Arc;

/// As many endpoints as Kubernetes puts into a slice.
const EACH: usize = 100;

/// A Service of many slices, of which one changes to and fro.
#[derive(Debug)]
pub struct Large {
    table: EndpointTable,
    service: Arc<Service>,
    slices: Vec<Arc<EndpointSlice>>,
    /// The one that changes, as it was and with an endpoint that is not ready.
    both: [Arc<EndpointSlice>; 2],
    turn: usize,
}

impl Large {
    /// One of so many endpoints, in slices of 100.
    pub fn new(endpoints: usize) -> Self {
        let slices: Vec<_> = (0..endpoints.div_ceil(EACH)).map(|at| Arc::new(part(at))).collect();
        let changing = &slices[slices.len() / 2];
        let mut other = EndpointSlice::clone(changing);
        let endpoint = other.endpoints.iter_mut().flatten().next();
        if let Some(conditions) = endpoint.and_then(|endpoint| endpoint.conditions.as_mut()) {
            conditions.ready = Some(false);
        }
        let both = [Arc::new(other), changing.clone()];
        let service = Arc::new(service(0));
        let table = anew(&service, &slices);
        Self { table, service, slices, both, turn: 0 }
    }

    /// Takes in the change of one slice.
    pub fn change(&mut self) {
        self.turn += 1;
        self.table.upsert_slice(&self.both[self.turn % 2]);
    }

    /// What one does first: reads all slices of the Service, whichever has changed.
    pub fn anew(&self) -> EndpointTable {
        anew(&self.service, &self.slices)
    }

    /// How many endpoints are ready after the last change, and how many are in a table read anew.
    pub fn ready(&self) -> [usize; 2] {
        [self.table.clone(), self.anew()].map(|table| {
            let found = kube_net::ServiceResolver::from(table).service(&super::name(0));
            found.map_or(0, |service| service.endpoints().len())
        })
    }
}

/// The slices come before their Service: they are joined with it once.
fn anew(service: &Arc<Service>, slices: &[Arc<EndpointSlice>]) -> EndpointTable {
    let mut table = EndpointTable::new();
    for slice in slices {
        table.upsert_slice(slice);
    }
    table.upsert_service(service);
    table
}

/// The slice at this place, with addresses and pods of its own.
fn part(at: usize) -> EndpointSlice {
    let mut slice = slice(at, EACH);
    slice.metadata.name = Some(format!("web-0-{at:04}"));
    slice.metadata.namespace = Some(service_key(0).namespace.to_string());
    slice.metadata.labels =
        Some([("kubernetes.io/service-name".to_owned(), service_key(0).name.to_string())].into());
    slice
}

#[cfg(test)]
mod tests {
    use super::Large;

    #[test]
    fn both_see_the_change() {
        let mut large = Large::new(1_000);
        assert_eq!(large.ready(), [1_000, 1_000]);
        large.change();
        assert_eq!(large.ready(), [1_000, 1_000]);
        large.change();
        assert_eq!(large.ready(), [999, 1_000]);
    }
}
