//! A policy put to work.

use super::round_robin::RoundRobin;
use super::{Balancer, Draw, OutlierEjection, SlowStart};
use kube_core::env::Env;
use std::sync::Arc;

/// How endpoints are chosen: a policy, and what goes with every policy.
///
/// ```
/// use kube_core::env::Env;
/// use kube_net::balance::{Balancing, OutlierEjection, SlowStart, peak_ewma::PeakEwma};
/// use kube_net::EndpointTable;
/// use std::time::Duration;
///
/// let (env, _clock) = Env::manual(7);
/// let balancing = Balancing::new(&env, PeakEwma::new(&env))
///     .eject(OutlierEjection::default())
///     .slow_start(SlowStart::new(Duration::from_secs(30)));
/// let table = EndpointTable::balanced(balancing);
/// # let _ = table;
/// ```
#[derive(Clone, Debug)]
pub struct Balancing {
    pub(crate) env: Env,
    pub(crate) policy: Arc<dyn Balancer>,
    pub(crate) outliers: Option<OutlierEjection>,
    pub(crate) slow_start: Option<SlowStart>,
    pub(crate) draw: Arc<Draw>,
}

impl Balancing {
    /// This policy, with the clock of `env`.
    pub fn new(env: &Env, policy: impl Balancer) -> Self {
        Self::shared(env, Arc::new(policy))
    }

    /// The same for a policy that is shared already, as [`super::find`] gives it.
    pub fn shared(env: &Env, policy: Arc<dyn Balancer>) -> Self {
        let draw = Arc::new(Draw::of(env, "balance/slow-start"));
        Self { env: env.clone(), policy, outliers: None, slow_start: None, draw }
    }

    /// The same, with endpoints that keep failing left out for a while.
    #[must_use]
    pub fn eject(mut self, outliers: OutlierEjection) -> Self {
        self.outliers = Some(outliers);
        self
    }

    /// The same, with endpoints that are new getting their share little by little.
    #[must_use]
    pub fn slow_start(mut self, slow_start: SlowStart) -> Self {
        self.slow_start = Some(slow_start);
        self
    }

    /// The policy.
    pub fn policy(&self) -> &dyn Balancer {
        &*self.policy
    }

    /// Whether uses of endpoints are to be reported.
    pub(crate) fn listens(&self) -> bool {
        self.outliers.is_some() || self.policy.listens()
    }
}

impl Default for Balancing {
    /// Round robin, with a clock that stands still.
    fn default() -> Self {
        Self::new(&Env::manual(0).0, RoundRobin)
    }
}
