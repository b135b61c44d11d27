//! Taints of nodes, and the tolerations of pods that bear them.
//!
//! Source: `k8s.io/api/core/v1` (`toleration.go`), `k8s.io/component-helpers/scheduling/corev1`.

mod read;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// What a taint does to pods that do not tolerate it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Effect {
    /// New pods do not come.
    NoSchedule,
    /// New pods had better not come.
    PreferNoSchedule,
    /// New pods do not come, and those already there must go.
    NoExecute,
}

impl Effect {
    /// The name, as in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoSchedule => "NoSchedule",
            Self::PreferNoSchedule => "PreferNoSchedule",
            Self::NoExecute => "NoExecute",
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A taint of a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Taint {
    /// Key.
    pub key: Arc<str>,
    /// Value; empty for none.
    #[serde(default, deserialize_with = "read::null_default", skip_serializing_if = "is_empty")]
    pub value: Arc<str>,
    /// What it does.
    pub effect: Effect,
}

impl Taint {
    /// A taint; an empty `value` is none.
    pub fn new(key: impl Into<Arc<str>>, value: impl Into<Arc<str>>, effect: Effect) -> Self {
        Self { key: key.into(), value: value.into(), effect }
    }
}

/// `key=value:effect`, as kubectl writes it.
impl fmt::Display for Taint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)?;
        if !self.value.is_empty() {
            write!(f, "={}", self.value)?;
        }
        write!(f, ":{}", self.effect)
    }
}

/// How a toleration compares values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum TolerationOperator {
    /// The values are the same.
    #[default]
    #[serde(alias = "")]
    Equal,
    /// Any value will do.
    Exists,
    /// The taint's number is less: behind a feature gate that is off, so it tolerates nothing.
    Lt,
    /// The taint's number is greater: behind a feature gate that is off, so it tolerates nothing.
    Gt,
}

/// What taints a pod bears.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Toleration {
    /// Key of the taint; empty for any.
    #[serde(deserialize_with = "read::null_default", skip_serializing_if = "is_empty")]
    pub key: Arc<str>,
    /// How values are compared.
    #[serde(deserialize_with = "read::null_default", skip_serializing_if = "is_equal")]
    pub operator: TolerationOperator,
    /// Value of the taint.
    #[serde(deserialize_with = "read::null_default", skip_serializing_if = "is_empty")]
    pub value: Arc<str>,
    /// Effect of the taint; `None` for any.
    #[serde(deserialize_with = "read::effect", skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    /// How many seconds a `NoExecute` taint is borne; for ever when `None`, not at all from 0 down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub toleration_seconds: Option<i64>,
}

impl Toleration {
    /// Whether this toleration bears `taint`.
    ///
    /// Source: `Toleration.ToleratesTaint`, with comparison operators off.
    pub fn tolerates(&self, taint: &Taint) -> bool {
        if self.effect.is_some_and(|effect| effect != taint.effect) {
            return false;
        }
        if !self.key.is_empty() && self.key != taint.key {
            return false;
        }
        match self.operator {
            TolerationOperator::Equal => self.value == taint.value,
            TolerationOperator::Exists => true,
            TolerationOperator::Lt | TolerationOperator::Gt => false,
        }
    }
}

/// The first of the `taints` with one of the `effects` that no toleration bears.
///
/// ```
/// use kube_core::taint::{Effect, Taint, Toleration, TolerationOperator, first_untolerated};
///
/// let taints = [Taint::new("gpu", "a100", Effect::NoSchedule), Taint::new("old", "", Effect::PreferNoSchedule)];
/// let hard = [Effect::NoSchedule, Effect::NoExecute];
/// assert_eq!(first_untolerated(&taints, &[], &hard), Some(&taints[0]));
///
/// let any_gpu = Toleration { key: "gpu".into(), operator: TolerationOperator::Exists, ..Toleration::default() };
/// assert_eq!(first_untolerated(&taints, &[any_gpu], &hard), None);
/// ```
///
/// Source: `FindMatchingUntoleratedTaint`.
pub fn first_untolerated<'a>(
    taints: &'a [Taint],
    tolerations: &[Toleration],
    effects: &[Effect],
) -> Option<&'a Taint> {
    taints
        .iter()
        .filter(|taint| effects.contains(&taint.effect))
        .find(|taint| !tolerations.iter().any(|toleration| toleration.tolerates(taint)))
}

fn is_empty(text: &Arc<str>) -> bool {
    text.is_empty()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn is_equal(operator: &TolerationOperator) -> bool {
    *operator == TolerationOperator::Equal
}
