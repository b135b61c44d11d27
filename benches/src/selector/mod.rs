//! Matching labels with selectors: who selects this pod, and whom does this selector select?
//!
//! Ours is the index ([`Indexed`]); [`Compiled`] is what remains of it without an index: the same loop as the baseline
//! over parsed selectors and shared labels.

pub mod baseline;
mod world;

pub use world::World;

use kube_core::selector::{LabelSet, Selector};
use kube_net::index::{Scope, SelectorIndex};

/// Our way: pods and selectors in an index that knows both directions.
#[derive(Debug)]
pub struct Indexed(SelectorIndex<usize, usize>);

impl Indexed {
    /// The selectors and pods of `world`, all in one namespace.
    pub fn new(world: &World) -> Self {
        let mut index = SelectorIndex::new();
        for (number, text) in world.selectors.iter().enumerate() {
            if let Ok(selector) = text.parse() {
                index.upsert_selector(&number, Scope::Namespace(NAMESPACE.into()), &selector);
            }
        }
        for (number, labels) in world.pods.iter().enumerate() {
            index.upsert_pod(&number, NAMESPACE, &LabelSet::from(labels));
        }
        Self(index)
    }

    /// How many selectors match pod number `pod`.
    pub fn selectors_of(&self, pod: usize) -> usize {
        let mut count = 0;
        self.0.visit_selectors_of(&pod, |_| count += 1);
        count
    }

    /// How many selectors match a pod of these labels, which the index has not seen.
    pub fn selectors_matching(&self, labels: &LabelSet) -> usize {
        self.0.selectors_matching(NAMESPACE, labels).len()
    }

    /// How many pods selector number `selector` matches; each is visited.
    pub fn pods_of(&self, selector: usize) -> usize {
        self.0.pods_of(&selector).iter().count()
    }

    /// How many pods selector number `selector` matches.
    pub fn count_of(&self, selector: usize) -> usize {
        self.0.pods_of(&selector).len()
    }

    /// Gives pod number `pod` other labels; answers how many selectors began or ceased to match it.
    pub fn relabel(&mut self, pod: usize, labels: &LabelSet) -> usize {
        self.0.upsert_pod(&pod, NAMESPACE, labels).len()
    }
}

const NAMESPACE: &str = "default";

/// Our way without an index: selectors parsed once, labels sorted and shared.
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
