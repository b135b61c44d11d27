//! Random numbers without a lock.

use kube_core::env::Env;
use std::sync::atomic::{AtomicU64, Ordering};

/// A stream of random numbers that many threads draw from without waiting (`SplitMix64` over a counter): the same seed and
/// order of draws give the same numbers.
#[derive(Debug)]
pub struct Draw {
    seed: u64,
    next: AtomicU64,
}

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Draw {
    /// The stream of `seed`.
    pub fn new(seed: u64) -> Self {
        Self { seed, next: AtomicU64::new(0) }
    }

    /// The stream that belongs to `name` in `env`.
    pub fn of(env: &Env, name: &str) -> Self {
        Self::new(env.rng(name).next_u64())
    }

    /// The next 64 bits.
    pub fn next(&self) -> u64 {
        mix(self.seed ^ self.next.fetch_add(STEP, Ordering::Relaxed))
    }

    /// What [`Draw::next`] would answer, without moving on.
    pub fn peek(&self) -> u64 {
        mix(self.seed ^ self.next.load(Ordering::Relaxed))
    }

    /// The next number in `[0, 1)`.
    pub fn unit(&self) -> f64 {
        unit(self.next())
    }

    /// A stream of its own for a part, by the next number of this one.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self::new(self.next())
    }
}

/// A number in `0..bound` from 32 random bits; 0 when `bound` is 0.
pub(super) fn below(bits: u32, bound: usize) -> usize {
    usize::try_from((u64::from(bits) * bound as u64) >> 32).unwrap_or_default()
}

/// A number in `[0, 1)` from 64 random bits.
pub(super) fn unit(bits: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
    let numerator = (bits >> 11) as f64;
    numerator / 9_007_199_254_740_992.0
}

/// The halves of a draw.
#[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
pub(super) fn halves(bits: u64) -> (u32, u32) {
    ((bits >> 32) as u32, bits as u32)
}

/// Any of `len` places, by the bits that are drawn; `None` where there are none.
pub(super) fn any(bits: u64, len: usize) -> Option<usize> {
    (len != 0).then(|| below(halves(bits).0, len))
}

/// The cheaper of two places drawn among `len`, the first where both cost the same; `None` where there are none.
pub(super) fn cheaper<C: PartialOrd>(
    bits: impl FnOnce() -> u64,
    len: usize,
    cost: impl Fn(usize) -> C,
) -> Option<usize> {
    if len < 2 {
        return len.checked_sub(1);
    }
    let (a, b) = pair(bits(), len);
    Some(if cost(b) < cost(a) { b } else { a })
}

/// Two different places among `len`, which must be at least 2.
pub(super) fn pair(bits: u64, len: usize) -> (usize, usize) {
    debug_assert!(len >= 2);
    let (high, low) = halves(bits);
    let first = below(high, len);
    let second = below(low, len - 1);
    (first, second + usize::from(second >= first))
}

pub(super) fn mix(mut bits: u64) -> u64 {
    bits = bits.wrapping_add(STEP);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
