//! The canonical form: no fraction, and the largest suffix that loses nothing.

use super::wide::{Wide, without_tens};
use super::{Format, Quantity};
use std::fmt;

const DECIMAL: [&str; 10] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/// A suffix that does not exist is left out, as Kubernetes v1.36 does: `1000E` prints as `1`.
fn suffix(table: &[&'static str], index: i64) -> &'static str {
    usize::try_from(index).ok().and_then(|index| table.get(index)).copied().unwrap_or_default()
}

impl Quantity {
    /// Units without their factors of 1024, where the binary notation loses nothing.
    fn binary(self) -> Option<(Wide, u32)> {
        let (units, exact) = self.at_scale(0)?;
        (exact && units >= Wide::small(1024)).then(|| units.without_kibis())
    }

    fn write_decimal(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (magnitude, tens) = match self.magnitude.to_u64() {
            Some(small) => {
                let (small, tens) = without_tens(small);
                (Wide::small(small), tens)
            }
            None => self.magnitude.without_tens(),
        };
        let exponent = i64::from(self.scale) + i64::from(tens);
        let zeros = exponent.rem_euclid(3);
        let exponent = exponent - zeros;
        write!(f, "{magnitude}{}", ["", "0", "00"][usize::try_from(zeros).unwrap_or_default()])?;
        match self.format {
            Format::DecimalExponent if exponent == 0 => Ok(()),
            Format::DecimalExponent => write!(f, "e{exponent}"),
            Format::DecimalSI | Format::BinarySI => f.write_str(suffix(&DECIMAL, exponent / 3 + 3)),
        }
    }
}

/// The canonical form.
///
/// As in Kubernetes v1.36, a value beyond the largest suffix of its notation (`E`, `Ei`) loses the suffix.
///
/// Source: `Quantity.CanonicalizeBytes`.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_zero() {
            return f.write_str("0");
        }
        if self.negative {
            f.write_str("-")?;
        }
        let binary = if self.format == Format::BinarySI { self.binary() } else { None };
        match binary {
            Some((number, power)) => write!(f, "{number}{}", suffix(&BINARY, i64::from(power))),
            None => self.write_decimal(f),
        }
    }
}

impl fmt::Debug for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Quantity({self})")
    }
}
