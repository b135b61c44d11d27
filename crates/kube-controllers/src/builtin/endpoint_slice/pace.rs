//! How often the slices of a Service are planned where there are many pods to look at.

use kube_core::env::Mono;
use kube_core::resource::ObjectKey;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// From how many pods in a namespace on its Services rest between two plans.
const MANY: usize = 1_000;

/// What a Service rests for each of them: some thirty times of what looking at one takes, so that a rollout of thousands of
/// pods, each of which changes the slices, does not keep a processor busy with plans that the next change overtakes.
const REST_PER_POD: Duration = Duration::from_micros(30);

/// Until when each Service rests. Kubernetes has one period for all, `--endpointslice-updates-batch-period`, which is none
/// unless it is given.
#[derive(Default)]
pub(super) struct Paces(Mutex<BTreeMap<ObjectKey, Mono>>);

impl Paces {
    /// How long the Service has to rest still.
    pub(super) fn rest(&self, service: &ObjectKey, now: Mono) -> Option<Duration> {
        let until = *self.all().get(service)?;
        Some(until.since(now)).filter(|rest| !rest.is_zero())
    }

    /// Notes that the Service is planned now, from the pods of its namespace.
    pub(super) fn planned(&self, service: &ObjectKey, pods: usize, now: Mono) {
        if pods < MANY {
            self.forget(service);
            return;
        }
        let rest = REST_PER_POD.saturating_mul(u32::try_from(pods).unwrap_or(u32::MAX));
        self.all().insert(service.clone(), now + rest);
    }

    /// Forgets a Service that is gone.
    pub(super) fn forget(&self, service: &ObjectKey) {
        self.all().remove(service);
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<ObjectKey, Mono>> {
        // Every section leaves the map whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
