//! Sums, differences and products.
//!
//! The result has the format of the left operand, or of the right one where the left is zero.

use super::wide::{DIGITS, Wide};
use super::{Form, Quantity, pow10, signed};
use std::cmp::Ordering;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Neg, Sub, SubAssign};

/// A sign and a magnitude.
type Signed = (bool, Wide);

/// `None` when the result does not fit.
fn add_signed((a_negative, a): Signed, (b_negative, b): Signed) -> Option<Signed> {
    if a_negative == b_negative {
        return Some((a_negative, a.checked_add(b)?));
    }
    Some(match a.cmp(&b) {
        Ordering::Less => (b_negative, b.minus(a)),
        Ordering::Equal => (false, Wide::default()),
        Ordering::Greater => (a_negative, a.minus(b)),
    })
}

impl Quantity {
    /// The sum of two quantities that Kubernetes holds as `int64`, if that is one.
    fn add_int64(self, other: Self) -> Option<Self> {
        let (a, b) = (self.int64()?, other.int64()?);
        if b == 0 {
            return Some(self);
        }
        if a == 0 {
            return Some(other);
        }
        let up = pow10(i64::from(self.scale.abs_diff(other.scale)))?;
        let (a, b) = match self.scale.cmp(&other.scale) {
            Ordering::Equal => (a, b),
            Ordering::Greater => (a.checked_mul(up)?, b),
            Ordering::Less => (a, b.checked_mul(up)?),
        };
        Some(Self::from_int64(a.checked_add(b)?, self.scale.min(other.scale), self.format))
    }

    fn add_decimal(self, other: Self, form: Form) -> Option<Self> {
        let scale = self.scale.min(other.scale);
        let a = self.at_scale(scale)?.0;
        let b = other.at_scale(scale)?.0;
        let (negative, magnitude) = add_signed((self.negative, a), (other.negative, b))?;
        Some(Self { form, ..Self::decimal(magnitude, scale, negative, self.format) })
    }

    /// Without trailing zeros.
    fn trimmed(self) -> Self {
        let (_, magnitude, scale) = self.normal();
        match i32::try_from(scale) {
            Ok(scale) => Self { magnitude, scale, form: Form::Trimmed, ..self },
            Err(_) => self,
        }
    }

    /// Away from zero to a scale that leaves room for a sum with something smaller.
    fn rounded(self, scale: i64) -> Self {
        let Ok(scale) = i32::try_from(scale) else { return self };
        match self.at_scale(scale) {
            Some((magnitude, _)) if scale > self.scale => Self { magnitude, scale, ..self },
            _ => self,
        }
    }

    /// `self + other`, or `None` when the result needs more digits than a quantity holds.
    ///
    /// Source: `Quantity.Add`.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let format = if self.is_zero() { other.format } else { self.format };
        let sum = match self.add_int64(other) {
            Some(sum) => sum,
            None if self.form == Form::Trimmed || other.form == Form::Trimmed => {
                self.trimmed().add_trimmed(other.trimmed())?
            }
            None => self
                .add_decimal(other, Form::Decimal)
                .or_else(|| self.trimmed().add_trimmed(other.trimmed()))?,
        };
        Some(sum.with_format(format))
    }

    fn add_trimmed(self, other: Self) -> Option<Self> {
        if other.is_zero() {
            return Some(self);
        }
        if self.is_zero() {
            return Some(other);
        }
        self.add_decimal(other, Form::Trimmed)
    }

    /// `self - other`, or `None` when the result needs more digits than a quantity holds.
    ///
    /// Source: `Quantity.Sub`.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.checked_add(-other)
    }

    /// The largest digits of a sum that does not fit.
    fn add_rounded(self, other: Self) -> Self {
        let top = |q: Self| i64::from(q.scale) + i64::from(q.magnitude.digits());
        let scale = top(self).max(top(other)) - i64::from(DIGITS - 1);
        let (a, b) = (self.trimmed().rounded(scale), other.trimmed().rounded(scale));
        a.add_decimal(b, Form::Trimmed).unwrap_or(a)
    }

    /// `self * factor`, and whether Kubernetes calls that exact: whether the result's mantissa fits `int64`.
    ///
    /// Source: `Quantity.Mul`.
    pub fn mul_int64(self, factor: i64) -> (Self, bool) {
        if let Some(product) = self.mul_fast(factor) {
            return (product, true);
        }
        let negative = self.negative != (factor < 0);
        let form = if self.form == Form::Trimmed { Form::Trimmed } else { Form::Decimal };
        let by = factor.unsigned_abs();
        if let Some(magnitude) = self.magnitude.checked_mul(by) {
            let product = Self { form, ..Self::decimal(magnitude, self.scale, negative, self.format) };
            let fits = signed(magnitude, product.negative).is_some();
            return (product, product.is_zero() || (fits && form == Form::Decimal));
        }
        let trimmed = self.trimmed();
        let kept = i64::from(trimmed.scale) + i64::from(trimmed.magnitude.digits()) - i64::from(DIGITS - 20);
        let rounded = trimmed.rounded(kept);
        let magnitude = trimmed.magnitude.checked_mul(by).map(|m| (m, trimmed.scale));
        let (magnitude, scale) = magnitude
            .or_else(|| Some((rounded.magnitude.checked_mul(by)?, rounded.scale)))
            .unwrap_or((rounded.magnitude, rounded.scale));
        let product = Self::decimal(magnitude, scale, negative, self.format);
        (Self { form: Form::Trimmed, ..product }, false)
    }

    /// The product within `int64`; with a fraction only where it vanishes.
    fn mul_fast(self, factor: i64) -> Option<Self> {
        let value = self.int64()?;
        if value == 0 {
            return Some(self);
        }
        if factor == 0 {
            return Some(Self::from_int64(0, 0, self.format));
        }
        let product = value.checked_mul(factor)?;
        match self.scale.cmp(&0) {
            Ordering::Equal => {}
            Ordering::Greater => {
                product.checked_mul(pow10(i64::from(self.scale))?)?;
            }
            Ordering::Less => {
                let unit = pow10(-i64::from(self.scale))?;
                (product % unit == 0).then_some(())?;
            }
        }
        Some(Self::from_int64(product, self.scale, self.format))
    }
}

impl Neg for Quantity {
    type Output = Self;

    fn neg(self) -> Self {
        let form = match self.int64() {
            // its magnitude fits no positive i64
            Some(i64::MIN) => Form::Decimal,
            Some(_) | None => self.form,
        };
        Self { negative: !self.negative && !self.is_zero(), form, ..self }
    }
}

impl Add for Quantity {
    type Output = Self;

    /// The sum; beyond 56 digits its smaller operand is rounded away from zero.
    fn add(self, other: Self) -> Self {
        self.checked_add(other).unwrap_or_else(|| self.add_rounded(other))
    }
}

impl Sub for Quantity {
    type Output = Self;

    /// The difference, rounded as a sum is.
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul<i64> for Quantity {
    type Output = Self;

    fn mul(self, factor: i64) -> Self {
        self.mul_int64(factor).0
    }
}

impl AddAssign for Quantity {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Quantity {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Sum for Quantity {
    fn sum<I: Iterator<Item = Self>>(quantities: I) -> Self {
        quantities.fold(Self::ZERO, Add::add)
    }
}
