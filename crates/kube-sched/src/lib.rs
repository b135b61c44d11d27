//! Which node, and why not.

pub mod engine;
pub mod explain;
pub mod framework;
pub mod plugins;
pub mod profile;
pub mod snapshot;
