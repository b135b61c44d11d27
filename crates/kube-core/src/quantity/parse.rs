//! Reads quantities from bytes, without allocation.

use super::wide::Wide;
use super::{Form, Format, NANO, ParseQuantityError, Quantity};

/// Exponents beyond this are refused.
const EXPONENT_MAX: i64 = 1_000_000_000;
/// Digits that Kubernetes trusts to fit `int64`.
const INT64_DIGITS: usize = 18;
/// Digits that Kubernetes trusts to fit `int64` in front of a binary suffix, less those of the suffix.
const BINARY_DIGITS: u32 = 14;
const NANOS: u64 = 1_000_000_000;

/// The parts of a text.
struct Parts<'a> {
    negative: bool,
    /// Before the point, without leading zeros.
    whole: &'a [u8],
    /// Behind the point.
    fraction: &'a [u8],
    /// Whether there is a digit at all.
    has_digits: bool,
    /// `whole` and `fraction` as one number, if they have at most 18 digits.
    digits: u64,
    suffix: &'a [u8],
}

enum Suffix {
    Decimal(i64, Format),
    Binary(u32),
}

pub(super) fn parse(text: &[u8]) -> Result<Quantity, ParseQuantityError> {
    if text.is_empty() {
        return Err(ParseQuantityError::FormatWrong);
    }
    let Some(parts) = Parts::split(text) else { return Ok(Quantity::ZERO) };
    match Suffix::read(parts.suffix)? {
        Suffix::Decimal(exponent, format) => parts.decimal(exponent, format),
        Suffix::Binary(power) => parts.binary(power),
    }
}

/// The digits at the start of `text`, and what they add to `number`.
fn take_digits(text: &[u8], mut number: u64) -> (&[u8], u64) {
    let mut end = 0;
    while let Some(digit) = text.get(end).filter(|byte| byte.is_ascii_digit()) {
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
        end += 1;
    }
    (&text[..end], number)
}

impl<'a> Parts<'a> {
    /// `None` for a sign and zeros only.
    fn split(text: &'a [u8]) -> Option<Self> {
        let signed = matches!(text.first(), Some(b'+' | b'-'));
        let unsigned = &text[usize::from(signed)..];
        let zeros = unsigned.iter().take_while(|byte| **byte == b'0').count();
        let text_left = &unsigned[zeros..];
        if text_left.is_empty() {
            return None;
        }
        let (whole, digits) = take_digits(text_left, 0);
        let rest = &text_left[whole.len()..];
        let (fraction, digits, suffix) = match rest.split_first() {
            Some((b'.', behind)) => {
                let (fraction, digits) = take_digits(behind, digits);
                (fraction, digits, &behind[fraction.len()..])
            }
            _ => (&rest[..0], digits, rest),
        };
        let has_digits = zeros + whole.len() + fraction.len() > 0;
        Some(Self { negative: signed && text[0] == b'-', whole, fraction, has_digits, digits, suffix })
    }

    /// An absent whole part counts as the digit 0.
    fn whole_len(&self) -> usize {
        self.whole.len().max(1)
    }

    fn int64(&self, magnitude: u64, scale: i32, format: Format) -> Quantity {
        Quantity {
            magnitude: Wide::small(magnitude),
            scale,
            negative: self.negative && magnitude != 0,
            form: Form::Int64,
            format,
        }
    }

    fn decimal(&self, exponent: i64, format: Format) -> Result<Quantity, ParseQuantityError> {
        let fraction = i64::try_from(self.fraction.len()).map_err(|_| ParseQuantityError::Numeric)?;
        let scale = exponent - fraction;
        let few = self.whole_len() + self.fraction.len() <= INT64_DIGITS;
        match i32::try_from(scale) {
            Ok(scale) if few && scale >= NANO => Ok(self.int64(self.digits, scale, format)),
            _ if !self.has_digits => Err(ParseQuantityError::Numeric),
            _ => self.many_digits(scale, format).ok_or(ParseQuantityError::Numeric),
        }
    }

    /// The digits times `10^scale`, rounded away from zero to billionths. `None` if they do not fit.
    fn many_digits(&self, scale: i64, format: Format) -> Option<Quantity> {
        let count = self.whole.len() + self.fraction.len();
        let finer = usize::try_from(i64::from(NANO) - scale).unwrap_or(0).min(count);
        let mut magnitude = Wide::default();
        let mut zeros = 0;
        let mut rest = false;
        for (index, byte) in self.whole.iter().chain(self.fraction).enumerate() {
            let digit = u64::from(byte - b'0');
            match digit {
                _ if index >= count - finer => rest |= digit != 0,
                0 => zeros += 1,
                _ => {
                    let shifted = magnitude.checked_mul_pow10(zeros + 1)?;
                    magnitude = shifted.checked_add(Wide::small(digit))?;
                    zeros = 0;
                }
            }
        }
        if rest {
            // only digits finer than billionths were dropped
            let nanos = magnitude.checked_mul_pow10(zeros)?.checked_add(Wide::small(1))?;
            return Some(Quantity::decimal(nanos, NANO, self.negative, format));
        }
        let scale = scale + i64::try_from(finer).ok()? + i64::try_from(zeros).ok()?;
        let scale = if magnitude.is_zero() { NANO } else { i32::try_from(scale).ok()? };
        let up = u64::try_from(i64::from(scale) - i64::from(NANO)).unwrap_or(0);
        Some(match magnitude.checked_mul_pow10(up) {
            Some(nanos) => Quantity::decimal(nanos, NANO, self.negative, format),
            None => {
                Quantity { form: Form::Trimmed, ..Quantity::decimal(magnitude, scale, self.negative, format) }
            }
        })
    }

