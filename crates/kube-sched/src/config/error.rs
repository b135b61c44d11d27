//! What is wrong with a configuration.

use crate::profile::ProfileError;
use std::fmt;

/// A configuration that cannot work.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfigError {
    /// The profile; empty where it is about the whole.
    pub profile: String,
    /// The plugin; empty where it is about none in particular.
    pub plugin: String,
    /// The field, from the profile downwards.
    pub field: String,
    /// What is wrong with it.
    pub problem: String,
}

impl ConfigError {
    pub(super) fn of_file(field: &str, problem: impl Into<String>) -> Self {
        Self { profile: String::new(), plugin: String::new(), field: field.into(), problem: problem.into() }
    }

    pub(super) fn of_profile(profile: &str, field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { profile: profile.into(), plugin: String::new(), field: field.into(), problem: problem.into() }
    }

    /// What is wrong with a profile that was put together in code.
    pub(crate) fn of_code(profile: &str, error: &ProfileError) -> Self {
        let (plugin, field) = match error {
            ProfileError::Duplicate(plugin) | ProfileError::NoPoints(plugin) => (plugin, "plugins"),
            ProfileError::Weight { plugin, .. } => (plugin, "plugins.score.weight"),
            ProfileError::TwoQueueSorts(plugin) => (plugin, "plugins.queueSort"),
        };
        Self::of_profile(profile, field, error.to_string()).of_plugin(plugin)
    }

    pub(super) fn of_plugin(mut self, plugin: &str) -> Self {
        plugin.clone_into(&mut self.plugin);
        self
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.profile.is_empty() {
            write!(f, "profile {:?}: ", self.profile)?;
        }
        if !self.plugin.is_empty() {
            write!(f, "plugin {:?}: ", self.plugin)?;
        }
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        f.write_str(&self.problem)
    }
}

impl std::error::Error for ConfigError {}
