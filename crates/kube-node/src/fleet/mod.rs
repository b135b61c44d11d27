//! A fleet of simulated nodes: what to build ([`SimFleet`]) and its state without I/O ([`Fleet`]).

mod addresses;
mod cables;
mod config;
mod node_object;
mod nodes;
mod specs;
mod state;
#[cfg(test)]
mod tests;
mod timers;
mod tracked;

pub use cables::Cables;
pub use config::{Heartbeats, SimFleet};
pub use node_object::{HEARTBEATS, lease_object, node_object, node_status};
pub use state::{Fleet, Task, Told};
