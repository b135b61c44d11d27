//! Exact resource quantities: `500m`, `1Gi`, `1e3`.
//!
//! A quantity is a decimal number and the notation it was written in. Its value is exact down to a billionth: parsing
//! rounds anything finer away from zero, and caps what is written with a binary suffix at 2^63-1.
//!
//! ```
//! use kube_core::quantity::{Format, Quantity};
//!
//! let limit: Quantity = "1.5Gi".parse()?;
//! assert_eq!(limit.to_string(), "1536Mi");
//! assert_eq!(limit.value(), 1_610_612_736);
//!
//! let used = "0.25".parse::<Quantity>()? + Quantity::from_milli(500, Format::DecimalSI);
//! assert_eq!(used.to_string(), "750m");
//! assert!(used < limit);
//! # Ok::<(), kube_core::quantity::ParseQuantityError>(())
//! ```
//!
//! Source: `k8s.io/apimachinery/pkg/api/resource` v1.36.

mod arithmetic;
mod convert;
mod display;
mod parse;
#[cfg(test)]
mod tests;
mod wide;

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use wide::Wide;

const NANO: i32 = -9;
const MILLI: i32 = -3;

/// The notation of a quantity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// `12M`: 12 * 10^6.
    #[default]
    DecimalSI,
    /// `12Mi`: 12 * 2^20.
    BinarySI,
    /// `12e6`: 12 * 10^6.
    DecimalExponent,
}

impl Format {
    /// The name, as in Go: `DecimalSI`, `BinarySI`, `DecimalExponent`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DecimalSI => "DecimalSI",
            Self::BinarySI => "BinarySI",
            Self::DecimalExponent => "DecimalExponent",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text is not a quantity. The words are Kubernetes'.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseQuantityError {
    /// It has not the shape of a quantity.
    #[error("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")]
    FormatWrong,
    /// Its number has no digits, or more significant ones than a quantity holds (57).
    #[error("unable to parse numeric part of quantity")]
    Numeric,
    /// Its suffix is unknown, or an exponent beyond a billion.
    #[error("unable to parse quantity's suffix")]
    Suffix,
}

/// How the number is held: Go keeps small numbers as scaled `int64` and the others as arbitrary decimals, and a few
/// answers (`AsInt64`, `Mul`) let that be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// The magnitude and sign fit `i64`.
    Int64,
    /// At the very scale that Go's decimal has.
    Decimal,
    /// A decimal that does not fit at that scale, so without its trailing zeros.
    Trimmed,
}

/// An exact resource quantity. Compares, orders and hashes by value, whatever the notation: `1Gi` equals `1073741824`.
///
/// Small and `Copy`. It holds 57 significant digits; sums and products that need more are rounded away from zero (the
/// `checked_` operations refuse instead).
#[derive(Clone, Copy)]
pub struct Quantity {
    /// `negative ? -magnitude : magnitude`, times `10^scale`. Zero is never negative.
    magnitude: Wide,
    scale: i32,
    negative: bool,
    form: Form,
    format: Format,
}

impl Quantity {
    /// Nothing.
    pub const ZERO: Self = Self {
        magnitude: Wide::small(0),
        scale: 0,
        negative: false,
        form: Form::Int64,
        format: Format::DecimalSI,
    };

    /// Reads a quantity.
    ///
    /// Source: `ParseQuantity`.
    ///
    /// # Errors
    /// `text` is not a quantity.
    pub fn parse(text: &str) -> Result<Self, ParseQuantityError> {
        parse::parse(text.as_bytes())
    }

    /// `value` whole units.
    pub const fn from_units(value: i64, format: Format) -> Self {
        Self::from_int64(value, 0, format)
    }

    /// `value` thousandths.
    pub const fn from_milli(value: i64, format: Format) -> Self {
        Self::from_int64(value, MILLI, format)
    }

    const fn from_int64(value: i64, scale: i32, format: Format) -> Self {
        Self {
            magnitude: Wide::small(value.unsigned_abs()),
            scale,
            negative: value < 0,
            form: Form::Int64,
            format,
        }
    }

    fn decimal(magnitude: Wide, scale: i32, negative: bool, format: Format) -> Self {
        let negative = negative && !magnitude.is_zero();
        Self { magnitude, scale, negative, form: Form::Decimal, format }
    }

    /// The notation.
    pub fn format(self) -> Format {
        self.format
    }

    /// The same value in another notation.
    #[must_use]
    pub fn with_format(self, format: Format) -> Self {
        Self { format, ..self }
    }

    /// Whether it is 0.
    pub fn is_zero(self) -> bool {
        self.magnitude.is_zero()
    }

