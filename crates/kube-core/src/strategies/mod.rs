//! Valid objects at random, for property tests of your own (feature `proptest`).
//!
//! Every object passes the validation of its kind once it is defaulted, and reads back as it was written.
//!
//! ```
//! use kube_core::strategies::{deployment, pod};
//! use proptest::strategy::{Strategy, ValueTree};
//! use proptest::test_runner::TestRunner;
//!
//! let mut runner = TestRunner::deterministic();
//! let pod = pod().new_tree(&mut runner).unwrap().current();
//! assert!(!pod.spec.unwrap().containers.is_empty());
//! let deployment = deployment().new_tree(&mut runner).unwrap().current();
//! assert!(deployment.spec.unwrap().selector.match_labels.is_some());
//! ```

mod cluster;
mod names;
mod pods;

pub use cluster::{deployment, node, service};
pub use names::{label_selector, labels, name, quantity, selector};
pub use pods::{container, pod, pod_spec};
