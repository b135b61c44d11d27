//! An endpoint in use.

use super::endpoint::{Endpoint, TargetRef};
use super::pool::Pool;
use crate::balance::{PickContext, Use};
use kube_core::env::Mono;
use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;

/// An endpoint in use. Dropping it ends the use, and says that it went well unless [`Picked::failed`] was called.
#[derive(Debug)]
#[must_use = "the use ends when this is dropped"]
pub struct Picked {
    /// Where it was picked, and its place there: one count of references, not two.
    pool: Arc<Pool>,
    at: usize,
    /// When the use began, in nanoseconds; [`UNTIMED`] where nobody asks how it went. An option would be twice as large, and is moved with
    /// each pick.
    began: u64,
    succeeded: bool,
}

const UNTIMED: u64 = u64::MAX;

impl Picked {
    /// What the policy of `pool` picks; `None` where there is nothing.
    #[inline]
    pub(super) fn new(pool: &Arc<Pool>, cx: &PickContext<'_>) -> Option<Self> {
        if pool.listens() {
            return Self::timed(pool, cx);
        }
        Self::at(pool, pool.pick(cx)?, UNTIMED)
    }

    fn timed(pool: &Arc<Pool>, cx: &PickContext<'_>) -> Option<Self> {
        let began = pool.shared().now();
        Self::at(pool, pool.pick(&PickContext { now: Some(began), ..*cx })?, began.nanos())
    }

    #[inline]
    fn at(pool: &Arc<Pool>, at: usize, began: u64) -> Option<Self> {
        pool.endpoints.get(at)?.load().begin();
        Some(Self { pool: pool.clone(), at, began, succeeded: true })
    }

    /// Undoes the pick: nothing was used.
    pub(super) fn cancel(mut self) {
        self.began = UNTIMED;
    }

    fn report(&self) {
        let now = self.pool.shared().now();
        self.pool
            .report(self.endpoint(), &Use::new(self.succeeded, now.since(Mono::from_nanos(self.began)), now));
    }

    /// Address and port.
    pub fn address(&self) -> SocketAddr {
        self.endpoint().socket()
    }

    /// The object behind, a pod as a rule.
    pub fn target(&self) -> Option<&TargetRef> {
        self.endpoint().target.as_ref()
    }

    /// The endpoint.
    #[inline]
    pub fn endpoint(&self) -> &Arc<Endpoint> {
        &self.pool.endpoints[self.at]
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
        self.endpoint()
    }
}

impl Drop for Picked {
    #[inline]
    fn drop(&mut self) {
        // First what was learnt: once nothing is in flight, everything is.
        if self.began != UNTIMED {
            self.report();
        }
        self.endpoint().load().end();
    }
}
