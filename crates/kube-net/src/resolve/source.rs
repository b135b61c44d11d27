//! What one slice has for one port: read once, and kept through the changes of other slices.

use super::endpoint::Endpoint;
use kube_core::kinds::discovery::v1::EndpointSlice;
use std::sync::Arc;

/// A slice, and its number for the port.
pub(super) type Numbered<'a> = (&'a Arc<EndpointSlice>, u16);

/// The endpoints that one slice has for one port, by address.
#[derive(Clone, Debug)]
pub(super) struct Source {
    slice: Arc<EndpointSlice>,
    number: u16,
    pub(super) endpoints: Arc<[Arc<Endpoint>]>,
}

impl Source {
    /// Reads `slice`; each of its endpoints passes through `settle` first.
    pub(super) fn read((slice, number): Numbered<'_>, settle: impl Fn(Endpoint) -> Endpoint) -> Self {
        let read = slice.endpoints.iter().flatten().filter_map(|one| Endpoint::of_slice(one, number));
        let mut endpoints: Vec<Arc<Endpoint>> = read.map(|one| Arc::new(settle(one))).collect();
        endpoints.sort_by_key(|one| one.order());
        Self { slice: slice.clone(), number, endpoints: endpoints.into() }
    }

    /// Whether it comes before `slice`.
    pub(super) fn precedes(&self, (slice, _): Numbered<'_>) -> bool {
        self.slice.metadata.name < slice.metadata.name
    }

    /// Whether it is what `slice` still says.
    pub(super) fn is_of(&self, (slice, number): Numbered<'_>) -> bool {
        Arc::ptr_eq(&self.slice, slice) && self.number == number
    }
}
