//! The vocabulary of the control plane. Pure: no I/O, no async, no clock reads.
//!
//! - Objects: [`kinds`] (the built-in ones), [`custom`] (your own), [`dynamic`], [`view`] (lean projections),
//!   [`resource`] (kinds, keys, versions), [`wire`] (canonical JSON, YAML documents), [`codec`], [`table`].
//! - Rules: [`validate`], [`names`], [`condition`], [`patch`], [`schema`] (custom kinds), [`rbac`] (who may do what); what is wrong is said by
//!   [`error`].
//! - Values: [`quantity`], [`selector`], [`pod_resources`], [`pod_env`], [`taint`], [`int_or_percent`], [`cron`].
//! - The world outside, as arguments: [`env`](mod@env) (time, randomness, ids, tasks), [`metrics`].
//! - [`graph`]: who owns whom; [`map`]: hash maps with a fixed hasher.
//!
//! ```
//! use kube_core::quantity::Quantity;
//! use kube_core::selector::Selector;
//! use std::collections::BTreeMap;
//!
//! let memory: Quantity = "1.5Gi".parse()?;
//! assert_eq!((memory.value(), memory.to_string()), (1_610_612_736, "1536Mi".to_owned()));
//!
//! let selector: Selector = "app=web,tier in (front, edge),!canary".parse()?;
//! let labels = BTreeMap::from([("app".to_owned(), "web".to_owned()), ("tier".to_owned(), "edge".to_owned())]);
//! assert!(selector.matches(&labels));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod codec;
pub mod condition;
pub mod cron;
pub mod custom;
pub mod dynamic;
pub mod env;
pub mod error;
pub mod graph;
pub mod int_or_percent;
pub mod kinds;
pub mod map;
pub mod metrics;
pub mod names;
pub mod patch;
pub mod pod_env;
pub mod pod_resources;
pub mod quantity;
pub mod rbac;
pub mod resource;
pub mod schema;
pub mod selector;
#[cfg(feature = "proptest")]
pub mod strategies;
pub mod table;
pub mod taint;
pub mod validate;
pub mod view;
pub mod wire;
