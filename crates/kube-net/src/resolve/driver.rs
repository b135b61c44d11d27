//! Keeps a resolver current.

use super::resolver::{Feed, ServiceResolver, State};
use super::table::EndpointTable;
use crate::balance::{Balancing, round_robin::RoundRobin};
use async_trait::async_trait;
use futures::future::{Either, select};
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::Service;
use kube_core::kinds::discovery::v1::EndpointSlice;
use kube_store::client::{Component, StopToken};
use kube_store::informer::{Change, Informers};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

/// Keeps a [`ServiceResolver`] current from the informers of Services and slices.
///
/// Every change shows as soon as the informer has it: once an informer's `wait_for` returns, so does the resolver's
/// answer. The component itself only watches over the informers.
#[derive(Debug)]
pub struct ResolverDriver {
    feed: Arc<Feed>,
}

impl ResolverDriver {
    /// A resolver, and the component that stands behind it.
    pub fn new(informers: &Informers) -> (ServiceResolver, Self) {
        let balancing = Balancing::new(informers.env(), RoundRobin);
        Self::with_table(informers, EndpointTable::balanced(balancing))
    }

    /// The same with a table of one's own choice: another policy.
    pub fn with_table(informers: &Informers, table: EndpointTable) -> (ServiceResolver, Self) {
        let feed = Arc::new(Feed { services: informers.informer(), slices: informers.informer() });
        let mut resolver = ServiceResolver::from(table.clone());
        let writer = Arc::new(Writer { table: Mutex::new(table), state: resolver.state.clone() });
        let on_slice = writer.clone();
        feed.services.on_change(move |change| writer.service(change));
        feed.slices.on_change(move |change| on_slice.slice(change));
        // Handlers must not hold the informers: the two would keep each other alive.
        resolver.feed = Some(feed.clone());
        (resolver, Self { feed })
    }
}

#[async_trait]
impl Component for ResolverDriver {
    fn name(&self) -> &'static str {
        "resolver"
    }

    async fn run(self: Box<Self>, stop: StopToken) -> Result<(), ApiError> {
        let (services, slices) = (pin!(self.feed.services.closed()), pin!(self.feed.slices.closed()));
        let closed = select(services, slices);
        match select(pin!(stop.stopped()), closed).await {
            Either::Left(_) => Ok(()),
            Either::Right((Either::Left((cause, _)) | Either::Right((cause, _)), _)) => Err(cause),
        }
    }
}

/// The table, and where its states are shown.
struct Writer {
    table: Mutex<EndpointTable>,
    state: Arc<State>,
}

impl Writer {
    fn service(&self, change: &Change<Service>) {
        self.write(|table| match &change.new {
            Some(service) => table.upsert_service(service),
            None => table.remove_service(&change.key),
        });
    }

    fn slice(&self, change: &Change<EndpointSlice>) {
        self.write(|table| match &change.new {
            Some(slice) => table.upsert_slice(slice),
            None => table.remove_slice(&change.key),
        });
    }

    fn write(&self, write: impl FnOnce(&mut EndpointTable)) {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        write(&mut table);
        self.state.publish(&table);
    }
}
