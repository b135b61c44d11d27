//! `KubeSchedulerConfiguration`: profiles, plugins, weights and arguments as kube-scheduler reads them.
//!
//! ```
//! use kube_sched::config::{Configuration, Registry};
//!
//! let read = |text: &str| Configuration::from_yaml(text, &Registry::built_in());
//! let configuration = read("
//! apiVersion: kubescheduler.config.k8s.io/v1
//! kind: KubeSchedulerConfiguration
//! profiles:
//! - schedulerName: packing
//!   plugins:
//!     multiPoint:
//!       disabled: [{name: ImageLocality}]
//!     score:
//!       enabled: [{name: NodeResourcesFit, weight: 5}]
//!   pluginConfig:
//!   - name: NodeResourcesFit
//!     args: {scoringStrategy: {type: MostAllocated}}
//! ")?;
//! let packing = &configuration.profiles["packing"];
//! assert_eq!((packing.weight_of("NodeResourcesFit"), packing.weight_of("ImageLocality")), (Some(5), None));
//!
//! let wrong = "profiles: [{plugins: {filter: {enabled: [{name: NodeResorcesFit}]}}}]";
//! assert_eq!(
//!     read(wrong).unwrap_err().to_string(),
//!     "profile \"default-scheduler\": plugin \"NodeResorcesFit\": plugins.filter.enabled: there is no such plugin"
//! );
//! # Ok::<(), kube_sched::config::ConfigError>(())
//! ```
//!
//! `percentageOfNodesToScore` is checked and changes nothing: every node is scored. What is about kube-scheduler's process
//! (leader election, its client, profiling, parallelism) is left to whoever runs the scheduler. Extenders are refused.
//!
//! Source: `pkg/scheduler/apis/config`, `pkg/scheduler/framework/runtime` (`expandMultiPointPlugins`).

mod args;
mod error;
mod expand;
mod form;
mod registry;
#[cfg(test)]
mod tests;

pub use error::ConfigError;
pub use registry::{ArgsError, Registry};

use crate::profile::Profile;
use crate::queue::QueueConfig;
use form::Form;
use kube_core::wire::documents;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// A configuration that was read and found to work.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Configuration {
    /// By the name that pods ask for in `spec.schedulerName`.
    pub profiles: BTreeMap<Arc<str>, Profile>,
    /// `podInitialBackoffSeconds` and `podMaxBackoffSeconds`.
    pub queue: QueueConfig,
}

impl Configuration {
    /// Reads one YAML document.
    ///
    /// # Errors
    /// What is wrong: profile, plugin and field.
    pub fn from_yaml(text: &str, registry: &Registry) -> Result<Self, ConfigError> {
        let read = documents(text).map_err(|error| ConfigError::of_file("", error.to_string()))?;
        let [document] = read.as_slice() else {
            return Err(ConfigError::of_file("", format!("{} documents where one is wanted", read.len())));
        };
        let form: Form = serde_json::from_value(document.value.clone())
            .map_err(|error| ConfigError::of_file("", error.to_string()))?;
        form.check()?;
        let mut profiles = BTreeMap::new();
        for profile in form.profiles_or_default() {
            let name: Arc<str> = profile.name().into();
            let read = expand::profile(&profile, registry)?;
            if profiles.insert(name.clone(), read).is_some() {
                return Err(ConfigError::of_profile(
                    &name,
                    "schedulerName",
                    "there is another profile of this name",
                ));
            }
        }
        let mut queue = QueueConfig::default();
        let seconds = |value: Option<i64>, default: Duration| match value {
            None => Ok(default),
            Some(seconds) => u64::try_from(seconds).map(Duration::from_secs),
        };
        queue.initial_backoff = seconds(form.pod_initial_backoff_seconds, queue.initial_backoff)
            .map_err(|_| ConfigError::of_file("podInitialBackoffSeconds", "must not be negative"))?;
        queue.max_backoff = seconds(form.pod_max_backoff_seconds, queue.max_backoff)
            .map_err(|_| ConfigError::of_file("podMaxBackoffSeconds", "must not be negative"))?;
        if queue.max_backoff < queue.initial_backoff {
            let text = "must be greater than or equal to podInitialBackoffSeconds";
            return Err(ConfigError::of_file("podMaxBackoffSeconds", text));
        }
        Ok(Self { profiles, queue })
    }
}
