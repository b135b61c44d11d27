//! Services joined with their slices, kept up by one change at a time.

use super::service::Joined;
use super::snapshot::Snapshot;
use crate::balance::Balancing;
use crate::slices::SERVICE_NAME_LABEL;
use kube_core::kinds::core::v1::Service;
use kube_core::kinds::discovery::v1::EndpointSlice;
use kube_core::resource::{ObjectKey, ResourceExt};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Services joined with their slices. Turn it into a [`ServiceResolver`](super::ServiceResolver) to ask it; a later
/// state of the same table goes there by [`ServiceResolver::publish`](super::ServiceResolver::publish).
///
/// The order in which Services and slices arrive does not matter.
#[derive(Clone, Debug)]
pub struct EndpointTable {
    services: BTreeMap<ObjectKey, Arc<Service>>,
    /// By Service, then by name.
    slices: BTreeMap<ObjectKey, BTreeMap<Arc<str>, Arc<EndpointSlice>>>,
    /// The Service that a slice belongs to.
    homes: BTreeMap<ObjectKey, ObjectKey>,
    balancing: Arc<Balancing>,
    pub(super) snapshot: Snapshot,
}

impl EndpointTable {
    /// A table of nothing, which balances round robin. It has no clock but one that stands still, so that sessions
    /// (`ClientIP`) never time out; with that of an environment: [`EndpointTable::balanced`].
    pub fn new() -> Self {
        Self::balanced(Balancing::default())
    }

    /// A table of nothing that balances so.
    pub fn balanced(balancing: Balancing) -> Self {
        Self {
            services: BTreeMap::new(),
            slices: BTreeMap::new(),
            homes: BTreeMap::new(),
            balancing: Arc::new(balancing),
            snapshot: Snapshot::default(),
        }
    }

    /// A table of these Services and slices, which balances round robin, with the clock of [`EndpointTable::new`].
    pub fn from_slices(services: &[Service], slices: &[EndpointSlice]) -> Self {
        let mut table = Self::new();
        for slice in slices {
            table.upsert_slice(&Arc::new(slice.clone()));
        }
        for service in services {
            table.upsert_service(&Arc::new(service.clone()));
        }
        table
    }

    /// Adds a Service, or replaces it.
    pub fn upsert_service(&mut self, service: &Arc<Service>) {
        let key = service.key();
        self.services.insert(key.clone(), service.clone());
        self.join(&key);
    }

    /// Removes a Service. Its slices stay until they are removed.
    pub fn remove_service(&mut self, key: &ObjectKey) {
        self.services.remove(key);
        self.snapshot.remove(key);
    }

    /// Adds a slice, or replaces it. One that names no Service is not looked at.
    pub fn upsert_slice(&mut self, slice: &Arc<EndpointSlice>) {
        let key = slice.key();
        let label = slice.metadata.labels.as_ref().and_then(|labels| labels.get(SERVICE_NAME_LABEL));
        let home = label.map(|service| ObjectKey::new(key.namespace.clone(), service.as_str()));
        if self.homes.get(&key) != home.as_ref() {
            self.remove_slice(&key);
        }
        if let Some(home) = home {
            self.slices.entry(home.clone()).or_default().insert(key.name.clone(), slice.clone());
            self.join(&home);
            self.homes.insert(key, home);
        }
    }

    /// Removes a slice.
    pub fn remove_slice(&mut self, key: &ObjectKey) {
        let Some(home) = self.homes.remove(key) else { return };
        if let Some(slices) = self.slices.get_mut(&home) {
            slices.remove(&key.name);
            if slices.is_empty() {
                self.slices.remove(&home);
            }
        }
        self.join(&home);
    }

    /// How many Services there are.
    pub fn len(&self) -> usize {
        self.services.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.services.is_empty()
    }

    fn join(&mut self, key: &ObjectKey) {
        let Some(service) = self.services.get(key) else { return };
        let none = BTreeMap::new();
        let slices = self.slices.get(key).unwrap_or(&none);
        let before = self.snapshot.service(key).map(|before| &**before);
        let joined = Joined::new(service, slices, before, &self.balancing);
        self.snapshot.insert(Arc::new(joined));
    }
}

impl Default for EndpointTable {
    fn default() -> Self {
        Self::new()
    }
}
