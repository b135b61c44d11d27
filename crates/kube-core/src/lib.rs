//! The vocabulary of the control plane. Pure: no I/O, no async, no clock reads.

pub mod codec;
pub mod condition;
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
pub mod pod_resources;
pub mod quantity;
pub mod resource;
pub mod selector;
pub mod taint;
pub mod validate;
pub mod view;
pub mod wire;
