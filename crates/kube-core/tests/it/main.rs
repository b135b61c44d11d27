//! The public contract of kube-core.

mod parity_selectors;
mod prop_selector;
