//! Plugins by name, and how they are made from their arguments.

use super::args;
use crate::framework::Plugin;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

type Make = Arc<dyn Fn(&Value) -> Result<Arc<dyn Plugin>, ArgsError> + Send + Sync>;

/// The plugins that a configuration may name: an explicit list, to which applications add their own.
#[derive(Clone)]
pub struct Registry(Vec<Entry>);

#[derive(Clone)]
struct Entry {
    name: String,
    /// Its weight, where it is on without being named.
    default: Option<i64>,
    make: Make,
}

/// Arguments that a plugin cannot work with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct ArgsError {
    /// The field, from the arguments downwards; empty for the whole.
    pub field: String,
    /// What is wrong with it.
    pub problem: String,
}

impl ArgsError {
    /// An error about a field.
    pub fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { field: field.into(), problem: problem.into() }
    }
}

impl Registry {
    /// The built-in plugins.
    pub fn built_in() -> Self {
        let mut registry = Self(Vec::new());
        for (plugin, weight) in crate::plugins::built_in() {
            let name = plugin.name();
            let make = args::maker(name).unwrap_or_else(|| Arc::new(move |args| args::none(args, &plugin)));
            registry.0.push(Entry { name: name.to_owned(), default: Some(weight), make });
        }
        for plugin in crate::plugins::optional() {
            let name = plugin.name().to_owned();
            let make: Make = Arc::new(move |args| args::none(args, &plugin));
            registry.0.push(Entry { name, default: None, make });
        }
        registry
    }

    /// Adds a plugin of one's own; `make` gets the arguments, `null` where there are none. A plugin of the same name is
    /// replaced.
    #[must_use]
    pub fn with<P: Plugin>(
        mut self,
        name: &str,
        make: impl Fn(&Value) -> Result<P, ArgsError> + Send + Sync + 'static,
    ) -> Self {
        let make: Make = Arc::new(move |args| Ok(Arc::new(make(args)?) as Arc<dyn Plugin>));
        match self.0.iter_mut().find(|entry| entry.name == name) {
            Some(entry) => entry.make = make,
            None => self.0.push(Entry { name: name.to_owned(), default: None, make }),
        }
        self
    }

    pub(super) fn knows(&self, name: &str) -> bool {
        self.0.iter().any(|entry| entry.name == name)
    }

    /// The plugins that are on by default, and their weights.
    pub(super) fn defaults(&self) -> Vec<(String, i64)> {
        self.0.iter().filter_map(|entry| Some((entry.name.clone(), entry.default?))).collect()
    }

    pub(super) fn make(&self, name: &str, args: &Value) -> Result<Arc<dyn Plugin>, ArgsError> {
        match self.0.iter().find(|entry| entry.name == name) {
            Some(entry) => (entry.make)(args),
            None => Err(ArgsError::new("", "there is no such plugin")),
        }
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|entry| &entry.name)).finish()
    }
}
