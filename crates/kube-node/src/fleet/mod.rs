//! A fleet of simulated nodes: what to build ([`SimFleet`]) and its state without I/O ([`Fleet`]).

mod addresses;
mod config;
mod node_object;
mod state;
#[cfg(test)]
mod tests;

pub use config::{Heartbeats, SimFleet};
pub use node_object::{lease_object, node_object, node_status};
pub use state::{Fleet, Task};
