//! Selectors: which objects, by label, by field, and which nodes.
//!
//! A [`Selector`] is parsed once and then matched many times without allocating. Three things look alike and are not:
//! an absent label selector selects nothing, an empty one everything, and an absent *map* selector
//! (`Service.spec.selector`) means that somebody else looks after the endpoints.
//!
//! ```
//! use kube_core::selector::{LabelSet, Selector};
//!
//! let selector: Selector = "tier in (front, edge), !canary".parse()?;
//! let pod: LabelSet = [("app", "web"), ("tier", "front")].into_iter().collect();
//! assert!(selector.matches(&pod));
//! assert_eq!(selector.to_string(), "!canary,tier in (edge,front)");
//! # Ok::<(), kube_core::selector::SelectorError>(())
//! ```

pub mod field;
mod label;
mod label_selector;
mod labels;
pub mod node;
mod parse;
mod requirement;
mod text;

#[cfg(test)]
mod tests;

pub use label::Selector;
pub use label_selector::{LabelSelector, LabelSelectorRequirement, SelectorOperator, format_label_selector};
pub use labels::{LabelSet, Labels};
pub use requirement::{Operator, Requirement};

/// A text or a structure that is no selector, or that cannot be turned into the form asked for.
///
/// `Display` is what the API server answers with 400.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SelectorError {
    message: String,
}

impl SelectorError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}
