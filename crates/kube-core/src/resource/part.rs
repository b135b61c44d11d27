//! Parts of built-in objects that are read and printed apart from them.

use crate::kinds::{apps, batch, core, policy};
use crate::view::DecodeError;
use serde::Deserialize;
use serde_json::Value;

/// A part of a built-in object that controllers read and print apart from it: compiled once, in this crate, as
/// [`Resource`](super::Resource) is for whole objects.
pub trait Part: Sized {
    /// Reads the part of a JSON value.
    ///
    /// # Errors
    /// It is no such part.
    fn from_json_value(value: &Value) -> Result<Self, DecodeError>;

    /// The part as a JSON value.
    ///
    /// # Errors
    /// A value in it has no JSON form.
    fn to_json_value(&self) -> Result<Value, DecodeError>;
}

macro_rules! parts {
    ($($part:path),+ $(,)?) => {$(
        impl Part for $part {
            #[inline(never)]
            fn from_json_value(value: &Value) -> Result<Self, DecodeError> {
                Self::deserialize(value).map_err(DecodeError::new)
            }

            #[inline(never)]
            fn to_json_value(&self) -> Result<Value, DecodeError> {
                serde_json::to_value(self).map_err(DecodeError::new)
            }
        }
    )+};
}

parts! {
    apps::v1::DaemonSetStatus,
    apps::v1::DeploymentStatus,
    apps::v1::ReplicaSetStatus,
    apps::v1::StatefulSetStatus,
    batch::v1::CronJobStatus,
    batch::v1::JobStatus,
    core::v1::NamespaceStatus,
    core::v1::NodeStatus,
    core::v1::PodSpec,
    core::v1::PodStatus,
    core::v1::PodTemplateSpec,
    core::v1::ReplicationControllerStatus,
    core::v1::ServiceStatus,
    policy::v1::PodDisruptionBudgetStatus,
}
