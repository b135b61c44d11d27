//! From raw scores to `0..=100`.

/// The highest score a plugin may give a node, after normalization.
///
/// Source: `k8s.io/kube-scheduler/framework` (`MaxNodeScore`).
pub const MAX_NODE_SCORE: i64 = 100;

/// How a plugin's raw scores become `0..=100`. Declared as data, so that an engine that keeps scores knows when a
/// change of one node moves the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Normalize {
    /// They are in the range already.
    #[default]
    None,
    /// Scaled so that the highest is 100; `reverse` turns "less is better" round. Raw scores must not be negative.
    Default {
        /// Whether the lowest raw score is the best.
        reverse: bool,
    },
    /// By the plugin's own `normalize`.
    Custom,
}

/// `part * 100 / whole`. A division of whole numbers takes several times as long as one of floating-point numbers, whose
/// whole part is never less than it should be, and 1 more at most.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "both are exact below the bound"
)]
pub(crate) fn percent(part: i64, whole: i64) -> i64 {
    const EXACT: i64 = 1 << 46;
    if !(0..EXACT).contains(&part) || !(1..EXACT).contains(&whole) {
        return part.wrapping_mul(MAX_NODE_SCORE) / whole;
    }
    let part = part * MAX_NODE_SCORE;
    let quotient = (part as f64 / whole as f64) as i64;
    quotient - i64::from(quotient * whole > part)
}

/// Scales `scores` by their maximum.
///
/// Source: `pkg/scheduler/framework/plugins/helper` (`DefaultNormalizeScore`).
pub fn default_normalize(scores: &mut [i64], reverse: bool) {
    let max = scores.iter().copied().max().unwrap_or(0).max(0);
    if max == 0 {
        if reverse {
            scores.fill(MAX_NODE_SCORE);
        }
        return;
    }
    for score in scores {
        let scaled = percent(*score, max);
        *score = if reverse { MAX_NODE_SCORE - scaled } else { scaled };
    }
}

#[cfg(test)]
mod tests {
    use super::percent;
    use proptest::prelude::proptest;
    use proptest::prop_assert_eq;

    proptest! {
        #[test]
        fn percent_divides_whole_numbers(part in 0..i64::MAX / 100, whole in 1..i64::MAX / 100, near: u8) {
            prop_assert_eq!(percent(part, whole), part * 100 / whole);
            // Close to whole results, where rounding would show.
            let close = (whole / 100).saturating_mul(i64::from(near) % 101).saturating_sub(1).max(0);
            prop_assert_eq!(percent(close, whole), close * 100 / whole);
            let small = whole % (1 << 46) + 1;
            let close = small / 100 * (i64::from(near) % 101);
            prop_assert_eq!(percent(close, small), close * 100 / small);
        }
    }
}
