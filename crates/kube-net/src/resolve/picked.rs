//! An endpoint in use.

use super::endpoint::{Endpoint, TargetRef};
use super::pool::Pool;
use crate::balance::Use;
use kube_core::env::Mono;
use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;

/// An endpoint in use. Dropping it ends the use, and says that it went well unless [`Picked::failed`] was called.
#[derive(Debug)]
#[must_use = "the use ends when this is dropped"]
pub struct Picked {
    endpoint: Arc<Endpoint>,
    /// Who is told how it went, and when it began; `None` where nobody asks.
    listener: Option<(Arc<Pool>, Mono)>,
    succeeded: bool,
}

impl Picked {
    pub(super) fn new(pool: &Arc<Pool>, at: usize) -> Option<Self> {
        let endpoint = pool.endpoints.get(at)?.clone();
        endpoint.load().begin();
        let shared = pool.shared();
        let listener = shared.listens().then(|| (pool.clone(), shared.now()));
        Some(Self { endpoint, listener, succeeded: true })
    }

    /// Address and port.
    pub fn address(&self) -> SocketAddr {
        self.endpoint.socket()
    }

    /// The object behind, a pod as a rule.
    pub fn target(&self) -> Option<&TargetRef> {
        self.endpoint.target.as_ref()
    }

    /// The endpoint.
    pub fn endpoint(&self) -> &Arc<Endpoint> {
        &self.endpoint
    }

    /// Ends the use, which went well.
    pub fn succeeded(self) {
        drop(self);
    }

    /// Ends the use, which failed by the endpoint's fault.
    pub fn failed(mut self) {
        self.succeeded = false;
    }
}

impl Deref for Picked {
    type Target = Endpoint;

    fn deref(&self) -> &Endpoint {
        &self.endpoint
    }
}

impl Drop for Picked {
    fn drop(&mut self) {
        // First what was learnt: once nothing is in flight, everything is.
        if let Some((pool, began)) = &self.listener {
            let now = pool.shared().now();
            pool.report(&self.endpoint, &Use::new(self.succeeded, now.since(*began), now));
        }
        self.endpoint.load().end();
    }
}
