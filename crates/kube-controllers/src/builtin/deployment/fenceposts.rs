//! How far a rollout may stray from the wanted number of pods.
//!
//! Source: `k8s.io/kubernetes/pkg/controller/deployment/util` (`ResolveFenceposts`, `MaxSurge`, `MaxUnavailable`,
//! `MinAvailable`).

use kube_core::int_or_percent::{IntOrPercentError, scaled_value};
use kube_core::kinds::IntOrString;
use kube_core::kinds::apps::v1::{Deployment, DeploymentSpec};
use std::fmt;

/// `maxSurge` and `maxUnavailable` as numbers of pods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fenceposts {
    /// Pods that may exist beyond the wanted number.
    pub surge: i32,
    /// Pods of the wanted number that may be missing.
    pub unavailable: i32,
}

/// A fencepost that is neither a number nor a percentage. `Display` is Kubernetes' message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FencepostError(IntOrPercentError);

impl fmt::Display for FencepostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            IntOrPercentError::NotANumber(text) => {
                let number = text.strip_suffix('%').unwrap_or(text);
                let prefix = "invalid value for IntOrString: invalid value";
                write!(f, "{prefix} {text:?}: strconv.Atoi: parsing {number:?}: invalid syntax")
            }
            other => other.fmt(f),
        }
    }
}

impl std::error::Error for FencepostError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl Fenceposts {
    /// The numbers of pods for `replicas` wanted ones; an absent value is 0. The surge is rounded up, the other
    /// down; when both come out as 0 one pod may be missing, since a rollout could not move otherwise.
    ///
    /// # Errors
    /// A value is neither a number nor a percentage.
    pub fn resolve(
        surge: Option<&IntOrString>,
        unavailable: Option<&IntOrString>,
        replicas: i32,
    ) -> Result<Self, FencepostError> {
        let scale = |value: Option<&IntOrString>, up| {
            value.map_or(Ok(0), |value| scaled_value(value, replicas, up).map_err(FencepostError))
        };
        let (surge, unavailable) = (scale(surge, true)?, scale(unavailable, false)?);
        let stuck = surge == 0 && unavailable == 0;
        Ok(Self { surge, unavailable: if stuck { 1 } else { unavailable } })
    }
}

/// What a Deployment wants, in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Target {
    /// Pods wanted.
    pub replicas: i32,
    /// Limits of the rollout; `None` for the strategy `Recreate`.
    pub rolling: Option<Fenceposts>,
    /// `status.replicas`: pods that the Deployment had when it was last looked at.
    pub observed: i32,
}

impl Target {
    /// The numbers of `deployment`. Fenceposts that cannot be read count as 0, as they do in Kubernetes, where
    /// validation keeps them out.
    pub fn of(deployment: &Deployment) -> Self {
        let spec = deployment.spec.as_ref();
        let replicas = spec.and_then(|spec| spec.replicas).unwrap_or(1);
        let observed = deployment.status.as_ref().and_then(|status| status.replicas).unwrap_or(0);
        let rolling = spec.filter(|spec| !is_recreate(spec)).map(|spec| fenceposts_of(spec, replicas));
        Self { replicas, rolling, observed }
    }

    /// Pods that may exist beyond the wanted number.
    pub fn max_surge(&self) -> i32 {
        self.rolling.map_or(0, |posts| posts.surge)
    }

    /// Pods of the wanted number that may be missing.
    pub fn max_unavailable(&self) -> i32 {
        match self.rolling {
            Some(posts) if self.replicas > 0 => posts.unavailable.min(self.replicas),
            _ => 0,
        }
    }

    /// Pods that must be available throughout a rolling update; 0 for the strategy `Recreate`.
    pub fn min_available(&self) -> i32 {
        if self.rolling.is_some() { self.replicas - self.max_unavailable() } else { 0 }
    }

    /// Pods that may exist in all.
    pub fn max_total(&self) -> i32 {
        self.replicas.saturating_add(self.max_surge())
    }
}

/// Whether the strategy is `Recreate`.
pub(super) fn is_recreate(spec: &DeploymentSpec) -> bool {
    spec.strategy.as_ref().and_then(|strategy| strategy.type_.as_deref()) == Some("Recreate")
}

fn fenceposts_of(spec: &DeploymentSpec, replicas: i32) -> Fenceposts {
    // What defaulting fills in where the strategy says nothing.
    let quarter = IntOrString::String("25%".to_owned());
    let rolling = spec.strategy.as_ref().and_then(|strategy| strategy.rolling_update.as_ref());
    let (surge, unavailable) = rolling.map_or((Some(&quarter), Some(&quarter)), |rolling| {
        (rolling.max_surge.as_ref(), rolling.max_unavailable.as_ref())
    });
    Fenceposts::resolve(surge, unavailable, replicas).unwrap_or_default()
}