    /// -1, 0 or 1.
    pub fn sign(self) -> i32 {
        match (self.is_zero(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }

    /// Mantissa in the fast form, to be taken times `10^scale`.
    fn int64(self) -> Option<i64> {
        if self.form != Form::Int64 {
            return None;
        }
        let bits = self.magnitude.low_word().cast_signed();
        Some(if self.negative { bits.wrapping_neg() } else { bits })
    }

    /// Whole units, rounded away from zero and saturating.
    ///
    /// As in Kubernetes, a negative quantity that was parsed from more than 18 digits or from something finer than a
    /// billionth rounds towards positive infinity here (and may leave zero behind); [`Self::round_up_unit`] never does.
    ///
    /// Source: `Quantity.Value`.
    pub fn value(self) -> i64 {
        self.scaled_value(0)
    }

    /// Thousandths, rounded and saturating as [`Self::value`].
    ///
    /// Source: `Quantity.MilliValue`.
    pub fn milli_value(self) -> i64 {
        self.scaled_value(MILLI)
    }

    fn scaled_value(self, scale: i32) -> i64 {
        let Some(value) = self.int64() else { return self.scaled_decimal(scale) };
        match self.scale.cmp(&scale) {
            Ordering::Equal => value,
            Ordering::Greater => {
                let factor = pow10(i64::from(self.scale) - i64::from(scale));
                match factor {
                    _ if value == 0 => 0,
                    Some(factor) => value.saturating_mul(factor),
                    None if value < 0 => i64::MIN,
                    None => i64::MAX,
                }
            }
            Ordering::Less => match pow10(i64::from(scale) - i64::from(self.scale)) {
                Some(divisor) if value % divisor == 0 => value / divisor,
                Some(divisor) => value / divisor + value.signum(),
                None => value.signum(),
            },
        }
    }

    fn scaled_decimal(self, scale: i32) -> i64 {
        let saturated = if self.negative { i64::MIN } else { i64::MAX };
        let Some(value) = self.at_scale(scale).and_then(|(magnitude, _)| signed(magnitude, self.negative))
        else {
            return saturated;
        };
        let digits = i64::from(scale) - i64::from(self.scale);
        if !self.negative || digits <= 0 || self.form != Form::Decimal {
            return value;
        }
        // scaledValue of Go's scale_int.go takes its shortcut for every negative number: it reads the low word only,
        // and adds one to the quotient that the division has rounded towards zero.
        let Some(divisor) = pow10(digits) else { return value };
        let word = self.magnitude.low_word().wrapping_neg().cast_signed();
        word / divisor + i64::from(word % divisor != 0)
    }

    /// The magnitude in units of `10^scale`, rounded up, and whether that is exact. `None` when it does not fit.
    fn at_scale(self, scale: i32) -> Option<(Wide, bool)> {
        let up = i64::from(self.scale) - i64::from(scale);
        match u64::try_from(up) {
            Ok(up) => Some((self.magnitude.checked_mul_pow10(up)?, true)),
            Err(_) => Some(self.magnitude.div_pow10_up(up.unsigned_abs())),
        }
    }

    /// The value, where Kubernetes would answer at once: an integer without fraction that it holds as scaled `int64`.
    ///
    /// Source: `Quantity.AsInt64`.
    pub fn as_i64(self) -> Option<i64> {
        let value = self.int64()?;
        match self.scale {
            0 => Some(value),
            scale if scale < 0 => None,
            _ if value == 0 => Some(0),
            scale => value.checked_mul(pow10(i64::from(scale))?),
        }
    }

    /// The value, approximately; infinite beyond what `f64` holds.
    ///
    /// Source: `Quantity.AsApproximateFloat64`.
    pub fn to_f64(self) -> f64 {
        let magnitude = self.magnitude.to_f64();
        let value = match self.scale {
            _ if self.is_zero() => return 0.0,
            scale if scale < 0 => magnitude / 10_f64.powi(scale.saturating_neg()),
            scale => magnitude * 10_f64.powi(scale),
        };
        if self.negative { -value } else { value }
    }

    /// Rounded away from zero to thousandths, and whether that changed nothing. API defaulting applies this to every
    /// resource list.
    ///
    /// Source: `Quantity.RoundUp(Milli)`.
    pub fn round_up_milli(self) -> (Self, bool) {
        self.round_up(MILLI)
    }

    /// Rounded away from zero to whole units, and whether that changed nothing.
    ///
    /// Source: `Quantity.RoundUp(0)`.
    pub fn round_up_unit(self) -> (Self, bool) {
        self.round_up(0)
    }

    fn round_up(self, scale: i32) -> (Self, bool) {
        if self.form == Form::Int64 && self.scale >= scale {
            return (self, true);
        }
        match self.at_scale(scale) {
            Some((magnitude, exact)) => (Self { magnitude, scale, ..self }, exact),
            None => (self, true),
        }
    }

    /// The value in one way only: no factors of ten.
    fn normal(self) -> (bool, Wide, i64) {
        let (magnitude, tens) = self.magnitude.without_tens();
        let scale = if self.is_zero() { 0 } else { i64::from(self.scale) + i64::from(tens) };
        (self.negative, magnitude, scale)
    }

    fn cmp_magnitude(self, other: Self) -> Ordering {
        if self.is_zero() || other.is_zero() || self.scale == other.scale {
            return self.magnitude.cmp(&other.magnitude);
        }
        let up = u64::from(self.scale.abs_diff(other.scale));
        if self.scale < other.scale {
            return other.cmp_magnitude(self).reverse();
        }
        // what does not fit is more than anything that does
        self.magnitude.checked_mul_pow10(up).map_or(Ordering::Greater, |mine| mine.cmp(&other.magnitude))
    }
}

/// 10^exponent, where it fits.
fn pow10(exponent: i64) -> Option<i64> {
    10_i64.checked_pow(u32::try_from(exponent).ok()?)
}

/// A magnitude with its sign, where it fits.
fn signed(magnitude: Wide, negative: bool) -> Option<i64> {
    let small = magnitude.to_u64()?;
    if negative { 0_i64.checked_sub_unsigned(small) } else { i64::try_from(small).ok() }
}

impl Default for Quantity {
    fn default() -> Self {
        Self::ZERO
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.sign().cmp(&other.sign()).then_with(|| {
            let order = self.cmp_magnitude(*other);
            if self.negative { order.reverse() } else { order }
        })
    }
}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Quantity {}

impl Hash for Quantity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.normal().hash(state);
    }
}
