//! Numbers given as they are or as percentages of a total: `3`, `25%`.
//!
//! Source: `k8s.io/apimachinery/pkg/util/intstr`.

#[cfg(test)]
mod tests;

use crate::kinds::IntOrString;

/// Why a text is not a percentage.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IntOrPercentError {
    /// A text without `%` at its end.
    #[error("invalid value for IntOrString: invalid type: string is not a percentage")]
    NotAPercentage,
    /// A text whose part before `%` is not an integer.
    #[error("invalid value for IntOrString: invalid value {0:?}: not an integer")]
    NotANumber(String),
}

/// `value` itself if it is a number, else its percentage of `total`: rounded up or down to a whole number, and
/// saturating.
///
/// ```
/// use kube_core::int_or_percent::scaled_value;
/// use kube_core::kinds::IntOrString;
///
/// let quarter = IntOrString::String("25%".to_owned());
/// assert_eq!(scaled_value(&quarter, 10, true), Ok(3));
/// assert_eq!(scaled_value(&quarter, 10, false), Ok(2));
/// assert_eq!(scaled_value(&IntOrString::Int(4), 10, true), Ok(4));
/// ```
///
/// Source: `GetScaledValueFromIntOrPercent`.
///
/// # Errors
/// `value` is a text that is not a percentage.
pub fn scaled_value(value: &IntOrString, total: i32, round_up: bool) -> Result<i32, IntOrPercentError> {
    let percent = match value {
        IntOrString::Int(number) => return Ok(*number),
        IntOrString::String(text) => percent(text)?,
    };
    let hundredfold = i128::from(percent) * i128::from(total);
    let floor = hundredfold.div_euclid(100);
    let scaled = if round_up && hundredfold.rem_euclid(100) != 0 { floor + 1 } else { floor };
    let bound = if scaled < 0 { i32::MIN } else { i32::MAX };
    Ok(i32::try_from(scaled).unwrap_or(bound))
}

/// The number in front of `%`.
///
/// # Errors
/// `text` is not a percentage.
pub fn percent(text: &str) -> Result<i64, IntOrPercentError> {
    let number = text.strip_suffix('%').ok_or(IntOrPercentError::NotAPercentage)?;
    number.parse().map_err(|_| IntOrPercentError::NotANumber(text.to_owned()))
}
