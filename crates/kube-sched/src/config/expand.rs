//! From what is written to a profile: defaults, `multiPoint`, what single points say.

use super::form::{MULTI_POINT, PluginEntry, PluginSet, ProfileForm};
use super::{ConfigError, Registry};
use crate::profile::{Point, Profile};
use serde_json::Value;
use std::collections::BTreeSet;

/// # Errors
/// What is wrong in it.
pub(super) fn profile(form: &ProfileForm, registry: &Registry) -> Result<Profile, ConfigError> {
    known(form, registry)?;
    let none = PluginSet::default();
    let multi = merged(registry.defaults(), form.plugins.get(MULTI_POINT).unwrap_or(&none));
    let mut names: Vec<&str> = multi.iter().map(|entry| entry.name.as_str()).collect();
    for set in form.plugins.values() {
        let more = set.enabled.iter().map(|entry| entry.name.as_str());
        names.extend(more.filter(|name| !multi.iter().any(|entry| entry.name == *name)));
    }
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(*name));
    let mut profile = Profile::empty();
    for name in &names {
        let args = form.plugin_config.iter().find(|config| config.name == *name);
        let args = args.map_or(Value::Null, |config| config.args.clone());
        let plugin = registry.make(name, &args).map_err(|error| {
            let field = format!("pluginConfig.args.{}", error.field);
            ConfigError::of_profile(form.name(), field.trim_end_matches('.'), error.problem).of_plugin(name)
        })?;
        profile = profile.with_shared(plugin).weight(weight(form, &multi, name));
    }
    for point in Point::ALL {
        let set = form.plugins.get(point.name()).unwrap_or(&none);
        profile = profile.at(point, order(set, &multi));
    }
    Ok(profile)
}

/// Every name that stands in it is one of a plugin.
fn known(form: &ProfileForm, registry: &Registry) -> Result<(), ConfigError> {
    for (point, set) in &form.plugins {
        if let Some(entry) = set.enabled.iter().find(|entry| !registry.knows(&entry.name)) {
            let field = format!("plugins.{point}.enabled");
            let error = ConfigError::of_profile(form.name(), field, "there is no such plugin");
            return Err(error.of_plugin(&entry.name));
        }
    }
    match form.plugin_config.iter().find(|config| !registry.knows(&config.name)) {
        None => Ok(()),
        Some(config) => {
            let error = ConfigError::of_profile(form.name(), "pluginConfig", "there is no such plugin");
            Err(error.of_plugin(&config.name))
        }
    }
}

/// The defaults with what is enabled and disabled: one that is enabled again keeps its place.
///
/// Source: `mergePluginSet`.
fn merged(defaults: Vec<(String, i64)>, custom: &PluginSet) -> Vec<PluginEntry> {
    let disabled = |name: &str| custom.disabled.iter().any(|entry| entry.name == name);
    let mut replaced = BTreeSet::new();
    let mut list = Vec::new();
    if !disabled("*") {
        for (name, weight) in defaults.into_iter().filter(|(name, _)| !disabled(name)) {
            match custom.enabled.iter().find(|entry| entry.name == name) {
                Some(entry) => {
                    replaced.insert(name);
                    list.push(entry.clone());
                }
                None => list.push(PluginEntry { name, weight: Some(weight) }),
            }
        }
    }
    list.extend(custom.enabled.iter().filter(|entry| !replaced.contains(&entry.name)).cloned());
    list
}

/// The plugins of one point: those that it names and `multiPoint` has as well, the rest of `multiPoint`, the rest of
/// those that it names.
fn order(set: &PluginSet, multi: &[PluginEntry]) -> Vec<String> {
    let disabled = |name: &str| set.disabled.iter().any(|entry| entry.name == name);
    let names = |list: &[PluginEntry]| list.iter().map(|entry| entry.name.clone()).collect::<Vec<_>>();
    let specific = names(&set.enabled);
    if disabled("*") {
        return specific;
    }
    let multi: Vec<String> = names(multi).into_iter().filter(|name| !disabled(name)).collect();
    let both = specific.iter().filter(|name| multi.contains(name));
    let rest = multi.iter().filter(|name| !specific.contains(name));
    let alone = specific.iter().filter(|name| !multi.contains(name));
    both.chain(rest).chain(alone).cloned().collect()
}

/// What scoring says, or `multiPoint`; 1 where nobody says.
fn weight(form: &ProfileForm, multi: &[PluginEntry], name: &str) -> i64 {
    let score = form.plugins.get(Point::Score.name()).map(|set| set.enabled.as_slice()).unwrap_or_default();
    let stated = [score, multi].into_iter().filter_map(|list| list.iter().find(|entry| entry.name == name));
    let mut weights = stated.filter_map(|entry| entry.weight).filter(|weight| *weight != 0);
    weights.next().unwrap_or(1)
}