    fn binary(&self, power: u32) -> Result<Quantity, ParseQuantityError> {
        let whole_len = u32::try_from(self.whole_len()).unwrap_or(u32::MAX);
        if self.fraction.is_empty() && whole_len.saturating_add(power * 3 / 10) <= BINARY_DIGITS {
            return Ok(self.int64(self.digits << power, 0, Format::BinarySI));
        }
        if !self.has_digits {
            return Err(ParseQuantityError::Numeric);
        }
        let Some(nanos) = self.binary_nanos(power) else {
            let most = Wide::small(i64::MAX.unsigned_abs());
            return Ok(Quantity::decimal(most, 0, self.negative, Format::BinarySI));
        };
        // less than one unit reads better in the decimal notation
        let format =
            if nanos > 0 && nanos < u128::from(NANOS) { Format::DecimalSI } else { Format::BinarySI };
        Ok(Quantity::decimal(Wide::from_u128(nanos), NANO, self.negative, format))
    }

    /// Billionths, rounded up; `None` above the maximum of 2^63-1 units.
    fn binary_nanos(&self, power: u32) -> Option<u128> {
        let most = u128::from(i64::MAX.unsigned_abs());
        let mut whole = 0_u128;
        for byte in self.whole {
            whole = whole * 10 + u128::from(byte - b'0');
            if whole > most >> power {
                return None;
            }
        }
        // Horner's rule from the last digit: each step drops one digit and remembers whether it mattered
        let unit = u128::from(NANOS) << power;
        let (mut fraction, mut rest) = (0_u128, false);
        for byte in self.fraction.iter().rev() {
            let sum = u128::from(byte - b'0') * unit + fraction;
            fraction = sum / 10;
            rest |= !sum.is_multiple_of(10);
        }
        let nanos = (whole << power) * u128::from(NANOS) + fraction + u128::from(rest);
        (nanos <= most * u128::from(NANOS)).then_some(nanos)
    }
}

impl Suffix {
    fn read(text: &[u8]) -> Result<Self, ParseQuantityError> {
        let exponent = match text {
            b"" => 0,
            b"n" => -9,
            b"u" => -6,
            b"m" => -3,
            b"k" => 3,
            b"M" => 6,
            b"G" => 9,
            b"T" => 12,
            b"P" => 15,
            b"E" => 18,
            b"Ki" => return Ok(Self::Binary(10)),
            b"Mi" => return Ok(Self::Binary(20)),
            b"Gi" => return Ok(Self::Binary(30)),
            b"Ti" => return Ok(Self::Binary(40)),
            b"Pi" => return Ok(Self::Binary(50)),
            b"Ei" => return Ok(Self::Binary(60)),
            _ => {
                let exponent = exponent(text).ok_or_else(|| wrong(text))?;
                return Ok(Self::Decimal(exponent, Format::DecimalExponent));
            }
        };
        Ok(Self::Decimal(exponent, Format::DecimalSI))
    }
}

/// `e5`, `E-3`.
fn exponent(text: &[u8]) -> Option<i64> {
    let (b'e' | b'E', rest) = text.split_first()? else { return None };
    let (negative, digits) = match rest.split_first()? {
        (b'-', digits) => (true, digits),
        (b'+', digits) => (false, digits),
        _ => (false, rest),
    };
    let mut value = 0;
    for byte in digits {
        let digit = byte.is_ascii_digit().then(|| i64::from(byte - b'0'))?;
        value = value * 10 + digit;
        if value > EXPONENT_MAX {
            return None;
        }
    }
    let value = if negative { -value } else { value };
    (!digits.is_empty()).then_some(value)
}

/// Whether an unknown suffix has at least the shape of one.
fn wrong(text: &[u8]) -> ParseQuantityError {
    let letters = text.iter().take_while(|byte| b"eEinumkKMGTP".contains(byte)).count();
    let rest = &text[letters..];
    let rest = &rest[usize::from(matches!(rest.first(), Some(b'+' | b'-')))..];
    if rest.iter().all(u8::is_ascii_digit) {
        ParseQuantityError::Suffix
    } else {
        ParseQuantityError::FormatWrong
    }
}
