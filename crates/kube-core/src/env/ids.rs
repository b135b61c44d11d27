//! Ids: uids of objects and suffixes of generated names.

use super::Rng;
use crate::resource::Uid;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// A source of ids that do not repeat.
pub trait IdSource: Send + Sync + fmt::Debug + 'static {
    /// A version-4 UUID.
    fn uid(&self) -> Uid;

    /// Five characters from the alphabet of `k8s.io/apimachinery/pkg/util/rand` (no vowels, nothing that reads
    /// like another character).
    fn suffix(&self) -> String;
}

/// Ids from a seed: the same seed gives the same sequence.
#[derive(Debug)]
pub struct SeededIds {
    uids: Mutex<Rng>,
    suffixes: Mutex<Rng>,
}

impl SeededIds {
    /// Ids from `seed`.
    pub fn new(seed: u64) -> Self {
        Self { uids: Mutex::new(Rng::forked(seed, "uid")), suffixes: Mutex::new(Rng::forked(seed, "suffix")) }
    }
}

const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

impl IdSource for SeededIds {
    fn uid(&self) -> Uid {
        let (high, low) = {
            let mut rng = self.uids.lock().unwrap_or_else(PoisonError::into_inner);
            (rng.next_u64(), rng.next_u64())
        };
        let high = (high & !0xf000) | 0x4000;
        let low = (low & !(0b11 << 62)) | (0b10 << 62);
        Uid::new(format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xffff,
            low >> 48,
            low & 0xffff_ffff_ffff
        ))
    }

    fn suffix(&self) -> String {
        let mut rng = self.suffixes.lock().unwrap_or_else(PoisonError::into_inner);
        (0..5).map(|_| char::from(*rng.pick(ALPHABET).unwrap_or(&b'x'))).collect()
    }
}
