//! How the endpoints of a handle change.

use super::endpoint::Endpoint;
use super::handle::ServiceHandle;
use futures::stream::{Stream, unfold};
use std::sync::Arc;

/// How the endpoints that a handle may use have changed.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct EndpointChange {
    /// Those that may be used from now on, by address.
    pub added: Vec<Arc<Endpoint>>,
    /// Those that may no longer be used, by address. They can be in use still: see [`Endpoint::drained`].
    pub removed: Vec<Arc<Endpoint>>,
}

impl EndpointChange {
    /// What leads from `before` to `after`, both by address.
    fn between(before: &[Arc<Endpoint>], after: &[Arc<Endpoint>]) -> Self {
        let missing = |from: &[Arc<Endpoint>], here: &[Arc<Endpoint>]| -> Vec<Arc<Endpoint>> {
            let is_here = |endpoint: &Arc<Endpoint>| {
                here.binary_search_by_key(&endpoint.place(), |other| other.place())
                    .is_ok_and(|at| here[at].is_same(endpoint))
            };
            from.iter().filter(|endpoint| !is_here(endpoint)).cloned().collect()
        };
        Self { added: missing(after, before), removed: missing(before, after) }
    }

    /// Whether nothing has changed.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}

/// The endpoints there are, then every change; changes that follow each other fast come as one.
pub(super) fn changes(handle: ServiceHandle) -> impl Stream<Item = EndpointChange> + Send + 'static {
    unfold((handle, None::<(u64, Vec<Arc<Endpoint>>)>), async |(handle, mut before)| {
        loop {
            if let Some((seen, _)) = &before {
                handle.state.changed(*seen).await;
            }
            let version = handle.state.version();
            let now = handle.endpoints();
            let old = before.as_ref().map(|(_, old)| &**old);
            let change = EndpointChange::between(old.unwrap_or_default(), &now);
            let first = before.is_none();
            before = Some((version, now));
            if first || !change.is_empty() {
                return Some((change, (handle, before)));
            }
        }
    })
}
