//! The selector index: which selectors select a pod, and which pods a selector selects, without scanning either.
//!
//! Labels are interned, so that a pod is a short list of numbers. Each selector is filed under its rarest equality pair
//! (else under a key it needs, else in a list of the rest), so that a pod looks only at selectors which share a rare label
//! with it. Pods stand in postings by label pair and by key, so that a selector is answered by intersecting sets.
//!
//! Selectors that say the same in the same scope are one form under many ids. Each pod keeps the few forms that select it
//! (where they are many they are computed when asked); whom a form selects is computed when asked. A change of either side
//! gives the exact difference as [`Edge`]s, and costs what has to do with the labels that changed.
//!
//! ```
//! use kube_core::selector::LabelSet;
//! use kube_net::index::{Scope, SelectorIndex};
//!
//! let mut index = SelectorIndex::new();
//! index.upsert_selector(&"web", Scope::Namespace("prod".into()), &"app=web,!canary".parse()?);
//! let labels: LabelSet = "app=web,tier=front".parse()?;
//! let edges = index.upsert_pod(&"web-1", "prod", &labels);
//! assert_eq!(edges.len(), 1);
//! assert_eq!(index.selectors_of(&"web-1"), ["web"]);
//! assert_eq!(index.pods_of(&"web").len(), 1);
//!
//! index.upsert_pod(&"web-1", "prod", &"app=web,canary=yes".parse()?);
//! let why = index.explain(&"web-1", &"web").map(|why| why.to_string());
//! assert_eq!(why.as_deref(), Some("!canary: the label is \"yes\""));
//! # Ok::<(), kube_core::selector::SelectorError>(())
//! ```

mod compiled;
mod explain;
mod filing;
mod forms;
mod intern;
mod join;
mod namespace;
mod pods;
mod posting;
mod relabel;
mod selected;

#[cfg(test)]
mod tests;

pub use explain::{Explanation, Mismatch};
pub use filing::Scope;
pub use join::{Edge, SelectorIndex};
pub use pods::PodSet;

use std::hash::Hash;

/// What pods and selectors are known by: anything ordered that can be hashed and copied cheaply.
pub trait Id: Clone + Ord + Hash {}

impl<T: Clone + Ord + Hash> Id for T {}
