//! What one writes first: cut the text where the number ends, let the standard library read the number, look the
//! suffix up.
//!
//! Two of them, because the first thing written (`f64`) gives other answers: `9m` becomes 10 thousandths when rounded
//! up. [`milli`] is the first thing written by somebody who noticed; it stays exact with an `i128`, and is what we
//! compare with. Neither knows the limits, the notations or the signs that [`kube_core::quantity`] keeps.

/// Thousandths in `i128` arithmetic, rounded up.
pub fn milli(text: &str) -> Option<i64> {
    let (number, suffix) = split(text);
    let (whole, fraction) = number.split_once('.').unwrap_or((&number, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let (times, over) = factor(&suffix)?;
    let over = over.checked_mul(10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?)?;
    let scaled = digits.checked_mul(times)?.checked_mul(1000)?;
    i64::try_from(scaled.div_euclid(over) + i128::from(scaled.rem_euclid(over) != 0)).ok()
}

/// Whole units as a float.
pub fn float(text: &str) -> Option<f64> {
    let (number, suffix) = split(text);
    let (times, over) = factor(&suffix)?;
    #[expect(clippy::cast_precision_loss, reason = "this is what the float way costs")]
    let factor = times as f64 / over as f64;
    Some(number.parse::<f64>().ok()? * factor)
}

/// The number and the suffix.
fn split(text: &str) -> (String, String) {
    let end = text.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '+' | '-')).unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    (number.to_owned(), suffix.to_owned())
}

/// What the suffix multiplies with, as a fraction.
fn factor(suffix: &str) -> Option<(i128, i128)> {
    let whole = |n: i128| Some((n, 1));
    match suffix {
        "n" => Some((1, 1_000_000_000)),
        "u" => Some((1, 1_000_000)),
        "m" => Some((1, 1_000)),
        "" => whole(1),
        "k" => whole(1_000),
        "M" => whole(1_000_000),
        "G" => whole(1_000_000_000),
        "T" => whole(1_000_000_000_000),
        "P" => whole(1_000_000_000_000_000),
        "E" => whole(1_000_000_000_000_000_000),
        "Ki" => whole(1 << 10),
        "Mi" => whole(1 << 20),
        "Gi" => whole(1 << 30),
        "Ti" => whole(1 << 40),
        "Pi" => whole(1 << 50),
        "Ei" => whole(1 << 60),
        _ => {
            let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
            let power = 10_i128.checked_pow(exponent.unsigned_abs())?;
            Some(if exponent < 0 { (1, power) } else { (power, 1) })
        }
    }
}
