//! Reading quantities: a text to thousandths, as the scheduler reads requests.

pub mod baseline;

use kube_core::env::Rng;
use kube_core::quantity::Quantity;

/// The thousandths that `text` says; `None` where it is no quantity.
pub fn milli(text: &str) -> Option<i64> {
    Quantity::parse(text).ok().map(Quantity::milli_value)
}

/// `count` quantities as manifests have them: mostly `100m` and `512Mi`, now and then a fraction or an exponent.
pub fn mix(count: usize) -> Vec<String> {
    const MANTISSAS: [&str; 12] = ["1", "2", "4", "10", "16", "50", "64", "100", "128", "250", "500", "1000"];
    let mut rng = Rng::forked(1, "quantity");
    let mut one = || {
        let number = MANTISSAS.get(rng.below(MANTISSAS.len())).copied().unwrap_or("1");
        match rng.below(20) {
            0..6 => format!("{number}m"),
            6..11 => format!("{number}Mi"),
            11..14 => format!("{number}Gi"),
            14..16 => number.to_owned(),
            16 => format!("0.{number}"),
            17 => format!("1.5{}", if number.len() > 1 { "Gi" } else { "" }),
            18 => format!("{number}e3"),
            _ => format!("{number}{}", if number.len() > 1 { "k" } else { "M" }),
        }
    };
    (0..count).map(|_| one()).collect()
}
