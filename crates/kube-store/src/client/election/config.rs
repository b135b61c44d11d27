//! How an election is held.

use std::time::Duration;

/// Who stands for what, and how patiently. The same but for the identity for everybody who stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElectionConfig {
    /// Name of the election, which is that of its `Lease`.
    pub name: String,
    /// Namespace of the lease.
    pub namespace: String,
    /// Who stands: nobody else may have this name.
    pub identity: String,
    /// How long after its last change a record is respected.
    pub lease_duration: Duration,
    /// How long a leader that cannot renew goes on.
    pub renew_deadline: Duration,
    /// How long to wait between two attempts. Followers wait up to 2.2 times as long.
    pub retry_period: Duration,
}

/// Parameters with which there could be two leaders, or none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct ElectionError {
    /// The field of [`ElectionConfig`].
    pub field: &'static str,
    /// What is wrong with it.
    pub reason: String,
}

/// By how much at the most a follower's wait is prolonged (`JitterFactor`).
pub(super) const JITTER: f64 = 1.2;

impl ElectionConfig {
    /// The election `name` in `kube-system`, with the parameters of kube-scheduler and kube-controller-manager: 15 s,
    /// 10 s, 2 s.
    pub fn new(name: impl Into<String>, identity: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            namespace: "kube-system".into(),
            identity: identity.into(),
            lease_duration: Duration::from_secs(15),
            renew_deadline: Duration::from_secs(10),
            retry_period: Duration::from_secs(2),
        }
    }

    /// Whether the parameters leave room for one another, as client-go asks for.
    ///
    /// # Errors
    /// Names the field.
    pub fn check(&self) -> Result<(), ElectionError> {
        let wrong = |field, reason: String| Err(ElectionError { field, reason });
        let Self { name, identity, lease_duration, renew_deadline, retry_period, .. } = self;
        if name.is_empty() {
            return wrong("name", "must not be empty".into());
        }
        if identity.is_empty() {
            return wrong("identity", "must not be empty".into());
        }
        if retry_period.is_zero() {
            return wrong("retry_period", "must be greater than zero".into());
        }
        if lease_duration <= renew_deadline {
            return wrong(
                "lease_duration",
                format!("must be greater than renew_deadline ({renew_deadline:?})"),
            );
        }
        if lease_duration.subsec_nanos() != 0 {
            return wrong("lease_duration", "must be whole seconds, as a Lease stores it".into());
        }
        if *renew_deadline <= retry_period.mul_f64(JITTER) {
            return wrong("renew_deadline", format!("must be greater than {JITTER} times {retry_period:?}"));
        }
        Ok(())
    }
}
