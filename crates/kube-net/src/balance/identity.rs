//! What an endpoint is known by to hashing policies.

use super::draw::mix;
use crate::resolve::Endpoint;
use std::net::IpAddr;

/// A number that is the endpoint's own: of its pod's uid, or of its address and port where that is not known.
pub fn identity(endpoint: &Endpoint) -> u64 {
    let uid = endpoint.target.as_ref().map(|target| target.uid.as_str()).filter(|uid| !uid.is_empty());
    if let Some(uid) = uid {
        return hash(uid.as_bytes());
    }
    let address = match endpoint.address {
        IpAddr::V4(ip) => hash(&ip.octets()),
        IpAddr::V6(ip) => hash(&ip.octets()),
    };
    mix(address ^ u64::from(endpoint.port))
}

/// A well mixed hash that is the same everywhere: words, chained by the mixer of `SplitMix64`.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    let mut state = 0xcbf2_9ce4_8422_2325_u64 ^ bytes.len() as u64;
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        state = mix(state ^ u64::from_le_bytes(word));
    }
    state
}
