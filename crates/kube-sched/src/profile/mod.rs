//! Which plugins decide, in which order and with which weights.

mod point;

pub use point::Point;

use crate::framework::{Plugin, Points, Reads};
use crate::plugins;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// An ordered list of plugins with weights.
///
/// The default is the default profile of kube-scheduler v1.36, as far as its plugins exist here.
///
/// ```
/// use kube_sched::plugins::node_resources_fit::{NodeResourcesFit, Prefer, ScoringStrategy};
/// use kube_sched::profile::Profile;
///
/// let pack = ScoringStrategy { prefer: Prefer::MostAllocated, ..ScoringStrategy::default() };
/// let profile = Profile::default()
///     .replace(NodeResourcesFit::new(pack)).weight(5)
///     .without("ImageLocality");
/// assert_eq!(profile.weight_of("NodeResourcesFit"), Some(5));
/// assert_eq!(profile.weight_of("ImageLocality"), None);
/// ```
#[derive(Clone)]
pub struct Profile {
    entries: Vec<Entry>,
    /// The entry that `weight` is about.
    last: usize,
    /// The order at single points, where it is not that of the entries.
    orders: BTreeMap<Point, Vec<String>>,
}

#[derive(Clone)]
struct Entry {
    plugin: Arc<dyn Plugin>,
    weight: i64,
}

impl Default for Profile {
    fn default() -> Self {
        let entries: Vec<Entry> =
            plugins::built_in().into_iter().map(|(plugin, weight)| Entry { plugin, weight }).collect();
        Self { last: entries.len().saturating_sub(1), entries, orders: BTreeMap::new() }
    }
}

impl Profile {
    /// No plugins: every node fits every pod, and all are alike.
    pub fn empty() -> Self {
        Self { entries: Vec::new(), last: 0, orders: BTreeMap::new() }
    }

    /// Adds a plugin behind the others, with weight 1.
    #[must_use]
    pub fn with(self, plugin: impl Plugin) -> Self {
        self.with_shared(Arc::new(plugin))
    }

    /// As [`Profile::with`], for a plugin that others hold as well.
    #[must_use]
    pub fn with_shared(mut self, plugin: Arc<dyn Plugin>) -> Self {
        self.last = self.entries.len();
        self.entries.push(Entry { plugin, weight: 1 });
        self
    }

    /// Lets only the plugins of these names take part in one point, in this order. Names of plugins that are not in the
    /// profile, or not in the point, do not count.
    #[must_use]
    pub fn at(mut self, point: Point, names: impl IntoIterator<Item = String>) -> Self {
        self.orders.insert(point, names.into_iter().collect());
        self
    }

    /// Puts a plugin in the place of the one of its name, whose weight it takes over; adds it where there is none.
    #[must_use]
    pub fn replace(mut self, plugin: impl Plugin) -> Self {
        match self.entries.iter().position(|entry| entry.plugin.name() == plugin.name()) {
            None => self.with(plugin),
            Some(place) => {
                self.entries[place].plugin = Arc::new(plugin);
                self.last = place;
                self
            }
        }
    }

    /// Sets the weight of the plugin added or replaced last: 1 to 100 times what its score counts for.
    #[must_use]
    pub fn weight(mut self, weight: i64) -> Self {
        if let Some(entry) = self.entries.get_mut(self.last) {
            entry.weight = weight;
        }
        self
    }

    /// Takes the plugin of this name out, if it is there.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.entries.retain(|entry| entry.plugin.name() != name);
        self.last = self.entries.len().saturating_sub(1);
        self
    }

    /// The weight of the plugin of this name.
    pub fn weight_of(&self, name: &str) -> Option<i64> {
        self.entries.iter().find(|entry| entry.plugin.name() == name).map(|entry| entry.weight)
    }

    /// Names and weights, in order.
    pub fn plugins(&self) -> impl Iterator<Item = (&'static str, i64)> {
        self.entries.iter().map(|entry| (entry.plugin.name(), entry.weight))
    }

    /// The plugins with their extension points.
    ///
    /// # Errors
    /// A name that stands there twice, a weight below 1, a plugin without any extension point, two orders of the
    /// queue.
    pub(crate) fn resolve(&self) -> Result<Vec<Resolved>, ProfileError> {
        let mut resolved: Vec<Resolved> = Vec::with_capacity(self.entries.len());
        for Entry { plugin, weight } in &self.entries {
            let name = plugin.name();
            if resolved.iter().any(|other| other.name == name) {
                return Err(ProfileError::Duplicate(name));
            }
            if *weight < 1 {
                return Err(ProfileError::Weight { plugin: name, weight: *weight });
            }
            let mut points = Points::default();
            plugin.clone().points(&mut points);
            if points.names().is_empty() {
                return Err(ProfileError::NoPoints(name));
            }
            let plugin = plugin.clone();
            resolved.push(Resolved { name, weight: *weight, reads: plugin.reads(), points, plugin });
        }
        match self.order(Point::QueueSort, &resolved).as_slice() {
            [_, second, ..] => Err(ProfileError::TwoQueueSorts(resolved[*second].name)),
            _ => Ok(resolved),
        }
    }

    /// Which of the plugins take part in a point, in their order.
    pub(crate) fn order(&self, point: Point, plugins: &[Resolved]) -> Vec<usize> {
        let takes_part = |index: &usize| point.is_in(&plugins[*index].points);
        match self.orders.get(&point) {
            None => (0..plugins.len()).filter(takes_part).collect(),
            Some(names) => {
                let find = |name: &String| plugins.iter().position(|plugin| plugin.name == *name);
                names.iter().filter_map(find).filter(takes_part).collect()
            }
        }
    }
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.plugins()).finish()
    }
}

/// A plugin of a checked profile.
#[derive(Clone)]
pub(crate) struct Resolved {
    pub(crate) name: &'static str,
    pub(crate) weight: i64,
    pub(crate) reads: Reads,
    pub(crate) points: Points,
    pub(crate) plugin: Arc<dyn Plugin>,
}

/// A profile that cannot work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// A plugin stands in it twice.
    #[error("plugin {0:?} already registered")]
    Duplicate(&'static str),
    /// A weight below 1.
    #[error("plugin {plugin:?} has the weight {weight}; it must be at least 1")]
    Weight {
        /// The plugin.
        plugin: &'static str,
        /// Its weight.
        weight: i64,
    },
    /// A plugin takes part in nothing: its `points` lists no extension point.
    #[error("plugin {0:?} does not take part in any extension point")]
    NoPoints(&'static str),
    /// More than one plugin orders the queue.
    #[error("only one queue sort plugin can be enabled; plugin {0:?} is the second")]
    TwoQueueSorts(&'static str),
}
