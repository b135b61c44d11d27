//! What a pick may depend on.

use super::identity::hash;
use kube_core::env::Mono;
use std::net::IpAddr;

/// What a pick may depend on, as far as the caller knows it. Nothing by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PickContext<'a> {
    /// Who asks: for session affinity; hashing policies fall back to it.
    pub client: Option<IpAddr>,
    /// What hashing policies go by; see [`PickContext::key`].
    pub key: Option<u64>,
    /// The zone that the caller is in.
    pub zone: Option<&'a str>,
    /// The node that the caller is on.
    pub node: Option<&'a str>,
    /// The time, where the caller has read the clock already.
    pub now: Option<Mono>,
}

impl<'a> PickContext<'a> {
    /// Nothing is known.
    pub(crate) const NONE: Self = Self { client: None, key: None, zone: None, node: None, now: None };

    /// Whether it says where the caller is.
    pub(crate) fn is_somewhere(&self) -> bool {
        self.zone.is_some() || self.node.is_some()
    }

    /// A pick for a client of this address.
    pub fn client(client: IpAddr) -> Self {
        Self { client: Some(client), ..Self::default() }
    }

    /// A pick for this key: a hashing policy answers the same endpoint for the same key, as long as it is there.
    pub fn key(key: impl AsRef<[u8]>) -> Self {
        Self { key: Some(hash(key.as_ref())), ..Self::default() }
    }

    /// The same pick made in this zone.
    #[must_use]
    pub fn in_zone(mut self, zone: &'a str) -> Self {
        self.zone = Some(zone);
        self
    }

    /// The same pick made on this node.
    #[must_use]
    pub fn on_node(mut self, node: &'a str) -> Self {
        self.node = Some(node);
        self
    }

    /// What hashing policies go by: the key, else the client.
    pub fn hash(&self) -> Option<u64> {
        self.key.or_else(|| {
            self.client.map(|client| match client {
                IpAddr::V4(ip) => hash(&ip.octets()),
                IpAddr::V6(ip) => hash(&ip.octets()),
            })
        })
    }
}
