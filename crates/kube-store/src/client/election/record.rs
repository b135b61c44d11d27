//! What a `Lease` says of an election.

use jiff::Timestamp;
use kube_core::kinds::coordination::v1::LeaseSpec;
use std::time::Duration;

/// Who leads, as the lease has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Who leads; empty when nobody does.
    pub holder: String,
    /// How long after its last change the record is respected.
    pub duration: Duration,
    /// When the holder won, by its own clock.
    pub acquired: Timestamp,
    /// When the holder renewed, by its own clock. Nobody counts from it.
    pub renewed: Timestamp,
    /// How often another one won.
    pub transitions: i32,
}

impl Record {
    /// What `spec` says; what it leaves out is nobody, never, zero.
    pub fn of(spec: &LeaseSpec) -> Self {
        let seconds = spec.lease_duration_seconds.and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
        let time = |time: &Option<kube_core::kinds::meta::v1::MicroTime>| {
            time.as_ref().map_or(Timestamp::UNIX_EPOCH, |time| time.0)
        };
        Self {
            holder: spec.holder_identity.clone().unwrap_or_default(),
            duration: Duration::from_secs(seconds),
            acquired: time(&spec.acquire_time),
            renewed: time(&spec.renew_time),
            transitions: spec.lease_transitions.unwrap_or(0),
        }
    }

    /// Writes this into `spec` and leaves alone what else is there.
    pub fn write(&self, spec: &mut LeaseSpec) {
        let time = |time: Timestamp| Some(kube_core::kinds::meta::v1::MicroTime(time));
        spec.holder_identity = Some(self.holder.clone());
        spec.lease_duration_seconds = i32::try_from(self.duration.as_secs()).ok();
        spec.acquire_time = time(self.acquired);
        spec.renew_time = time(self.renewed);
        spec.lease_transitions = Some(self.transitions);
    }
}
