//! The configuration as it is written.

use super::ConfigError;
use crate::profile::Point;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Form {
    api_version: Option<String>,
    kind: Option<String>,
    profiles: Vec<ProfileForm>,
    pub(super) pod_initial_backoff_seconds: Option<i64>,
    pub(super) pod_max_backoff_seconds: Option<i64>,
    percentage_of_nodes_to_score: Option<i32>,
    extenders: Vec<Value>,
    #[serde(flatten)]
    others: BTreeMap<String, Value>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct ProfileForm {
    scheduler_name: Option<String>,
    percentage_of_nodes_to_score: Option<i32>,
    /// By extension point, or `multiPoint`.
    pub(super) plugins: BTreeMap<String, PluginSet>,
    pub(super) plugin_config: Vec<PluginConfig>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PluginSet {
    pub(super) enabled: Vec<PluginEntry>,
    pub(super) disabled: Vec<PluginEntry>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PluginEntry {
    pub(super) name: String,
    pub(super) weight: Option<i64>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PluginConfig {
    pub(super) name: String,
    pub(super) args: Value,
}

impl Form {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.api_version.as_deref().is_some_and(|version| version != VERSION) {
            return Err(ConfigError::of_file("apiVersion", format!("must be {VERSION}")));
        }
        if self.kind.as_deref().is_some_and(|kind| kind != KIND) {
            return Err(ConfigError::of_file("kind", format!("must be {KIND}")));
        }
        if let Some(unknown) = self.others.keys().find(|field| !OF_THE_PROCESS.contains(&field.as_str())) {
            return Err(ConfigError::of_file(unknown, "there is no such field"));
        }
        if !self.extenders.is_empty() {
            let text = "there are no extenders here: what they do is a plugin's work";
            return Err(ConfigError::of_file("extenders", text));
        }
        if self.percentage_of_nodes_to_score.is_some_and(|percent| !(0..=100).contains(&percent)) {
            return Err(ConfigError::of_file("percentageOfNodesToScore", "must be from 0 to 100"));
        }
        for profile in &self.profiles {
            profile.check()?;
        }
        Ok(())
    }

    pub(super) fn profiles_or_default(&self) -> Vec<ProfileForm> {
        if self.profiles.is_empty() { vec![ProfileForm::default()] } else { self.profiles.clone() }
    }
}

impl ProfileForm {
    pub(super) fn name(&self) -> &str {
        self.scheduler_name.as_deref().unwrap_or("default-scheduler")
    }

    fn check(&self) -> Result<(), ConfigError> {
        let wrong = |field: &str, problem: &str| Err(ConfigError::of_profile(self.name(), field, problem));
        if self.scheduler_name.as_deref() == Some("") {
            return wrong("schedulerName", "must not be empty");
        }
        if self.percentage_of_nodes_to_score.is_some_and(|percent| !(0..=100).contains(&percent)) {
            return wrong("percentageOfNodesToScore", "must be from 0 to 100");
        }
        for (name, set) in &self.plugins {
            if name != MULTI_POINT && Point::named(name).is_none() {
                return wrong(&format!("plugins.{name}"), "there is no such extension point");
            }
            for (number, entry) in set.enabled.iter().enumerate() {
                let field = format!("plugins.{name}.enabled");
                let error = |problem: &str| {
                    Err(ConfigError::of_profile(self.name(), &*field, problem).of_plugin(&entry.name))
                };
                if set.enabled[..number].iter().any(|other| other.name == entry.name) {
                    return error("plugin already registered");
                }
                if entry.weight.is_some_and(|weight| !(0..=i64::from(i32::MAX)).contains(&weight)) {
                    return error("weight must not be negative, nor above 2147483647");
                }
            }
        }
        for (number, config) in self.plugin_config.iter().enumerate() {
            if self.plugin_config[..number].iter().any(|other| other.name == config.name) {
                let error =
                    ConfigError::of_profile(self.name(), "pluginConfig", "repeated config for plugin");
                return Err(error.of_plugin(&config.name));
            }
        }
        Ok(())
    }
}

pub(super) const MULTI_POINT: &str = "multiPoint";
/// What is about kube-scheduler's process, and is left to whoever runs this scheduler.
const OF_THE_PROCESS: [&str; 6] = [
    "clientConnection",
    "delayCacheUntilActive",
    "enableContentionProfiling",
    "enableProfiling",
    "leaderElection",
    "parallelism",
];
const VERSION: &str = "kubescheduler.config.k8s.io/v1";
const KIND: &str = "KubeSchedulerConfiguration";
