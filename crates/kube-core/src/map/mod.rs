//! Hash maps with a fixed hasher, for hot indexes that are never iterated.
//!
//! Iterating one would leak the hash order into what users see: clippy's `iter_over_hash_type` denies it.

mod places;

pub use places::{Places, fx_hash};

use std::hash::{BuildHasherDefault, Hasher};

/// A hash map with a fixed hasher. For look-ups only: never iterate it.
#[expect(clippy::disallowed_types, reason = "the one home of hash maps: fixed hasher, look-ups only")]
pub type FxMap<K, V> = std::collections::HashMap<K, V, BuildHasherDefault<FxHasher>>;

/// A hash set with a fixed hasher. For look-ups only: never iterate it.
#[expect(clippy::disallowed_types, reason = "the one home of hash sets: fixed hasher, look-ups only")]
pub type FxSet<T> = std::collections::HashSet<T, BuildHasherDefault<FxHasher>>;

/// A fast multiply-rotate hasher without a key: the same value hashes the same in every process.
///
/// Not for input that an adversary chooses.
#[derive(Clone, Copy, Debug, Default)]
pub struct FxHasher(u64);

const SEED: u64 = 0x51_7c_c1_b7_27_22_0a_95;

impl FxHasher {
    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(SEED);
    }
}

impl Hasher for FxHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.mix(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, n: u8) {
        self.mix(u64::from(n));
    }

    fn write_u32(&mut self, n: u32) {
        self.mix(u64::from(n));
    }

    fn write_u64(&mut self, n: u64) {
        self.mix(n);
    }

    fn write_usize(&mut self, n: usize) {
        self.mix(n as u64);
    }

    fn finish(&self) -> u64 {
        // The high bits carry the entropy; the table reads the low ones.
        self.0.rotate_left(26)
    }
}
