//! Keeping a client at its endpoint.

use kube_core::env::Mono;
use kube_core::map::FxMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The most clients that are remembered per part. When a part is full the expired are dropped, then all of it: those
/// clients are balanced anew.
const CLIENTS: usize = 4_096;
const PARTS: usize = 16;

/// Which client uses which endpoint: session affinity `ClientIP`. A client stays as long as it comes back within the
/// timeout, counted from its last pick.
///
/// Source: `Service.spec.sessionAffinityConfig`, and kube-proxy's `recent` lists.
#[derive(Debug)]
pub(crate) struct Affinity {
    timeout: Duration,
    parts: Vec<Mutex<FxMap<IpAddr, Session>>>,
}

#[derive(Clone, Copy, Debug)]
struct Session {
    endpoint: (IpAddr, u16),
    seen: Mono,
}

impl Affinity {
    pub(crate) fn new(timeout: Duration) -> Self {
        Self { timeout, parts: (0..PARTS).map(|_| Mutex::default()).collect() }
    }

    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The endpoint that `client` is at.
    pub(crate) fn at(&self, client: IpAddr, now: Mono) -> Option<(IpAddr, u16)> {
        let part = self.part(client);
        let session = part.get(&client).filter(|session| now.since(session.seen) < self.timeout)?;
        Some(session.endpoint)
    }

    /// Notes that `client` uses `endpoint` now.
    pub(crate) fn note(&self, client: IpAddr, endpoint: (IpAddr, u16), now: Mono) {
        let mut part = self.part(client);
        if part.len() >= CLIENTS && !part.contains_key(&client) {
            part.retain(|_, session| now.since(session.seen) < self.timeout);
            if part.len() >= CLIENTS {
                part.clear();
            }
        }
        part.insert(client, Session { endpoint, seen: now });
    }

    fn part(&self, client: IpAddr) -> std::sync::MutexGuard<'_, FxMap<IpAddr, Session>> {
        let last = match client {
            IpAddr::V4(ip) => ip.octets()[3],
            IpAddr::V6(ip) => ip.octets()[15],
        };
        self.parts[usize::from(last) % PARTS].lock().unwrap_or_else(PoisonError::into_inner)
    }
}
