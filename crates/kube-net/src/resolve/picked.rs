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

/// An endpoint of a pool that is marked as in use, and when that was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    at: usize,
    began: u64,
}

impl Mark {
    /// Marks what the policy of `pool` picks; `None` where there is nothing.
    #[inline]
    pub(super) fn new(pool: &Pool, cx: &PickContext<'_>) -> Option<Self> {
        let mark =
            if pool.listens() { Self::timed(pool, cx)? } else { Self { at: pool.pick(cx)?, began: UNTIMED } };
        pool.endpoints.get(mark.at)?.load().begin();
        Some(mark)
    }

    fn timed(pool: &Pool, cx: &PickContext<'_>) -> Option<Self> {
        let began = pool.shared().now();
        let at = pool.pick(&PickContext { now: Some(began), ..*cx })?;
        Some(Self { at, began: began.nanos() })
    }

    /// Takes the mark away: nothing was used.
    pub(super) fn undo(self, pool: &Pool) {
        pool.endpoints[self.at].load().end();
    }
}

impl Picked {
    /// The endpoint that was marked in `pool`.
    #[inline]
    pub(super) fn new(pool: &Arc<Pool>, mark: Mark) -> Self {
        Self { pool: pool.clone(), at: mark.at, began: mark.began, succeeded: true }
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
