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
        let scaled = MAX_NODE_SCORE * *score / max;
        *score = if reverse { MAX_NODE_SCORE - scaled } else { scaled };
    }
}
