//! Magnitudes of up to 192 bits (57 decimal digits): what sums and products of parsed quantities need.

use std::cmp::Ordering;
use std::fmt;

/// 10^19, the largest power of ten in one word.
const CHUNK: u64 = 10_000_000_000_000_000_000;
const CHUNK_DIGITS: u32 = 19;

/// Decimal digits that always fit.
pub(super) const DIGITS: u32 = 57;

/// An unsigned number, least significant word first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Wide([u64; 3]);

impl Wide {
    pub(super) const fn small(value: u64) -> Self {
        Self([value, 0, 0])
    }

    pub(super) fn from_u128(value: u128) -> Self {
        Self([low(value), high(value), 0])
    }

    pub(super) fn is_zero(self) -> bool {
        self.0 == [0, 0, 0]
    }

    /// The number, where it fits one word.
    pub(super) fn to_u64(self) -> Option<u64> {
        match self.0 {
            [value, 0, 0] => Some(value),
            _ => None,
        }
    }

    /// The number modulo 2^64.
    pub(super) const fn low_word(self) -> u64 {
        self.0[0]
    }

    pub(super) fn checked_add(self, other: Self) -> Option<Self> {
        let mut out = [0; 3];
        let mut carry = 0;
        for (slot, (a, b)) in out.iter_mut().zip(self.0.into_iter().zip(other.0)) {
            let sum = u128::from(a) + u128::from(b) + carry;
            *slot = low(sum);
            carry = sum >> 64;
        }
        (carry == 0).then_some(Self(out))
    }

    /// `self - other`, which must not be negative.
    pub(super) fn minus(self, other: Self) -> Self {
        let mut out = [0; 3];
        let mut borrow = false;
        for (slot, (a, b)) in out.iter_mut().zip(self.0.into_iter().zip(other.0)) {
            let (first, one) = a.overflowing_sub(b);
            let (second, two) = first.overflowing_sub(u64::from(borrow));
            *slot = second;
            borrow = one || two;
        }
        debug_assert!(!borrow, "the result is negative");
        Self(out)
    }

    pub(super) fn checked_mul(self, factor: u64) -> Option<Self> {
        let mut out = [0; 3];
        let mut carry = 0;
        for (slot, word) in out.iter_mut().zip(self.0) {
            let product = u128::from(word) * u128::from(factor) + carry;
            *slot = low(product);
            carry = product >> 64;
        }
        (carry == 0).then_some(Self(out))
    }

    /// `self * 10^exponent`; the exponent may be anything, as zero stays zero and the rest soon overflows.
    pub(super) fn checked_mul_pow10(self, exponent: u64) -> Option<Self> {
        if self.is_zero() || exponent == 0 {
            return Some(self);
        }
        let mut left = u32::try_from(exponent).ok().filter(|e| *e <= DIGITS + 1)?;
        let mut out = self;
        while left >= CHUNK_DIGITS {
            out = out.checked_mul(CHUNK)?;
            left -= CHUNK_DIGITS;
        }
        out.checked_mul(10_u64.pow(left))
    }

    /// Quotient and remainder; `divisor` is not zero.
    pub(super) fn div_rem(self, divisor: u64) -> (Self, u64) {
        let mut out = [0; 3];
        let mut rest = 0;
        for (slot, word) in out.iter_mut().zip(self.0).rev() {
            let dividend = (rest << 64) | u128::from(word);
            *slot = low(dividend / u128::from(divisor));
            rest = dividend % u128::from(divisor);
        }
        (Self(out), low(rest))
    }

    /// `self / 10^exponent` rounded up, and whether that was exact.
    pub(super) fn div_pow10_up(self, exponent: u64) -> (Self, bool) {
        if self.is_zero() {
            return (self, true);
        }
        let Some(mut left) = u32::try_from(exponent).ok().filter(|e| *e <= DIGITS + 1) else {
            return (Self::small(1), false);
        };
        let (mut out, mut exact) = (self, true);
        while left > 0 {
            let step = left.min(CHUNK_DIGITS);
            let (quotient, rest) = out.div_rem(10_u64.pow(step));
            exact &= rest == 0;
            out = quotient;
            left -= step;
        }
        // a division by at least ten leaves room for one more
        if exact { (out, true) } else { (out.checked_add(Self::small(1)).unwrap_or(out), false) }
    }

    /// The number without its factors of ten, and how many there were.
    pub(super) fn without_tens(self) -> (Self, u32) {
        let (mut out, mut count) = (self, 0);
        if self.is_zero() {
            return (out, 0);
        }
        while let (quotient, 0) = out.div_rem(10) {
            out = quotient;
            count += 1;
            if let Some(small) = out.to_u64() {
                let (small, more) = without_tens(small);
                return (Self::small(small), count + more);
            }
        }
        (out, count)
    }

    /// The number without its factors of 1024, and how many there were.
    pub(super) fn without_kibis(self) -> (Self, u32) {
        if self.is_zero() {
            return (self, 0);
        }
        let mut out = self;
        let mut count = 0;
        while out.0[0].trailing_zeros() >= 10 {
            let [a, b, c] = out.0;
            out = Self([(a >> 10) | (b << 54), (b >> 10) | (c << 54), c >> 10]);
            count += 1;
        }
        (out, count)
    }

    /// Decimal digits; one for zero.
    pub(super) fn digits(self) -> u32 {
        let (mut rest, mut count) = (self, 0);
        loop {
            if let Some(small) = rest.to_u64() {
                return count + small.checked_ilog10().unwrap_or(0) + 1;
            }
            rest = rest.div_rem(CHUNK).0;
            count += CHUNK_DIGITS;
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "an approximation is asked for")]
    pub(super) fn to_f64(self) -> f64 {
        let word = 18_446_744_073_709_551_616.0;
        let [a, b, c] = self.0;
        (c as f64 * word + b as f64) * word + a as f64
    }
}

/// The number without its factors of ten, and how many there were; 0 has none.
pub(super) fn without_tens(value: u64) -> (u64, u32) {
    let (mut out, mut count) = (value, 0);
    while out != 0 && out.is_multiple_of(10) {
        out /= 10;
        count += 1;
    }
    (out, count)
}

#[expect(clippy::cast_possible_truncation, reason = "the low word is asked for")]
const fn low(value: u128) -> u64 {
    value as u64
}

const fn high(value: u128) -> u64 {
    low(value >> 64)
}

impl Ord for Wide {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.iter().rev().cmp(other.0.iter().rev())
    }
}

impl PartialOrd for Wide {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Wide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(small) = self.to_u64() {
            return write!(f, "{small}");
        }
        let mut chunks = [0; 4];
        let (mut rest, mut used) = (*self, 0);
        for chunk in &mut chunks {
            (rest, *chunk) = rest.div_rem(CHUNK);
            used += 1;
            if rest.is_zero() {
                break;
            }
        }
        let mut chunks = chunks[..used].iter().rev();
        if let Some(first) = chunks.next() {
            write!(f, "{first}")?;
        }
        chunks.try_for_each(|chunk| write!(f, "{chunk:019}"))
    }
}
