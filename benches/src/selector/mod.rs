//! Matching labels with selectors: who selects this pod, and whom does this selector select?

pub mod baseline;
mod world;

pub use world::World;

use kube_core::selector::{LabelSet, Selector};

/// Our way without an index: selectors parsed once, labels interned and sorted.
#[derive(Debug)]
pub struct Compiled {
    selectors: Vec<Selector>,
    pods: Vec<LabelSet>,
}

impl Compiled {
    /// The selectors and pods of `world`.
    pub fn new(world: &World) -> Self {
        let selectors = world.selectors.iter().filter_map(|text| text.parse().ok()).collect();
        let pods = world.pods.iter().map(LabelSet::from).collect();
        Self { selectors, pods }
    }

    /// How many selectors match pod number `pod`.
    pub fn selectors_of(&self, pod: usize) -> usize {
        let Some(labels) = self.pods.get(pod) else { return 0 };
        self.selectors.iter().filter(|selector| selector.matches(labels)).count()
    }

    /// How many pods selector number `selector` matches.
    pub fn pods_of(&self, selector: usize) -> usize {
        let Some(selector) = self.selectors.get(selector) else { return 0 };
        self.pods.iter().filter(|labels| selector.matches(*labels)).count()
    }
}
